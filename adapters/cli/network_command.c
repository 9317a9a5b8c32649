/* network_command - network init, add and revoke. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/compose.h"
#include "cli/network.h"
#include "cli/session.h"
#include "throughcare/v1/record.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"
#include "wire/base64.h"
#include "wire/certificate.h"
#include "wire/part_types.h"

enum tc_exit tc_network_init_run(struct tc_invocation *invocation)
{
	const char *folder = invocation->operands[0];
	const char *trust_domain = tc_invocation_option(invocation, "trust-domain");
	const char *listen = tc_invocation_option(invocation, "listen");
	char address[300];

	if (!trust_domain)
		trust_domain = "throughcare.example";
	if (!listen)
		listen = "127.0.0.1:7411";
	if (tc_network_create(folder, trust_domain, listen, address, &invocation->problem) < 0)
		return TC_EXIT_FAILED;
	json_t *row =
		json_pack("{s:s,s:s,s:s,s:s+,s:s+}", "network", folder, "trustDomain", trust_domain,
			  "address", address, "configuration", folder, "/throughcared.yaml",
			  "operatorProfile", folder, "/profiles/operator");
	tc_screen_line(&invocation->screen, row);
	json_decref(row);
	tc_screen_say(&invocation->screen,
		      "made the network %s in %s; its exchange listens on %s\n"
		      "next:\n"
		      "  throughcared --config %s/throughcared.yaml\n"
		      "  throughcare network add %s agency/parole-east --name \"East Parole\"",
		      trust_domain, folder, address, folder, folder);
	return TC_EXIT_DONE;
}

/* The registry's kind of agency: as it was named, else the word that the id contains. */
static bool agency_kind_find(const char *named, const char *id, char to[48])
{
	static const char *const words[][2] = {
		{"parole", "PAROLE"},         {"probation", "PROBATION"},
		{"treatment", "TREATMENT"},   {"clinic", "TREATMENT"},
		{"housing", "HOUSING"},       {"shelter", "HOUSING"},
		{"court", "COURT"},           {"employment", "EMPLOYMENT"},
		{"education", "EDUCATION"},   {"school", "EDUCATION"},
		{"police", "POLICE"},         {"victim", "VICTIM_SERVICE"},
		{"intake", "INTAKE"},         {"lab", "LAB"},
		{"monitoring", "MONITORING"},
	};
	const ProtobufCEnumDescriptor *kinds = &throughcare__v1__agency_kind__descriptor;
	int value = 0;

	if (named) {
		if (!tc_enum_value_find(kinds, tc_slice_text(named), &value) || value == 0)
			return false;
		const ProtobufCEnumValue *found =
			protobuf_c_enum_descriptor_get_value(kinds, value);
		snprintf(to, 48, "%s", found->name);
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strstr(id, words[i][0]))
			continue;
		snprintf(to, 48, "AGENCY_KIND_%s", words[i][1]);
		return true;
	}
	return false;
}

/* One registry message, signed by the operator, as it will be sent and as it is kept. */
struct entry {
	struct tc_signing_key *key;
	struct tc_composition *composition;
	struct tc_bytes submit; /* packed Submit */
};

static void entry_done(struct entry *entry)
{
	tc_bytes_free(&entry->submit);
	tc_compose_free(&entry->composition);
	tc_signing_key_free(&entry->key);
}

/* The certificate of a profile, in base64; NULL when it cannot be read. The caller frees it. */
static char *certificate_text(const char *profile)
{
	struct tc_certificate *certificate = NULL;
	char path[TC_FILE_PATH_BYTES];
	char *text = NULL;

	if (tc_file_path(path, profile, "certificate.pem") &&
	    tc_certificate_load(path, &certificate) == 0) {
		struct tc_slice der = tc_certificate_der(certificate);
		text = malloc(TC_BASE64_TEXT_BYTES(der.len));
		if (text)
			tc_base64_encode(der, text);
	}
	tc_certificate_free(&certificate);
	return text;
}

/* With the certificate that others seal to, so that they can before it has ever logged on. */
static json_t *entry_json(const char *id, const char *name, const char *kind, const char *profile)
{
	char *certificate = certificate_text(profile);
	json_t *entry = json_pack("{s:s,s:[{s:s,s:{s:s,s:s,s:s,s:s,s:s*}}]}", "type", "AgencyEntry",
				  "parts", "type", "AgencyEntry", "content", "agency", id, "name",
				  name, "kind", kind, "status", "AGENCY_STATUS_ACTIVE",
				  "certificateDer", certificate);
	free(certificate);
	return entry;
}

static int entry_make(const char *operator_folder, json_t *message, struct entry *entry,
		      struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];
	int r = tc_file_path(path, operator_folder, "key.pem") ? 0 : TC_EINVAL;

	if (r == 0)
		r = tc_signing_key_load(path, &entry->key);
	if (r < 0) {
		tc_problem_set(problem, "profile_unusable", "the operator's key cannot be used",
			       "is this folder one that `throughcare network init` made?", "%s",
			       operator_folder);
		return r;
	}
	struct tc_compose_writer writer = {
		.sender = "operator", .key = entry->key, .now_ms = tc_clock_now_ms(&tc_clock_real)};
	r = tc_compose(message, &writer, &entry->composition, problem);
	if (r != 0)
		return TC_EINVAL;
	struct tc_draft draft = {.header = entry->composition->header,
				 .parts = entry->composition->parts,
				 .part_count = entry->composition->part_count};
	r = tc_draft_pack_submit(&draft, 1, entry->key, &entry->submit);
	if (r < 0)
		tc_problem_set(problem, "failed", tc_err_text(r), "try again", NULL);
	return r;
}

/* DIR/registry/<n>-<id>.submit: a RegistrySeed, which the exchange takes in at its next start. */
static int seed_write(const char *folder, const char *operator_folder, const char *id,
		      const struct entry *entry, struct tc_problem *problem)
{
	Throughcare__V1__RegistrySeed seed = THROUGHCARE__V1__REGISTRY_SEED__INIT;
	char path[TC_FILE_PATH_BYTES];
	struct tc_certificate *certificate = NULL;
	struct tc_bytes packed = {0};
	int r = tc_file_path(path, operator_folder, "certificate.pem") ? 0 : TC_EINVAL;

	if (r == 0)
		r = tc_certificate_load(path, &certificate);
	seed.submit = r == 0 ? throughcare__v1__submit__unpack(NULL, entry->submit.len,
							       entry->submit.data)
			     : NULL;
	if (r > 0 || (r == 0 && !seed.submit))
		r = TC_ECRYPTO;
	if (r == 0) {
		struct tc_slice der = tc_certificate_der(certificate);
		seed.has_certificate_der = true;
		/* Packing does not write. */
		seed.certificate_der.data = (uint8_t *)(uintptr_t)der.data;
		seed.certificate_der.len = der.len;
		r = tc_bytes_reserve(&packed,
				     throughcare__v1__registry_seed__get_packed_size(&seed));
	}
	if (r == 0)
		packed.len = throughcare__v1__registry_seed__pack(&seed, packed.data);
	else
		tc_problem_set(problem, "failed", "the registry entry cannot be written",
			       "check the operator's profile", "%s", tc_err_text(r));
	unsigned number = 1;
	/* Files are taken in by name: a later entry of an agency must sort behind. */
	while (r == 0 && number < 100000000 &&
	       tc_file_path(path, folder, "registry/%08u-%s.submit", number, id) &&
	       tc_file_exists(path))
		number++;
	if (r == 0)
		r = tc_file_write(path, 0644, tc_bytes_slice(&packed), problem);
	if (seed.submit)
		throughcare__v1__submit__free_unpacked(seed.submit, NULL);
	tc_bytes_free(&packed);
	tc_certificate_free(&certificate);
	return r;
}

/* The same message over a connection. False when the exchange does not answer: it then finds the
 * file when it starts. A refusal is reported. */
static enum tc_exit entry_submit(struct tc_invocation *invocation, const char *operator_folder,
				 const struct entry *entry, bool *ret_entered)
{
	struct tc_client *client = NULL;
	struct tc_message *message = NULL;
	const struct tc_receipt *receipts = NULL;
	size_t count = 0;
	enum tc_exit code = TC_EXIT_DONE;
	int r = tc_client_open_profile(operator_folder, NULL, &client);

	if (r == 0)
		r = tc_client_connect(client, 3000);
	if (r == 0)
		r = tc_compose_message(entry->composition, &message);
	if (r == 0)
		r = tc_client_submit(client, &message, 1, TC_SESSION_TIMEOUT_MS, &receipts, &count);
	*ret_entered = r == 0 && count == 1 && receipts[0].status == TC_RECEIPT_ACCEPTED;
	if (r == 0 && !*ret_entered) {
		tc_session_problem(&invocation->problem, &receipts[0].refusal, 0);
		code = TC_EXIT_REFUSED;
	}
	tc_message_free(&message);
	tc_client_close(&client);
	return code;
}

static enum tc_exit agency_enter(struct tc_invocation *invocation, const char *folder,
				 const char *profile, const char *id, const char *name,
				 const char *kind, bool *ret_entered)
{
	struct entry entry = {0};
	char operator_folder[TC_FILE_PATH_BYTES];
	json_t *message = entry_json(id, name, kind, profile);
	enum tc_exit code = TC_EXIT_FAILED;

	if (!message) {
		tc_problem_set(&invocation->problem, "field_invalid",
			       "the name cannot stand in a message", "write it in UTF-8", NULL);
		return code;
	}
	if (tc_file_path(operator_folder, folder, "profiles/operator") &&
	    entry_make(operator_folder, message, &entry, &invocation->problem) == 0 &&
	    seed_write(folder, operator_folder, id, &entry, &invocation->problem) == 0)
		code = entry_submit(invocation, operator_folder, &entry, ret_entered);
	json_decref(message);
	entry_done(&entry);
	return code;
}

enum tc_exit tc_network_add_run(struct tc_invocation *invocation)
{
	const char *folder = invocation->operands[0];
	const char *name = tc_invocation_option(invocation, "name");
	struct tc_problem *problem = &invocation->problem;
	char profile[TC_FILE_PATH_BYTES], kind[48] = "";
	struct tc_network_member member;
	bool entered = false;
	enum tc_exit code = TC_EXIT_DONE;

	if (tc_network_member_parse(invocation->operands[1], &member, problem) < 0)
		return TC_EXIT_USAGE;
	bool agency = strcmp(member.kind, "agency") == 0;
	if (agency &&
	    !agency_kind_find(tc_invocation_option(invocation, "agency-kind"), member.id, kind))
		return tc_invocation_usage(invocation,
					   "name --agency-kind: parole, probation, treatment, "
					   "housing, court, employment, education, police, "
					   "victim_service, intake, lab, monitoring or other");
	if (tc_network_profile_create(folder, &member, problem) < 0 ||
	    tc_network_profile_path(folder, &member, profile, problem) < 0)
		return TC_EXIT_FAILED;
	/* A further adapter of an agency needs a certificate, but no entry of its own. */
	if (agency && !member.adapter[0])
		code = agency_enter(invocation, folder, profile, member.id, name ? name : member.id,
				    kind, &entered);
	if (code != TC_EXIT_DONE)
		return code;
	json_t *row = json_pack("{s:s,s:s,s:s,s:b}", "member", invocation->operands[1], "profile",
				profile, "agencyKind", kind, "entered", entered);
	tc_screen_line(&invocation->screen, row);
	json_decref(row);
	tc_screen_say(&invocation->screen, "made the profile %s", profile);
	if (agency && !member.adapter[0])
		tc_screen_say(&invocation->screen, "%s",
			      entered ? "entered the agency into the exchange's registry"
				      : "the exchange does not answer: it enters the agency into "
					"its registry when it starts");
	return TC_EXIT_DONE;
}

enum tc_exit tc_network_renew_run(struct tc_invocation *invocation)
{
	struct tc_problem *problem = &invocation->problem;
	char profile[TC_FILE_PATH_BYTES];
	struct tc_network_member member;

	if (tc_network_member_parse(invocation->operands[1], &member, problem) < 0)
		return TC_EXIT_USAGE;
	if (tc_network_profile_renew(invocation->operands[0], &member, problem) < 0 ||
	    tc_network_profile_path(invocation->operands[0], &member, profile, problem) < 0)
		return TC_EXIT_FAILED;
	json_t *row = json_pack("{s:s,s:s}", "member", invocation->operands[1], "profile", profile);
	tc_screen_line(&invocation->screen, row);
	json_decref(row);
	tc_screen_say(
		&invocation->screen,
		"made a new key and certificate in %s\n"
		"at the next log-on with it, what waits sealed to the one before goes back to "
		"its senders",
		profile);
	return TC_EXIT_DONE;
}

enum tc_exit tc_network_revoke_run(struct tc_invocation *invocation)
{
	struct tc_network_member member;
	int count = 0;
	bool told = false;

	if (tc_network_member_parse(invocation->operands[1], &member, &invocation->problem) < 0)
		return TC_EXIT_USAGE;
	if (tc_network_revoke(invocation->operands[0], &member, &count, &told,
			      &invocation->problem) < 0)
		return TC_EXIT_FAILED;
	json_t *row = json_pack("{s:s,s:i,s:b}", "member", invocation->operands[1], "revoked",
				count, "exchangeTold", told);
	tc_screen_line(&invocation->screen, row);
	json_decref(row);
	tc_screen_say(&invocation->screen, "revoked %d certificate%s of %s; %s", count,
		      count == 1 ? "" : "s", invocation->operands[1],
		      told ? "the exchange was told"
			   : "no exchange is running here: it reads the list when it starts");
	return TC_EXIT_DONE;
}
