#include "simulation/exchange.h"

#include <string.h>

#include "base/clock.h"
#include "wire/digest.h"
#include "wire/json.h"
#include "wire/limits.h"
#include "wire/part_types.h"

/* A header and what the gateway adds to it, as a record. */
static uint64_t submit(struct exchange *x, Throughcare__V1__Header *header,
		       Throughcare__V1__SubmissionRecord *submission, const char *from,
		       uint64_t connection)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Throughcare__V1__Peer peer;
	uint8_t bytes[TC_HEADER_BYTES_MAX], certificate[32], content[32];

	header->sender = (char *)(uintptr_t)from;
	exchange_peer(&peer, from, certificate);
	MUST(throughcare__v1__header__get_packed_size(header) <= sizeof(bytes));
	MUST(tc_sha256(tc_slice(bytes, throughcare__v1__header__pack(header, bytes)), content) ==
	     0);
	created.seconds = x->now_ms / 1000;
	header->created_at = &created;
	submission->has_header = submission->has_content_sha256 = 1;
	submission->header.data = bytes;
	submission->header.len = throughcare__v1__header__pack(header, bytes);
	submission->content_sha256 = (ProtobufCBinaryData){sizeof(content), content};
	record.has_connection = 1;
	record.connection = connection == 0 ? 1 : connection;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_SUBMISSION;
	record.submission = submission;
	return exchange_append(x, &record, record.connection);
}

static void seal(Throughcare__V1__PartLabel *label, const char *name, uint8_t digest[32])
{
	label->has_sealed = label->sealed = 1;
	if (*name == '\0')
		return;
	MUST(tc_sha256(tc_slice_text(name), digest) == 0);
	label->has_sealed_to = 1;
	label->sealed_to = (ProtobufCBinaryData){32, digest};
}

uint64_t exchange_send(struct exchange *x, const struct message *message)
{
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	Throughcare__V1__Recipient to[2] = {THROUGHCARE__V1__RECIPIENT__INIT,
					    THROUGHCARE__V1__RECIPIENT__INIT};
	Throughcare__V1__Recipient *recipients[2] = {&to[0], &to[1]};
	Throughcare__V1__PartLabel parts[2] = {THROUGHCARE__V1__PART_LABEL__INIT,
					       THROUGHCARE__V1__PART_LABEL__INIT};
	Throughcare__V1__PartLabel *labels[2] = {&parts[0], &parts[1]};
	Throughcare__V1__Actor actor = THROUGHCARE__V1__ACTOR__INIT;
	Throughcare__V1__Basis basis = THROUGHCARE__V1__BASIS__INIT;
	Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char id[TC_ID_TEXT_BYTES], subject[TC_ID_TEXT_BYTES], referral[TC_ID_TEXT_BYTES];
	uint8_t digests[2][32] = {{0}, {0}};
	ProtobufCBinaryData manifest[2] = {{32, digests[0]}, {32, digests[1]}};
	uint8_t sealed_to[32];

	tc_id_format(message->id, id);
	header.message_id = id;
	header.type = (char *)(uintptr_t)message->type;
	to[0].agency = (char *)(uintptr_t)message->to;
	to[1].agency = (char *)(uintptr_t)message->also;
	header.recipients = recipients;
	header.n_recipients = message->also == NULL ? 1 : 2;
	if (!tc_id_is_none(message->subject)) {
		tc_id_format(message->subject, subject);
		header.subject = subject;
	}
	if (!tc_id_is_none(message->referral)) {
		tc_id_format(message->referral, referral);
		header.referral_id = referral;
	}
	actor.id = (char *)(uintptr_t)(message->actor == NULL ? "worker-1" : message->actor);
	header.actor = &actor;
	header.has_purpose = header.has_priority = header.has_evidence = 1;
	header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION;
	if (message->purpose != 0)
		header.purpose = (Throughcare__V1__Purpose)message->purpose;
	header.priority = message->priority;
	header.evidence = message->evidence;
	header.proceeding_id = (char *)(uintptr_t)message->proceeding;
	if (message->legal != 0) {
		basis.has_legal = 1;
		basis.legal = (Throughcare__V1__LegalBasis)message->legal;
		basis.reference = (char *)(uintptr_t)message->reference;
		header.basis = &basis;
	}
	if (message->expires_ms != 0) {
		expires.seconds = message->expires_ms / 1000;
		header.expires_at = &expires;
	}
	for (uint8_t i = 0; i < 2; i++) {
		bool passed = i == (message->second != 0) && !tc_id_is_none(message->passed);
		struct tc_id made = passed ? message->passed : message->id;

		/* A part is the message's own, in the first bytes as well as in all. */
		memcpy(digests[i], made.bytes, sizeof(made.bytes));
		digests[i][11] ^= (uint8_t)(message->flavour ^ (passed ? 0 : i) << 7);
	}
	header.manifest = manifest;
	header.n_manifest = submission.n_parts = message->second == 0 ? 1 : 2;
	submission.parts = labels;
	for (int i = 0; i < 2; i++) {
		parts[i].type = (char *)(uintptr_t)(i == 1 && message->second_type != NULL
							    ? message->second_type
							    : message->type);
		parts[i].has_category = parts[i].has_bytes = 1;
		parts[i].category =
			(Throughcare__V1__Category)(i == 0 ? message->category : message->second);
		parts[i].bytes = 600;
		parts[i].has_trace = 1;
		parts[i].trace = (ProtobufCBinaryData){TC_TRACE_BYTES, digests[i]};
	}
	if (message->sealed != NULL)
		seal(&parts[submission.n_parts - 1], message->sealed, sealed_to);
	submission.claim = message->claim;
	return submit(x, &header, &submission, message->from, message->connection);
}

/* `actor` may be NULL. */
static uint64_t submit_as(struct exchange *x, const char *from, const char *actor, const char *type,
			  struct tc_id subject, const ProtobufCMessage *message)
{
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	Throughcare__V1__Actor by = THROUGHCARE__V1__ACTOR__INIT;
	char id[TC_ID_TEXT_BYTES], subject_text[TC_ID_TEXT_BYTES];
	struct tc_bytes body = {0};
	uint64_t sequence;

	MUST(tc_bytes_reserve(&body, protobuf_c_message_get_packed_size(message)) == 0);
	submission.has_body = 1;
	submission.body.data = body.data;
	submission.body.len = protobuf_c_message_pack(message, body.data);
	tc_id_format(tc_id_is_none(x->next_id) ? exchange_id(x) : x->next_id, id);
	x->next_id = (struct tc_id){{0}};
	header.message_id = id;
	header.type = (char *)(uintptr_t)type;
	by.id = (char *)(uintptr_t)actor;
	if (actor != NULL)
		header.actor = &by;
	if (!tc_id_is_none(subject)) {
		tc_id_format(subject, subject_text);
		header.subject = subject_text;
	}
	sequence = submit(x, &header, &submission, from, 0);
	tc_bytes_free(&body);
	return sequence;
}

uint64_t exchange_submit(struct exchange *x, const char *from, const char *type,
			 struct tc_id subject, const ProtobufCMessage *message)
{
	return submit_as(x, from, NULL, type, subject, message);
}

/* The same, its body given as JSON. */
static uint64_t submit_json(struct exchange *x, const char *from, const char *actor,
			    const char *type, const ProtobufCMessageDescriptor *descriptor,
			    struct tc_id subject, const char *text)
{
	struct tc_refusal refusal = {0};
	ProtobufCMessage *message;
	uint64_t sequence;
	json_t *json;

	MUST(tc_json_parse(tc_slice_text(text), &json, &refusal) == 0);
	if (tc_json_to_message(json, descriptor, &message, &refusal) != 0)
		exchange_fail(refusal.detail, __FILE__, __LINE__);
	json_decref(json);
	sequence = submit_as(x, from, actor, type, subject, message);
	protobuf_c_message_free_unpacked(message, NULL);
	return sequence;
}

static void agency_entry(struct exchange *x, const char *name, const char *kind, const char *status)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"agency\":\"%s\",\"name\":\"%s\",\"kind\":\"AGENCY_KIND_%s\","
		 "\"status\":\"AGENCY_STATUS_%s\"}",
		 name, name, kind, status);
	submit_json(x, "operator", NULL, "AgencyEntry", &throughcare__v1__agency_entry__descriptor,
		    (struct tc_id){{0}}, text);
	MUST(exchange_effects(x, EFFECT_RECEIPT) == 0 || /* it comes at the end of a job */
	     strcmp(exchange_answer(x), "accepted") == 0);
}

void exchange_agency(struct exchange *x, const char *name, const char *kind)
{
	agency_entry(x, name, kind, "ACTIVE");
}

void exchange_suspend(struct exchange *x, const char *name, const char *kind)
{
	agency_entry(x, name, kind, "SUSPENDED");
}

/* One grant in JSON. */
static void consent_grant(const struct exchange *x, const struct consent *consent, char *text,
			  size_t size)
{
	char grant[TC_ID_TEXT_BYTES], revocable[256] = "", also[128] = "";
	char from[TC_TIME_TEXT_BYTES], until[TC_TIME_TEXT_BYTES], at[TC_TIME_TEXT_BYTES];
	char proceeding[128] = "";

	if (consent->also != NULL)
		snprintf(also, sizeof(also), ",{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"%s\"}",
			 consent->also);
	tc_id_format(consent->grant, grant);
	tc_time_format(consent->valid_from_ms == 0 ? x->now_ms : consent->valid_from_ms, from);
	tc_time_format(consent->expires_ms, until);
	if (consent->revocable_from_ms != 0) {
		tc_time_format(consent->revocable_from_ms, at);
		snprintf(revocable, sizeof(revocable),
			 "\"revocable_from\":{\"at\":\"%s\"},\"proceeding_id\":\"case-1\","
			 "\"imposing_authority\":\"court\",\"monitor_role\":\"officer\",\"duration_"
			 "reason\":\"length of treatment\",",
			 at);
	}
	if (consent->proceeding != NULL)
		snprintf(proceeding, sizeof(proceeding), "\"proceeding_id\":\"%s\",",
			 consent->proceeding);
	snprintf(text, size,
		 "{\"grant_id\":\"%s\","
		 "\"disclosers\":[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"%s\"}],"
		 "\"recipients\":[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"%s\"}%s],"
		 "\"intermediary_named\":true,\"description\":\"Dates\",\"categories\":[\"CATEGORY_"
		 "%s\"],\"purposes\":[\"PURPOSE_%s\"],%s%s"
		 "\"direction\":\"GRANT_DIRECTION_ONE_WAY\",\"valid_from\":\"%s\","
		 "\"expiry\":{\"at\":\"%s\"},\"redisclosure\":\"REDISCLOSURE_RULE_%s\"}",
		 grant, consent->from, consent->to, also, consent->category,
		 consent->purpose == NULL ? "REFERRAL_COORDINATION" : consent->purpose, proceeding,
		 revocable, from, until,
		 consent->redisclosure == NULL ? "NONE" : consent->redisclosure);
}

uint64_t exchange_consent(struct exchange *x, const struct consent *consent)
{
	char text[4096], id[TC_ID_TEXT_BYTES], signed_at[TC_TIME_TEXT_BYTES];
	char first[1024], second[1024] = "";

	tc_id_format(consent->consent, id);
	tc_time_format(x->now_ms, signed_at);
	consent_grant(x, consent, first, sizeof(first));
	if (consent->with != NULL)
		consent_grant(x, consent->with, second, sizeof(second));
	snprintf(text, sizeof(text),
		 "{\"consent_id\":\"%s\",\"version\":%u,\"subject_name_as_signed\":\"Sample\","
		 "\"status\":\"CONSENT_STATUS_%s\",\"regime\":\"%s\","
		 "\"given_to_agency\":\"intake\",\"signature\":{\"signer\":\"Sample\","
		 "\"capacity\":\"SIGNER_CAPACITY_SELF\",\"method\":\"SIGNATURE_METHOD_INK\","
		 "\"signed_at\":\"%s\"},\"statements\":{\"revocation_right\":true,"
		 "\"how_to_revoke\":\"in writing\",\"redisclosure_warning\":true,"
		 "\"refusal_consequence\":\"none\"},\"grants\":[%s%s%s]}",
		 id, consent->version == 0 ? 1 : consent->version,
		 consent->in_error ? "ENTERED_IN_ERROR" : "ACTIVE",
		 consent->revocable_from_ms == 0 ? "CONSENT_REGIME_PART2"
						 : "CONSENT_REGIME_PART2_CJ",
		 signed_at, first, second[0] == '\0' ? "" : ",", second);
	return submit_json(x, "intake", NULL, "ConsentGrant",
			   &throughcare__v1__consent_grant__descriptor, consent->subject, text);
}

uint64_t exchange_revoke(struct exchange *x, const struct consent *consent)
{
	char text[512], id[TC_ID_TEXT_BYTES], grant[TC_ID_TEXT_BYTES] = "";

	tc_id_format(consent->consent, id);
	if (consent->alone)
		tc_id_format(consent->grant, grant);
	snprintf(text, sizeof(text),
		 "{\"consent_id\":\"%s\",\"grant_id\":\"%s\",\"by\":\"SIGNER_CAPACITY_SELF\","
		 "\"method\":\"SIGNATURE_METHOD_INK\"}",
		 id, grant);
	return submit_json(x, "intake", NULL, "ConsentRevoke",
			   &throughcare__v1__consent_revoke__descriptor, consent->subject, text);
}

uint64_t exchange_review(struct exchange *x, const char *from, struct tc_id message,
			 const char *actor, const char *finding)
{
	char text[256], id[TC_ID_TEXT_BYTES];

	tc_id_format(message, id);
	snprintf(text, sizeof(text), "{\"message_id\":\"%s\",\"finding\":\"EMERGENCY_FINDING_%s\"}",
		 id, finding);
	return submit_json(x, from, actor, "EmergencyReview",
			   &throughcare__v1__emergency_review__descriptor, (struct tc_id){{0}},
			   text);
}

uint64_t exchange_say(struct exchange *x, const char *from, const char *actor, const char *type,
		      struct tc_id subject, const char *json)
{
	const struct tc_part_type *part = tc_part_type_find(tc_slice_text(type));

	MUST(part != NULL);
	return submit_json(x, from, actor, type, part->message->descriptor, subject, json);
}

uint64_t exchange_reply(struct exchange *x, const char *from, struct tc_id message,
			const char *actor, const char *result)
{
	char text[256], id[TC_ID_TEXT_BYTES];

	tc_id_format(message, id);
	snprintf(text, sizeof(text), "{\"message_id\":\"%s\",\"result_code\":\"%s\"}", id, result);
	return exchange_say(x, from, actor, "TaskReply", (struct tc_id){{0}}, text);
}
