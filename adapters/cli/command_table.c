#include "cli/command_table.h"

#include <stddef.h>

#define ACTOR_OPTION                                                                               \
	{                                                                                          \
		"actor", "ID", "the person who asks, by the id at your agency; kept in the trail"  \
	}
#define LIMIT_OPTION                                                                               \
	{                                                                                          \
		"limit", "N", "stop after N rows (default: all)"                                   \
	}
#define OPTIONS(...) ((const struct tc_command_option[]){__VA_ARGS__, {NULL, NULL, NULL}})

const struct tc_command_option tc_command_global_options[] = {
	{"profile", "DIR",
	 "folder with certificate.pem, key.pem, ca.pem and address (default: $THROUGHCARE_PROFILE, "
	 "else ~/.config/throughcare)"},
	{"json", NULL, "print one JSON object per line on stdout, and nothing else"},
	{"help", NULL, "explain the command"},
	{"version", NULL, "print the version"},
	{NULL, NULL, NULL},
};

const struct tc_command tc_command_table[] = {
	{"network", "init", "DIR", 1, 1, "make a pilot network: authority, exchange, operator",
	 "Makes DIR with a certificate authority of its own, the exchange's certificate, its\n"
	 "configuration throughcared.yaml and the profile of the operator. Then start the\n"
	 "exchange and add members. The authority's key lies in DIR/ca: for pilots and tests.\n"
	 "Its revocation list is good for a year; `network add` and `network revoke` renew it.",
	 "throughcare network init pilot --trust-domain county.example\n"
	 "throughcared --config pilot/throughcared.yaml",
	 OPTIONS({"trust-domain", "D",
		  "the network's name in certificates (default: throughcare.example)"},
		 {"listen", "HOST:PORT",
		  "where the exchange listens (default: 127.0.0.1:7411); port 0 takes a free one"}),
	 tc_network_init_run},
	{"network", "add", "DIR KIND/ID", 2, 2, "give a member a certificate and a profile",
	 "KIND is agency, auditor or operator; ID is a-z, 0-9 and dashes and says what it is.\n"
	 "Writes DIR/profiles/ID, which you hand to the member. An agency is also entered in the\n"
	 "registry: by a message that the operator signs, kept in DIR/registry for the exchange's\n"
	 "next start and sent at once when the exchange answers. Without --agency-kind it is "
	 "guessed\n"
	 "from a word in ID: parole, probation, treatment or clinic, housing or shelter,\n"
	 "court, employment, education or school, police, victim, intake, lab, monitoring.",
	 "throughcare network add pilot agency/parole-eastside --name \"Eastside Parole\"\n"
	 "throughcare network add pilot agency/north-clinic --name \"North Clinic\" --agency-kind "
	 "treatment\n"
	 "throughcare network add pilot auditor/auditor-state --name \"State auditor\"",
	 OPTIONS({"name", "N", "the member's name, as people know it"},
		 {"agency-kind", "K", "what kind of agency it is"}),
	 tc_network_add_run},
	{"network", "renew", "DIR KIND/ID", 2, 2, "give a member a new key and certificate",
	 "Writes both into DIR/profiles/ID, which you hand to the member anew. The certificate\n"
	 "before stays in force until it expires or is revoked. The exchange learns of the new "
	 "one\n"
	 "when the member logs on with it; what waits for the member sealed to the one before is\n"
	 "recalled then, and its senders are told to seal it anew.",
	 "throughcare network renew pilot agency/parole-eastside", NULL, tc_network_renew_run},
	{"network", "revoke", "DIR KIND/ID", 2, 2, "take a member's certificate out of force",
	 "Puts the member's certificates on the revocation list and tells the running exchange,\n"
	 "which closes their connections at once.",
	 "throughcare network revoke pilot agency/north-clinic", NULL, tc_network_revoke_run},
	{"network", "roll", "DIR", 1, 1, "replace the key that signs the log's checkpoints",
	 "Adds a key to DIR/sealer/keys and its public half to DIR/audit.vkey and the profiles in\n"
	 "DIR. From then on both keys sign, so that who has only the older one goes on verifying.\n"
	 "Give audit.vkey to all who verify, then end the older key with --end: its file is\n"
	 "removed, its line in audit.vkey stays, since what it signed is to stay verifiable.",
	 "throughcare network roll pilot\n"
	 "throughcare network roll pilot --end",
	 OPTIONS({"end", NULL, "remove the oldest key instead of adding one"}),
	 tc_network_roll_run},
	{"message", "send", "[FILE|-]", 0, 1, "send messages written in JSON",
	 "Reads envelopes: one object per line, one array, or one object over many lines; from\n"
	 "stdin without FILE. What is absent is filled in: messageId, sender, createdAt, the\n"
	 "referralId of a new Referral, categories, salts, manifest, signature. An answer without\n"
	 "referralId is about the one (or the one open) referral of its subject between you and\n"
	 "the recipient; a ConsentRevoke without consentId takes back the one consent (in force)\n"
	 "of its subject. Prints a receipt per message with its position in the exchange's log:\n"
	 "queued, held, denied, applied by the exchange, or only recorded in the log (a\n"
	 "DisclosureAccountingRequest). Sending the same messageId with the\n"
	 "same content again gives the first receipt. Exit code 3 when any was refused.\n"
	 "Parts whose category the policy of release has sealed are sealed to the recipients'\n"
	 "certificates, so that only they can read them; a part with \"sealed\": true always is,\n"
	 "and where its content is a text it is the base64 of a CMS structure made elsewhere.\n"
	 "The leading part stays in the clear where the exchange acts on what it says. When a\n"
	 "recipient's certificate changes before it has collected, the message comes back as\n"
	 "recalled with certificate_changed: send the same file with --again.",
	 "throughcare message template Referral > referral.json\n"
	 "throughcare message send referral.json",
	 OPTIONS({"actor", "ID", "the person who sends, where a message names no actor"},
		 {"seal", NULL, "seal every part that the exchange need not read"},
		 {"no-seal", NULL, "seal only parts that say so themselves"},
		 {"again", NULL,
		  "send anew what came back: new ids, sealed anew, the old id as its cause"}),
	 tc_message_send_run},
	{"message", "collect", "", 0, 0, "take what waits in your mailbox",
	 "Prints each message with its parts, what permitted the release, and on what terms: "
	 "whether\n"
	 "it may be passed on, what the consent covers, and the notices that go along. "
	 "Acknowledges\n"
	 "it after it is printed. With --no-ack it stays yours to collect again. What may be "
	 "passed\n"
	 "on is sent with the salt that --json shows, so that it is known as the same part: the\n"
	 "exchange refuses what the terms forbid (redisclosure_forbidden). Sealed parts are\n"
	 "opened with the profile's key. A message with a part that this key cannot open is "
	 "printed\n"
	 "with the sealed bytes in base64 and goes to the dead letters, and its sender is told to\n"
	 "send it again; the exit code is then 1.",
	 "throughcare message collect --wait 10\n"
	 "throughcare --json message collect --max 100 > inbox.jsonl",
	 OPTIONS({"max", "N", "stop after N messages (default: 1000)"},
		 {"wait", "SECONDS",
		  "wait so long for a first message; with --max, for N (default: 0)"},
		 {"ack", NULL, "acknowledge each (the default)"},
		 {"no-ack", NULL, "look only: give each back"}),
	 tc_message_collect_run},
	{"message", "show", "ID", 1, 1, "show a message that you sent or received",
	 "Only parts that you sent or that were released to you are shown; what was released to\n"
	 "you with the terms that hold for it now.",
	 "throughcare message show 0197a0c0-0000-7000-8000-000000000001", OPTIONS(ACTOR_OPTION),
	 tc_message_show_run},
	{"message", "template", "[TYPE]", 0, 1, "print a filled example of a message type",
	 "The example is accepted by `message send` once recipient and subject are set, and the\n"
	 "id of what it answers where it names one: a task, a meeting, an order.",
	 "throughcare message template --list\n"
	 "throughcare message template AttendanceRecord > attendance.json",
	 OPTIONS({"list", NULL, "list the types and what each is for"}), tc_message_template_run},
#include "cli/command_care.def"
	{"consent", "list", "", 0, 0, "list a person's consents that concern your agency", "",
	 "throughcare consent list --subject 00000000-0000-7000-8000-000000000001",
	 OPTIONS({"subject", "PERSON", "whose consents (the exchange asks for it)"}, ACTOR_OPTION,
		 LIMIT_OPTION),
	 tc_consent_list_run},
	{"consent", "show", "ID", 1, 1, "show a consent or the one of a grant", "",
	 "throughcare consent show 0197a0c0-0000-7000-8000-000000000003", OPTIONS(ACTOR_OPTION),
	 tc_consent_show_run},
	{"consent", "check", "", 0, 0, "ask whether something may be told to somebody",
	 "Answers what the exchange would decide about a message of these parts, the first\n"
	 "category that of its leading part: permit, permit_parts, hold or deny; for each one\n"
	 "yes, no or hold, why, and by which rule and grant; which consent would cure a hold;\n"
	 "and which notices would go along. With --at it is judged as of that time, also one to\n"
	 "come. Never shows the consent document. Agencies ask about what they would send\n"
	 "themselves, auditors about everybody.",
	 "throughcare consent check --from clinic-north --to parole-eastside --subject PERSON \\\n"
	 "    --category attendance,drug_test --purpose supervision_monitoring",
	 OPTIONS({"from", "AGENCY", "who would tell (default: your agency)"},
		 {"to", "AGENCY", "who would be told"},
		 {"service", "SERVICE", "which service of it"},
		 {"role", "ROLE", "which desk of it"}, {"person", "ID", "which user of it"},
		 {"subject", "PERSON", "whom it is about"},
		 {"category", "LIST", "categories, separated by commas"},
		 {"purpose", "PURPOSE", "what for"}, {"grant", "ID", "under this grant"},
		 {"legal-basis", "BASIS", "under this legal basis"},
		 {"reference", "TEXT", "order id or citation of the legal basis"},
		 {"proceeding", "ID", "the proceeding it is for"},
		 {"at", "TIME", "as of this time"}, ACTOR_OPTION),
	 tc_consent_check_run},
	{"mailbox", "status", "", 0, 0, "count what waits in your mailbox", "",
	 "throughcare mailbox status",
	 OPTIONS({"agency", "AGENCY", "another agency's (operators only)"}, ACTOR_OPTION),
	 tc_mailbox_status_run},
	{"agency", "list", "", 0, 0, "list the agencies and services of the network", "",
	 "throughcare agency list", OPTIONS(ACTOR_OPTION, LIMIT_OPTION), tc_agency_list_run},
	{"trail", "find", "", 0, 0, "ask the trail who told what to whom, when and why",
	 "Each option narrows it down; without any, everything that you may see. Each question is\n"
	 "itself a record of the trail. Agencies see what concerns them; auditors see all, or "
	 "what\n"
	 "their scope names (`auditor scopes`). Every kind of record is there: submissions,\n"
	 "refusals, releases, log-ons, questions, changes of registry and policy with what was\n"
	 "before. With --out or --format the rows are written as they come, page by page, as JSON\n"
	 "lines or as CSV that no spreadsheet takes for formulas; FILE has its name once it is "
	 "whole.",
	 "throughcare trail find --subject 00000000-0000-7000-8000-000000000001\n"
	 "throughcare trail find --agency clinic-north --event denied --newest --limit 20\n"
	 "throughcare trail find --since 2026-11-01 --until 2026-12-01 --format csv --out "
	 "november.csv",
	 OPTIONS({"subject", "PERSON", "about one person"}, {"referral", "ID", "of one referral"},
		 {"message", "ID", "of one message"}, {"agency", "AGENCY", "by or to one agency"},
		 {"actor-of", "ID", "by this person, by the id at the agency"},
		 {"certificate", "SHA256", "with this certificate"},
		 {"type", "TYPE", "of this message type"},
		 {"event", "EVENT", "of this kind: release, denied, logon_refused, query, ..."},
		 {"code", "CODE", "with this decision or refusal"},
		 {"grant", "ID", "under this grant"}, {"proceeding", "ID", "for this proceeding"},
		 {"since", "TIME", "at or after (RFC 3339, or a date)"},
		 {"until", "TIME", "before"}, {"newest", NULL, "the newest first"},
		 {"out", "FILE", "write to FILE, with progress on a terminal"},
		 {"format", "F", "jsonl (the default of --out) or csv"}, ACTOR_OPTION,
		 LIMIT_OPTION),
	 tc_trail_find_run},
	{"trail", "why", "MESSAGE", 1, 1, "explain what became of a message, and on what grounds",
	 "Each decision about the message in its order: what was released and what was not, the\n"
	 "grants with their documents and dates, the rules of the policy and their sources, the\n"
	 "notices that went along, and whether it would be so today. Auditors see all of it, a\n"
	 "sender its own message, a recipient what was released to it.",
	 "throughcare trail why 0197a0c0-0000-7000-8000-000000000001", OPTIONS(ACTOR_OPTION),
	 tc_trail_why_run},
	{"trail", "whatif", "", 0, 0, "take past decisions again under other facts",
	 "Decides each release, hold and denial of the range once more, as if a consent or grant\n"
	 "had been revoked from the start, under the policy in FILE (see `policy check`), or as "
	 "of\n"
	 "another time, and lists what would differ. For auditors; an operator may ask without\n"
	 "naming a person or consent, and is shown no person. With a consent only decisions about\n"
	 "its person are looked at.",
	 "throughcare trail whatif --revoke 0197a0c0-0000-7000-8000-000000000003\n"
	 "throughcare trail whatif --policy county.yaml --since 2026-11-01",
	 OPTIONS({"revoke", "ID", "without this consent or grant"},
		 {"policy", "FILE", "under this policy instead of the one then in force"},
		 {"at", "TIME", "with the consents and the policy of this time"},
		 {"subject", "PERSON", "decisions about one person"},
		 {"since", "TIME", "decisions at or after (RFC 3339, or a date)"},
		 {"until", "TIME", "decisions before"}, ACTOR_OPTION, LIMIT_OPTION),
	 tc_trail_what_if_run},
#include "cli/command_audit.def"
#include "cli/command_auditor.def"
#include "cli/command_order.def"
	{"review", "list", "", 0, 0, "list releases in an emergency and their reviews",
	 "What was released at once in a medical emergency, and by when a named person of the\n"
	 "agency that disclosed must review it: send an EmergencyReview for that. Another person\n"
	 "than the one who released it: blanks around an id and the case of ASCII letters make\n"
	 "no other; other letters count as they are written. An agency sees its own, an auditor\n"
	 "all, an operator all without the people.",
	 "throughcare review list --open\n"
	 "throughcare message template EmergencyReview > review.json",
	 OPTIONS({"open", NULL, "only those that wait for their review"}, ACTOR_OPTION,
		 LIMIT_OPTION),
	 tc_review_list_run},
	{"policy", "check", "FILE", 1, 1, "find what is wrong in a policy of release",
	 "Reads FILE as throughcare-policy(5) describes it and asks every question that it could\n"
	 "be asked: rules that never decide anything, and what decides in their place; what\n"
	 "nobody can ever be told; rows and notices that are missing or not used. Each finding\n"
	 "names its place. Needs no exchange. Exit code 1 when there are errors, which warnings\n"
	 "are not.",
	 "throughcare policy check county.yaml", NULL, tc_policy_check_run},
	{"policy", "load", "FILE", 1, 1, "put a policy of release in force",
	 "Checks FILE and, if there are no errors, sends it as the operator. Its version must be\n"
	 "higher than that of the policy in force. The exchange then decides again about all that\n"
	 "waits: what is no longer permitted is recalled or held.",
	 "throughcare --profile pilot/profiles/operator policy load county.yaml",
	 OPTIONS({"actor", "ID", "the person who decides this (default: the profile's id)"}),
	 tc_policy_load_run},
	{"policy", "show", "[VERSION]", 0, 1, "show the policy of release in force",
	 "With VERSION, that one, which was in force before.",
	 "throughcare policy show\nthroughcare policy show --yaml > county.yaml",
	 OPTIONS({"yaml", NULL, "as a file that can be loaded"}, ACTOR_OPTION), tc_policy_show_run},
	{"policy", "publish", "FILE", 1, 1, "publish a policy that users must accept",
	 "FILE is its text (UTF-8, at most 32 KiB): acceptable use and the like. Every active\n"
	 "agency gets a PolicyNotice, and one that is added later of the newest version. VERSION\n"
	 "must be higher than the one before, and what was accepted of that no longer counts.\n"
	 "For operators.",
	 "throughcare policy publish use.txt --id acceptable-use --version 1 \\\n"
	 "  --title 'Acceptable use' --actor w-1",
	 OPTIONS({"id", "ID", "id of the policy"}, {"version", "N", "its version"},
		 {"title", "TEXT", "its title"}, {"actor", "ID", "the person who publishes it"}),
	 tc_policy_publish_run},
	{"policy", "text", "[ID]", 0, 1, "read a policy that users must accept",
	 "The newest version. Without ID, which policies there are.",
	 "throughcare policy text acceptable-use", OPTIONS(ACTOR_OPTION), tc_policy_text_run},
	{"policy", "accept", "ID", 1, 1, "accept the newest version of a policy",
	 "In the name of one person of your agency; `policy text` shows what is accepted.",
	 "throughcare policy accept acceptable-use --actor w-104",
	 OPTIONS({"actor", "ID", "the person who accepts it, by the id at your agency"}),
	 tc_policy_accept_run},
	{"policy", "accepted", "ID", 1, 1, "list who has accepted the newest version of a policy",
	 "Agency by agency, and those in which nobody has yet. An agency sees its own people,\n"
	 "operators and auditors all.",
	 "throughcare policy accepted acceptable-use", OPTIONS(ACTOR_OPTION, LIMIT_OPTION),
	 tc_policy_accepted_run},
	{"exchange", "status", "", 0, 0, "show how the exchange is", "",
	 "throughcare exchange status", OPTIONS(ACTOR_OPTION), tc_exchange_status_run},
	{"exchange", "backup", "[DIR]", 0, 1, "have the exchange copy its log, and check the copy",
	 "The exchange writes what is new since the last time into DIR below its setting\n"
	 "backup.folder (a name of a-z, 0-9 and dashes), while it goes on working, and reads all\n"
	 "of it again: this command waits until that is done. Only an operator may ask. Without\n"
	 "DIR, how the last one stands. A backup is as confidential as the log. `throughcared\n"
	 "--restore` makes a log of it again; see throughcared(8).",
	 "throughcare --profile pilot/profiles/operator exchange backup daily\n"
	 "throughcare --profile pilot/profiles/operator exchange backup",
	 OPTIONS({"actor", "ID", "the person who asks (default: the profile's id)"}),
	 tc_exchange_backup_run},
	{"doctor", NULL, "", 0, 0, "find out why it does not work",
	 "Checks the profile's files, key and certificate, dates and authority, the clock, the\n"
	 "address, TCP, TLS, the log-on, the registry, and sends a message about a synthetic\n"
	 "person to itself and back, and that others can seal to its certificate. Names the exact\n"
	 "cause of what fails.",
	 "throughcare --profile pilot/profiles/parole-eastside doctor",
	 OPTIONS({"timeout", "SECONDS", "for each step over the network (default: 10)"}),
	 tc_doctor_run},
	{"bench", NULL, "", 0, 0, "measure an exchange under load",
	 "Sends signed messages over mutual TLS, each decided on by a consent, collects and\n"
	 "acknowledges them, and checks by their numbers that none was lost or doubled. Without\n"
	 "--profile it starts an exchange of its own in a temporary folder below TMPDIR or\n"
	 "/var/tmp. With --profile the agency sends to its own mailbox. --floor sends the same\n"
	 "bytes to a bare writer instead, which stores them and syncs, and delivers nothing.\n"
	 "--decisions sends no messages: it records consents of made-up persons in a store below\n"
	 "TMPDIR or /var/tmp, about 700 bytes a grant, and measures how long a decision takes.",
	 "throughcare bench --producers 8 --window 256 --queues 8 --seconds 10\n"
	 "throughcare --json bench --floor lmdb\n"
	 "throughcare bench --decisions --persons 1000000 --grants 50",
	 OPTIONS({"producers", "P", "connections that send (default: 8)"},
		 {"window", "W", "messages in flight on each (default: 256)"},
		 {"consumers", "C", "connections that collect (default: one per mailbox)"},
		 {"queues", "Q", "mailboxes (default: one per producer)"},
		 {"seconds", "S", "how long to send, or to ask (default: 10)"},
		 {"bytes", "B", "size of an envelope, header and parts (default: 700)"},
		 {"floor", "KIND", "lmdb or file: the bare writer to compare with"},
		 {"decisions", NULL, "measure decisions on consents instead"},
		 {"persons", "N", "with --decisions: persons with consents (default: 100000)"},
		 {"grants", "G", "with --decisions: grants of each person (default: 50)"}),
	 tc_bench_run},
	{"help", NULL, "[NOUN [VERB]]", 0, 2, "explain a command",
	 "`help completion` prints the completion for bash, `help options` the man page's list of\n"
	 "commands in scdoc.",
	 "throughcare help message send\nthroughcare help completion", NULL, tc_help_run},
	{NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
