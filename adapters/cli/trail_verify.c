#include "cli/command_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_accounting.h"
#include "audit/audit_claim.h"
#include "audit/audit_tile.h"
#include "audit/audit_verify.h"
#include "base/clock.h"
#include "cli/progress.h"
#include "cli/trust.h"
#include "wire/base64.h"
#include "wire/json.h"

/* One call: what is verified, against whom, and what was seen before. */
struct verification {
	struct tc_invocation *invocation;
	struct tc_trust *trust;
	struct tc_bytes earlier_note;
	struct tc_audit_checkpoint earlier;
	const struct tc_audit_checkpoint *against; /* &earlier, or NULL */
	struct tc_audit_finding finding;
};

static void text_put(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static void time_put(json_t *object, const char *name, int64_t ms)
{
	char text[TC_TIME_TEXT_BYTES];

	tc_time_format(ms, text);
	text_put(object, name, text);
}

/* "verified" first, then what everybody wants to know, in the words of `object`. */
static void verdict_say(const struct verification *verification, const char *what, json_t *object)
{
	static const struct tc_column columns[] = {{"verified", "Verified"},
						   {"origin", "Log"},
						   {"size", "Records"},
						   {"index", "Index"},
						   {"at", "Time"},
						   {"firstAt", "From"},
						   {"lastAt", "To"},
						   {"root", "Root"},
						   {"oldSize", "Begins with the first"},
						   {"subject", "Person"},
						   {"rule", "Rule"},
						   {"since", "Since"},
						   {"until", "Until"},
						   {"disclosures", "Disclosures ever"},
						   {"completeBefore", "Before record"},
						   {"listed", "In the list"},
						   {"lines", "Lines"},
						   {"exempt", "Exempt by the rule"},
						   {"withheld", "Not opened"},
						   {"unproven", "Later, not proven"},
						   {"tiles", "Tiles compared"},
						   {"witnesses", "Witnesses"},
						   {"keysFrom", "Keys from"},
						   {NULL, NULL}};

	text_put(object, "verified", what);
	text_put(object, "keysFrom", verification->trust->keys_from);
	tc_screen_record(&verification->invocation->screen, columns, object);
	json_decref(object);
}

static enum tc_exit verify_folder(struct verification *verification, const char *path)
{
	struct tc_invocation *invocation = verification->invocation;
	struct tc_audit_finding *finding = &verification->finding;
	struct tc_audit_verdict verdict;
	struct tc_audit_folder folder;
	struct tc_progress progress;
	char root[TC_BASE64_TEXT_BYTES(sizeof(verdict.root))];

	tc_progress_init(&progress, &invocation->screen, "verified", "entries");
	int r = tc_audit_folder_open(path, false, &folder, finding);
	if (r == 0)
		r = tc_audit_verify_folder(&folder, &verification->trust->policy,
					   verification->against, tc_progress_show, &progress,
					   &verdict, finding);
	tc_progress_done(&progress);
	tc_audit_folder_close(&folder);
	if (r != 0)
		return tc_trust_exit(invocation, r, finding);
	tc_base64_encode(tc_slice(verdict.root.bytes, sizeof(verdict.root.bytes)), root);
	json_t *object =
		json_pack("{s:s,s:I,s:s,s:I,s:I}", "origin", verdict.origin, "size",
			  (json_int_t)verdict.size, "root", root, "tiles",
			  (json_int_t)verdict.tiles, "witnesses", (json_int_t)verdict.witnesses);
	if (verdict.size > 0) {
		time_put(object, "firstAt", verdict.first_ms);
		time_put(object, "lastAt", verdict.last_ms);
	}
	if (verification->against)
		json_object_set_new(object, "oldSize",
				    json_integer((json_int_t)verification->earlier.parsed.size));
	verdict_say(verification, "every entry and tile, the root and its signature", object);
	return TC_EXIT_DONE;
}

static enum tc_exit verify_proof(struct verification *verification, const char *path)
{
	struct tc_invocation *invocation = verification->invocation;
	const char *entry_path = tc_invocation_option(invocation, "entry");
	struct tc_bytes text = {0}, entry = {0};
	struct tc_audit_claimed claimed;
	enum tc_exit code = TC_EXIT_FAILED;

	if (tc_file_read(path, TC_AUDIT_PROOF_BYTES_MAX, &text, &invocation->problem) != 0)
		goto out;
	if (entry_path &&
	    tc_file_read(entry_path, TC_AUDIT_ENTRY_BYTES_MAX, &entry, &invocation->problem) != 0)
		goto out;
	struct tc_slice given = tc_bytes_slice(&entry);
	int r = tc_audit_claim_inclusion(&verification->trust->policy, tc_bytes_slice(&text),
					 entry_path ? &given : NULL, &claimed,
					 &verification->finding);
	code = tc_trust_exit(invocation, r, &verification->finding);
	if (r != 0)
		goto out;
	json_t *object =
		json_pack("{s:s,s:I,s:I,s:I}", "origin", claimed.origin, "size",
			  (json_int_t)claimed.size, "index", (json_int_t)claimed.entry.index,
			  "witnesses", (json_int_t)claimed.witnesses);
	if (claimed.entry_read)
		time_put(object, "at", claimed.entry.time_ms);
	verdict_say(verification, "the entry is in the log, and the log is signed", object);
out:
	tc_bytes_free(&text);
	tc_bytes_free(&entry);
	return code;
}

static enum tc_exit verify_consistency(struct verification *verification, const char *path)
{
	struct tc_invocation *invocation = verification->invocation;
	struct tc_bytes text = {0};
	struct tc_audit_claimed claimed;
	enum tc_exit code = TC_EXIT_FAILED;

	if (!verification->against)
		return tc_invocation_usage(
			invocation, "--consistency needs --against: the checkpoint seen before");
	if (tc_file_read(path, TC_AUDIT_PROOF_BYTES_MAX, &text, &invocation->problem) != 0)
		goto out;
	int r = tc_audit_claim_consistency(&verification->trust->policy, tc_bytes_slice(&text),
					   &verification->earlier, &claimed,
					   &verification->finding);
	code = tc_trust_exit(invocation, r, &verification->finding);
	if (r == 0)
		verdict_say(verification, "the log begins with what was seen before",
			    json_pack("{s:s,s:I,s:I,s:I}", "origin", claimed.origin, "size",
				      (json_int_t)claimed.size, "oldSize",
				      (json_int_t)claimed.old_size, "witnesses",
				      (json_int_t)claimed.witnesses));
out:
	tc_bytes_free(&text);
	return code;
}

/* What the list is: all there is, or all but so many. */
static void completeness_say(const struct verification *verification,
			     const struct tc_audit_accounted *accounted, json_t *object)
{
	uint64_t kept_back = 0;
	json_t *withheld = json_object();
	char words[160];

	for (int i = 0; i < TC_AUDIT_WITHHELD_COUNT; i++) {
		if (accounted->withheld[i] == 0)
			continue;
		json_object_set_new(withheld, tc_audit_withheld_name((enum tc_audit_withheld)i),
				    json_integer((json_int_t)accounted->withheld[i]));
		kept_back += i == TC_AUDIT_WITHHELD_WINDOW ? 0 : accounted->withheld[i];
	}
	if (json_object_size(withheld) > 0)
		json_object_set(object, "withheld", withheld);
	json_decref(withheld);
	if (kept_back > 0)
		snprintf(words, sizeof(words),
			 "complete but for %" PRIu64 " withheld, and the log is signed", kept_back);
	else
		snprintf(words, sizeof(words), "complete, and the log is signed");
	verdict_say(verification, words, object);
}

/* What was asked for is the reader's to compare. */
static void window_put(json_t *object, const char *name, const Google__Protobuf__Timestamp *time)
{
	if (time)
		time_put(object, name, time->seconds * 1000 + time->nanos / 1000000);
}

static enum tc_exit verify_accounting(struct verification *verification, const char *path)
{
	struct tc_invocation *invocation = verification->invocation;
	Throughcare__V1__Accounting *accounting = NULL;
	struct tc_audit_accounted accounted;
	struct tc_bytes text = {0};
	enum tc_exit code = TC_EXIT_FAILED;

	if (tc_file_read(path, TC_JSON_TEXT_BYTES_MAX, &text, &invocation->problem) != 0)
		goto out;
	int r = tc_audit_accounting_read(tc_bytes_slice(&text), &accounting,
					 &verification->finding);
	if (r == 0)
		r = tc_audit_accounting_check(&verification->trust->policy, accounting, &accounted,
					      &verification->finding);
	code = tc_trust_exit(invocation, r, &verification->finding);
	if (r != 0)
		goto out;
	json_t *object = json_pack(
		"{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "subject", accounting->subject,
		"rule", accounting->rule_name, "origin", accounted.claimed.origin, "size",
		(json_int_t)accounted.claimed.size, "witnesses",
		(json_int_t)accounted.claimed.witnesses, "completeBefore",
		(json_int_t)accounted.complete_before, "disclosures", (json_int_t)accounted.proven,
		"unproven", (json_int_t)accounted.unproven, "listed", (json_int_t)accounted.listed,
		"exempt", (json_int_t)accounted.exempt, "lines", (json_int_t)accounted.lines);
	window_put(object, "since", accounting->since);
	window_put(object, "until", accounting->until);
	completeness_say(verification, &accounted, object);
out:
	throughcare__v1__accounting__free_unpacked(accounting, NULL);
	tc_bytes_free(&text);
	return code;
}

static const struct {
	const char *option;
	enum tc_exit (*run)(struct verification *verification, const char *path);
} kinds[] = {
	{"proof", verify_proof},
	{"consistency", verify_consistency},
	{"accounting", verify_accounting},
};

static enum tc_exit kind_run(struct verification *verification)
{
	struct tc_invocation *invocation = verification->invocation;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *path = tc_invocation_option(invocation, kinds[i].option);
		if (path)
			return kinds[i].run(verification, path);
	}
	return verify_folder(verification, invocation->operands[0]);
}

enum tc_exit tc_trail_verify_run(struct tc_invocation *invocation)
{
	struct verification verification = {.invocation = invocation};
	const char *against = tc_invocation_option(invocation, "against");
	int wanted = invocation->operand_count;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		wanted += tc_invocation_option(invocation, kinds[i].option) != NULL;
	if (wanted != 1)
		return tc_invocation_usage(
			invocation, "name one thing to verify: the folder of an export, or a "
				    "file with one of the options");
	enum tc_exit code = tc_trust_load(invocation, &verification.trust);
	if (code == TC_EXIT_DONE && against) {
		code = tc_trust_checkpoint(invocation, verification.trust, against,
					   &verification.earlier_note, &verification.earlier);
		verification.against = &verification.earlier;
	}
	if (code == TC_EXIT_DONE)
		code = kind_run(&verification);
	tc_bytes_free(&verification.earlier_note);
	free(verification.trust);
	return code;
}
