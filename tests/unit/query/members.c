#include "unit/query/exchange_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/registry.pb-c.h"
#include "wire/digest.h"

static char *text(const char *from)
{
	return (char *)(uintptr_t)from;
}

static uint64_t put_submission(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			       const Throughcare__V1__Header *header, ProtobufCBinaryData body,
			       Throughcare__V1__PartLabel **labels, size_t label_count,
			       const char *const *contents, Throughcare__V1__LifecycleClaim *claim)
{
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	uint8_t hash[TC_SHA256_BYTES];
	Throughcare__V1__Peer peer;
	uint64_t sequence;

	fill_peer(&peer, kind, header->sender);
	submission.has_header = 1;
	pack_message(&header->base, &submission.header);
	assert_int_equal(tc_sha256(tc_slice(submission.header.data, submission.header.len), hash),
			 0);
	submission.has_content_sha256 = 1;
	submission.content_sha256 = (ProtobufCBinaryData){.len = sizeof(hash), .data = hash};
	submission.has_body = body.len > 0;
	submission.body = body;
	submission.claim = claim;
	submission.parts = labels;
	submission.n_parts = label_count;
	record.has_connection = 1;
	record.connection = FIXTURE_CONNECTION;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_SUBMISSION;
	record.submission = &submission;
	sequence = put_record(fixture, &record, contents, contents ? label_count : 0);
	free(submission.header.data);
	return sequence;
}

static void init_header(struct exchange_fixture *fixture, Throughcare__V1__Header *header,
			Google__Protobuf__Timestamp *created, const char *type, const char *sender)
{
	throughcare__v1__header__init(header);
	google__protobuf__timestamp__init(created);
	created->seconds = tc_clock_now_ms(&tc_clock_real) / 1000;
	header->message_id = number_text(1000000 + ++fixture->next_message);
	header->type = text(type);
	header->sender = text(sender);
	header->created_at = created;
}

/* To the exchange itself: one part of an exchange type. */
static uint64_t put_own(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			const char *sender, const char *type, uint64_t subject,
			const ProtobufCMessage *content)
{
	Throughcare__V1__PartLabel label = THROUGHCARE__V1__PART_LABEL__INIT;
	Throughcare__V1__PartLabel *labels[] = {&label};
	const char *contents[] = {""};
	Google__Protobuf__Timestamp created;
	Throughcare__V1__Header header;
	uint8_t digest[TC_SHA256_BYTES] = {0};
	ProtobufCBinaryData manifest = {.len = sizeof(digest), .data = digest};
	ProtobufCBinaryData body;
	uint64_t sequence;

	init_header(fixture, &header, &created, type, sender);
	header.subject = number_text(subject);
	header.n_manifest = 1;
	header.manifest = &manifest;
	label.type = text(type);
	label.has_category = 1;
	label.category = THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE;
	pack_message(content, &body);
	sequence = put_submission(fixture, kind, &header, body, labels, 1, contents, NULL);
	free(body.data);
	return sequence;
}

static void put_entry(struct exchange_fixture *fixture, const char *id,
		      Throughcare__V1__AgencyKind kind, Throughcare__V1__AgencyStatus status)
{
	Throughcare__V1__AgencyEntry entry = THROUGHCARE__V1__AGENCY_ENTRY__INIT;

	entry.agency = text(id);
	entry.name = text(id);
	entry.has_kind = 1;
	entry.kind = kind;
	entry.has_status = 1;
	entry.status = status;
	put_own(fixture, OPERATOR, "desk", "AgencyEntry", 0, &entry.base);
}

void put_agency(struct exchange_fixture *fixture, const char *id, Throughcare__V1__AgencyKind kind)
{
	put_entry(fixture, id, kind, THROUGHCARE__V1__AGENCY_STATUS__AGENCY_STATUS_ACTIVE);
}

void put_suspended(struct exchange_fixture *fixture, const char *id,
		   Throughcare__V1__AgencyKind kind)
{
	put_entry(fixture, id, kind, THROUGHCARE__V1__AGENCY_STATUS__AGENCY_STATUS_SUSPENDED);
}

void put_scope(struct exchange_fixture *fixture, const Throughcare__V1__AuditorScope *scope)
{
	put_own(fixture, OPERATOR, "desk", "AuditorScope", 0, &scope->base);
}

void put_calendar(struct exchange_fixture *fixture, const Throughcare__V1__CalendarEntry *entry)
{
	put_own(fixture, OPERATOR, "desk", "CalendarEntry", 0, &entry->base);
}

void put_standing(struct exchange_fixture *fixture, const char *auditor,
		  const Throughcare__V1__StandingQuestion *asked)
{
	put_own(fixture, AUDITOR, auditor, "StandingQuestion", 0, &asked->base);
}

void put_service(struct exchange_fixture *fixture, const char *id, const char *agency,
		 const char *need)
{
	Throughcare__V1__ServiceEntry entry = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	char *needs[] = {(char *)(uintptr_t)need};

	entry.service_id = (char *)(uintptr_t)id;
	entry.agency = (char *)(uintptr_t)agency;
	entry.name = entry.service_id;
	entry.has_status = 1;
	entry.status = THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_ACTIVE;
	entry.needs = needs;
	entry.n_needs = 1;
	put_own(fixture, OPERATOR, "desk", "ServiceEntry", 0, &entry.base);
}

uint64_t put_message(struct exchange_fixture *fixture, const struct sent *sent)
{
	Throughcare__V1__Recipient to = THROUGHCARE__V1__RECIPIENT__INIT;
	Throughcare__V1__Recipient also = THROUGHCARE__V1__RECIPIENT__INIT;
	Throughcare__V1__Recipient *recipients[] = {&to, &also};
	Throughcare__V1__Basis basis = THROUGHCARE__V1__BASIS__INIT;
	Throughcare__V1__PartLabel label[2] = {THROUGHCARE__V1__PART_LABEL__INIT,
					       THROUGHCARE__V1__PART_LABEL__INIT};
	Throughcare__V1__PartLabel *labels[] = {&label[0], &label[1]};
	const char *contents[] = {"first part", sent->second};
	uint8_t digest[TC_SHA256_BYTES] = {0};
	ProtobufCBinaryData manifest[2] = {{.len = sizeof(digest), .data = digest},
					   {.len = sizeof(digest), .data = digest}};
	Google__Protobuf__Timestamp created;
	Throughcare__V1__Header header;
	size_t parts = sent->second ? 2 : 1;

	init_header(fixture, &header, &created, sent->type, sent->sender);
	header.message_id = number_text(sent->message);
	header.subject = number_text(sent->subject);
	header.referral_id = number_text(sent->referral);
	header.has_purpose = 1;
	header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION;
	to.agency = text(sent->to);
	header.recipients = recipients;
	header.n_recipients = sent->also ? 2 : 1;
	also.agency = (char *)(uintptr_t)sent->also;
	basis.has_legal = 1;
	basis.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_NON_PART2_OPERATIONAL;
	header.basis = sent->by_consent ? NULL : &basis;
	header.manifest = manifest;
	header.n_manifest = parts;
	label[0].type = text(sent->type);
	label[1].type = text("SudCounsellingNote");
	label[0].has_category = label[1].has_category = 1;
	label[0].category = sent->category;
	label[1].category = THROUGHCARE__V1__CATEGORY__CATEGORY_SUD_COUNSELLING_NOTES;
	return put_submission(fixture, AGENCY, &header, (ProtobufCBinaryData){.len = 0}, labels,
			      parts, contents, sent->claim);
}

static void put_logon(struct exchange_fixture *fixture, const char *agency, uint64_t connection)
{
	Throughcare__V1__LogonRecord logon = THROUGHCARE__V1__LOGON_RECORD__INIT;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__Peer peer;

	fill_peer(&peer, AGENCY, agency);
	logon.has_accepted = 1;
	logon.accepted = 1;
	logon.has_certificate_der = 1;
	logon.certificate_der =
		(ProtobufCBinaryData){.len = strlen(agency), .data = (uint8_t *)text(agency)};
	record.has_connection = 1;
	record.connection = connection;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	record.logon = &logon;
	put_record(fixture, &record, NULL, 0);
}

uint64_t put_collect(struct exchange_fixture *fixture, const char *agency)
{
	Throughcare__V1__CollectRecord collect = THROUGHCARE__V1__COLLECT_RECORD__INIT;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__Peer peer;
	uint64_t connection = 100 + ++fixture->next_message;

	put_logon(fixture, agency, connection);
	fill_peer(&peer, AGENCY, agency);
	collect.has_credit = 1;
	collect.credit = 100;
	collect.has_lease_ms = 1;
	collect.lease_ms = 30000;
	record.has_connection = 1;
	record.connection = connection;
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_COLLECT;
	record.collect = &collect;
	return put_record(fixture, &record, NULL, 0);
}

#define PARTIES_MAX 4

/* A consent on paper, complete as 42 CFR 2.31(a) wants it. */
struct paper {
	Throughcare__V1__ConsentGrant consent;
	Throughcare__V1__ConsentGrant__Document document;
	Throughcare__V1__ConsentGrant__Signature signature;
	Throughcare__V1__ConsentGrant__Statements statements;
	Throughcare__V1__ConsentGrant__Grant grant;
	Throughcare__V1__ConsentGrant__Grant *grants[1];
	Throughcare__V1__ConsentGrant__Party parties[2][PARTIES_MAX];
	Throughcare__V1__ConsentGrant__Party *sides[2][PARTIES_MAX];
	Throughcare__V1__ConsentGrant__Expiry expiry;
	Throughcare__V1__Category category;
	Throughcare__V1__Purpose purpose;
	Google__Protobuf__Timestamp past, future;
	uint8_t digest[TC_SHA256_BYTES];
};

static void sign_paper(struct paper *paper)
{
	Throughcare__V1__ConsentGrant__Signature *signature = &paper->signature;
	Throughcare__V1__ConsentGrant__Statements *statements = &paper->statements;

	throughcare__v1__consent_grant__document__init(&paper->document);
	paper->document.has_sha256 = 1;
	paper->document.sha256 =
		(ProtobufCBinaryData){.len = sizeof(paper->digest), .data = paper->digest};
	paper->document.media_type = text("application/pdf");
	throughcare__v1__consent_grant__signature__init(signature);
	signature->signer = text("Sample Person");
	signature->has_capacity = 1;
	signature->capacity = THROUGHCARE__V1__SIGNER_CAPACITY__SIGNER_CAPACITY_SELF;
	signature->has_method = 1;
	signature->method = THROUGHCARE__V1__SIGNATURE_METHOD__SIGNATURE_METHOD_INK;
	signature->signed_at = &paper->past;
	throughcare__v1__consent_grant__statements__init(statements);
	statements->has_revocation_right = 1;
	statements->revocation_right = 1;
	statements->how_to_revoke = text("in writing");
}

static void fill_party(Throughcare__V1__ConsentGrant__Party *party, const char *agency)
{
	throughcare__v1__consent_grant__party__init(party);
	party->has_kind = 1;
	party->kind = THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_AGENCY;
	if (strcmp(agency, "*treating") == 0)
		party->kind = THROUGHCARE__V1__PARTY_KIND__PARTY_KIND_CLASS_TREATING;
	else
		party->agency = text(agency);
}

static void fill_grant(struct paper *paper, uint64_t id)
{
	Throughcare__V1__ConsentGrant__Grant *grant = &paper->grant;

	throughcare__v1__consent_grant__expiry__init(&paper->expiry);
	paper->expiry.at = &paper->future;
	paper->category = THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE;
	paper->purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION;
	throughcare__v1__consent_grant__grant__init(grant);
	grant->grant_id = number_text(id);
	grant->disclosers = paper->sides[0];
	grant->recipients = paper->sides[1];
	grant->has_intermediary_named = 1;
	grant->intermediary_named = 1;
	grant->categories = &paper->category;
	grant->n_categories = 1;
	grant->description = text("attendance");
	grant->purposes = &paper->purpose;
	grant->n_purposes = 1;
	grant->has_direction = 1;
	grant->direction = THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_ONE_WAY;
	grant->valid_from = &paper->past;
	grant->expiry = &paper->expiry;
}

static void fill_consent(struct paper *paper, uint64_t id)
{
	Throughcare__V1__ConsentGrant *consent = &paper->consent;

	throughcare__v1__consent_grant__init(consent);
	paper->grants[0] = &paper->grant;
	consent->consent_id = number_text(id);
	consent->has_version = 1;
	consent->version = 1;
	consent->subject_name_as_signed = text("Sample Person");
	consent->has_status = 1;
	consent->status = THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ACTIVE;
	consent->has_regime = 1;
	consent->regime = THROUGHCARE__V1__CONSENT_REGIME__CONSENT_REGIME_PART2;
	consent->document = &paper->document;
	consent->signature = &paper->signature;
	consent->statements = &paper->statements;
	consent->grants = paper->grants;
	consent->n_grants = 1;
}

/* Names separated by a space. Returns how many there are. */
static size_t fill_side(struct paper *paper, size_t side, const char *names)
{
	static char agencies[2][PARTIES_MAX][TC_NAME_BYTES_MAX + 1];
	size_t count = 0;

	while (*names != '\0') {
		size_t len = strcspn(names, " ");

		assert_true(count < PARTIES_MAX && len <= TC_NAME_BYTES_MAX);
		memcpy(agencies[side][count], names, len);
		agencies[side][count][len] = '\0';
		fill_party(&paper->parties[side][count], agencies[side][count]);
		paper->sides[side][count] = &paper->parties[side][count];
		count++;
		names += len + (names[len] == ' ');
	}
	return count;
}

uint64_t put_consent(struct exchange_fixture *fixture, uint64_t subject, uint64_t consent,
		     const char *from, const char *to)
{
	return put_version(fixture, subject, consent, 1, from, to);
}

uint64_t put_version(struct exchange_fixture *fixture, uint64_t subject, uint64_t consent,
		     uint32_t version, const char *from, const char *to)
{
	struct paper paper = {.category = 0};

	google__protobuf__timestamp__init(&paper.past);
	google__protobuf__timestamp__init(&paper.future);
	paper.past.seconds = tc_clock_now_ms(&tc_clock_real) / 1000 - 3600;
	paper.future.seconds = paper.past.seconds + 100000;
	sign_paper(&paper);
	fill_grant(&paper, consent + 1);
	paper.grant.n_disclosers = fill_side(&paper, 0, from);
	paper.grant.n_recipients = fill_side(&paper, 1, to);
	fill_consent(&paper, consent);
	paper.consent.version = version;
	return put_own(fixture, AGENCY, "office", "ConsentGrant", subject, &paper.consent.base);
}
