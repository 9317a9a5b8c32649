#include "cli/bench_consent.h"

#include <throughcare/client.h>

#include "base/clock.h"
#include "base/id.h"
#include "cli/compose.h"
#include "cli/session.h"

#define DAY_MS 86400000LL

/* What a desk writes down when a person signs the form (42 CFR 2.31(a)). */
static json_t *consent_json(const char *desk, const char *discloser,
			    const struct tc_bench_queue *queue, const char *consent_id)
{
	char signed_at[TC_TIME_TEXT_BYTES], ends_at[TC_TIME_TEXT_BYTES];
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);
	json_t *grant, *content;

	tc_time_format(now_ms - 60000, signed_at);
	tc_time_format(now_ms + 30 * DAY_MS, ends_at);
	grant = json_pack("{s:s,s:[{s:s,s:s}],s:[{s:s,s:s}],s:b,s:[s],s:s,s:[s],s:s,s:s,s:{s:s},"
			  "s:s,s:[s]}",
			  "grantId", queue->grant, "disclosers", "kind", "PARTY_KIND_AGENCY",
			  "agency", discloser, "recipients", "kind", "PARTY_KIND_AGENCY", "agency",
			  queue->agency, "intermediaryNamed", 1, "categories",
			  "CATEGORY_ATTENDANCE", "description", "Dates of attendance", "purposes",
			  "PURPOSE_SUPERVISION_MONITORING", "direction", "GRANT_DIRECTION_ONE_WAY",
			  "validFrom", signed_at, "expiry", "at", ends_at, "redisclosure",
			  "REDISCLOSURE_RULE_NONE", "attach", "ATTACHMENT_NOTICE_2");
	content = json_pack(
		"{s:s,s:i,s:s,s:s,s:s,s:{s:s,s:s,s:s,s:s},s:{s:s,s:s,s:s,s:s},s:s,s:s,"
		"s:{s:b,s:s,s:b,s:s},s:[o]}",
		"consentId", consent_id, "version", 1, "subjectNameAsSigned", "Sample Person",
		"status", "CONSENT_STATUS_ACTIVE", "regime", "CONSENT_REGIME_PART2", "document",
		"sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "mediaType",
		"application/pdf", "formVersion", "1", "language", "en", "signature", "signer",
		"Sample Person", "capacity", "SIGNER_CAPACITY_SELF", "method",
		"SIGNATURE_METHOD_INK", "signedAt", signed_at, "givenToAgency", desk, "givenToUser",
		"bench", "statements", "revocationRight", 1, "howToRevoke", "In writing",
		"redisclosureWarning", 1, "refusalConsequence", "None", "grants", grant);
	return json_pack("{s:s,s:s,s:s,s:[{s:s,s:o}]}", "messageId", consent_id, "type",
			 "ConsentGrant", "subject", queue->subject, "parts", "type", "ConsentGrant",
			 "content", content);
}

static int submit(struct tc_client *client, const struct tc_composition *composition,
		  struct tc_problem *problem)
{
	const struct tc_receipt *receipts = NULL;
	struct tc_message *message = NULL;
	size_t count = 0;
	int r;

	r = tc_compose_message(composition, &message);
	if (r == 0)
		r = tc_client_submit(client, &message, 1, TC_SESSION_TIMEOUT_MS, &receipts, &count);
	tc_message_free(&message);
	if (r != 0)
		tc_session_problem(problem, tc_client_error(client), r);
	else if (receipts[0].status != TC_RECEIPT_ACCEPTED)
		tc_session_problem(problem, &receipts[0].refusal, TC_FAULT_ARGUMENT);
	else
		return 0;
	return TC_EIO;
}

int tc_bench_consent_record(const char *desk_profile, const char *desk, const char *discloser,
			    struct tc_bench_queue *queue, struct tc_problem *problem)
{
	struct tc_compose_writer writer = {.sender = desk,
					   .now_ms = tc_clock_now_ms(&tc_clock_real)};
	struct tc_composition *composition = NULL;
	struct tc_client_error error = {0};
	struct tc_client *client = NULL;
	char key_path[TC_FILE_PATH_BYTES], consent_id[TC_ID_TEXT_BYTES];
	json_t *json = NULL;
	int r = TC_EINVAL;

	tc_id_format(tc_id_new(writer.now_ms), queue->subject);
	tc_id_format(tc_id_new(writer.now_ms), queue->grant);
	tc_id_format(tc_id_new(writer.now_ms), consent_id);
	json = consent_json(desk, discloser, queue, consent_id);
	if (!json || !tc_file_path(key_path, desk_profile, "key.pem") ||
	    tc_signing_key_load(key_path, &writer.key) != 0) {
		tc_problem_set(problem, "profile_unusable", "the profile's key cannot be used",
			       "run `throughcare doctor` with this profile", "%s", desk_profile);
		goto out;
	}
	if (tc_compose(json, &writer, &composition, problem) != 0)
		goto out;
	r = tc_client_open_profile(desk_profile, &error, &client);
	if (r == 0)
		r = tc_client_reconnect(client, TC_SESSION_TIMEOUT_MS);
	if (r != 0) {
		tc_session_problem(problem, client ? tc_client_error(client) : &error, r);
		r = TC_EIO;
		goto out;
	}
	r = submit(client, composition, problem);
out:
	tc_client_close(&client);
	tc_compose_free(&composition);
	tc_signing_key_free(&writer.key);
	json_decref(json);
	return r;
}
