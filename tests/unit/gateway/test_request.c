/* Frames become records; whatever is wrong becomes a refusal record with its code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/request.h"
#include "throughcare/v1/exchange.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/draft.h"

#define NOW_MS 1795300000000 /* 2026-11-21 */

static struct tc_signing_key *key, *other_key;
static struct tc_certificate *certificate;
static struct tc_peer peer;
static struct scratch scratch;
static struct request_room *room;

static EVP_PKEY *key_new(struct tc_signing_key **ret)
{
	EVP_PKEY *made = EVP_EC_gen("P-256");

	assert_non_null(made);
	assert_int_equal(tc_signing_key_wrap(made, ret), 0);
	return made;
}

static int setup(void **state)
{
	EVP_PKEY *pair = key_new(&key);
	X509 *x509 = X509_new();

	(void)state;
	EVP_PKEY_free(key_new(&other_key));
	assert_non_null(x509);
	assert_int_equal(X509_set_version(x509, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), 7), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 3600));
	assert_int_equal(X509_set_pubkey(x509, pair), 1);
	assert_true(X509_sign(x509, pair, EVP_sha256()) > 0);
	assert_int_equal(tc_certificate_wrap(x509, &certificate), 0);
	X509_free(x509);
	EVP_PKEY_free(pair);
	peer.kind = TC_PEER_AGENCY;
	snprintf(peer.id.name, sizeof(peer.id.name), "parole-north");
	memcpy(peer.certificate_sha256, tc_certificate_sha256(certificate), 32);
	room = calloc(1, sizeof(*room));
	assert_non_null(room);
	return scratch_init(&scratch);
}

static int teardown(void **state)
{
	(void)state;
	tc_signing_key_free(&key);
	tc_signing_key_free(&other_key);
	tc_certificate_free(&certificate);
	scratch_done(&scratch);
	free(room);
	return 0;
}

static struct request_context context_new(void)
{
	return (struct request_context){.peer = &peer,
					.certificate = certificate,
					.connection = 77,
					.gateway = 3,
					.now_ms = NOW_MS,
					.room = room,
					.scratch = &scratch};
}

/* `count` test messages as one signed request. The last is of `last_sender`. */
static void request_make(size_t count, const char *last_sender, struct tc_signing_key *signer,
			 struct tc_bytes *out)
{
	static const uint8_t content[] = {0x0a, 2, 'h', 'i'}; /* text: "hi" */
	Throughcare__V1__Header headers[TC_ENVELOPES_MAX];
	Throughcare__V1__Recipient recipient = THROUGHCARE__V1__RECIPIENT__INIT;
	Throughcare__V1__Recipient *recipients[] = {&recipient};
	Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct tc_draft_part part = {.type = "TestMessage",
				     .category = THROUGHCARE__V1__CATEGORY__CATEGORY_TEST,
				     .content = tc_slice(content, sizeof(content))};
	struct tc_draft drafts[TC_ENVELOPES_MAX];
	char ids[TC_ENVELOPES_MAX][TC_ID_TEXT_BYTES];

	recipient.agency = (char *)"treatment-northside";
	created.seconds = NOW_MS / 1000;
	for (size_t i = 0; i < count; i++) {
		Throughcare__V1__Header *header = &headers[i];

		throughcare__v1__header__init(header);
		tc_id_format(tc_id_new(NOW_MS), ids[i]);
		header->message_id = ids[i];
		header->type = (char *)"TestMessage";
		header->sender = (char *)(uintptr_t)(i + 1 == count ? last_sender : "parole-north");
		header->subject = (char *)"00000000-0000-7000-8000-000000000001";
		header->created_at = &created;
		header->n_recipients = 1;
		header->recipients = recipients;
		drafts[i] = (struct tc_draft){.header = header, .parts = &part, .part_count = 1};
	}
	assert_int_equal(tc_draft_pack_request(42, drafts, count, signer, out), 0);
}

static Throughcare__V1__Record *body_of(const struct record *record)
{
	return throughcare__v1__record__unpack(NULL, record->body.len, record->body.data);
}

static void assert_refusal(const struct record *record, const char *code)
{
	Throughcare__V1__Record *body = body_of(record);

	assert_non_null(body);
	assert_int_equal(body->body_case, THROUGHCARE__V1__RECORD__BODY_REFUSAL);
	assert_string_equal(body->refusal->code, code);
	assert_string_equal(body->peer->id, "parole-north");
	throughcare__v1__record__free_unpacked(body, NULL);
}

static void a_submission_becomes_one_record_an_envelope(void **state)
{
	struct request_context context = context_new();
	struct request_taken taken;
	struct tc_bytes frame = {0};
	uint32_t index = 0;

	(void)state;
	request_make(5, "parole-north", key, &frame);
	assert_int_equal(request_take(&context, tc_bytes_slice(&frame), &taken), 0);
	assert_int_equal(taken.id, 42);
	assert_int_equal(taken.receipts, 5);
	assert_false(taken.malformed);
	assert_int_equal(context.batch.count, 5);
	for (const struct record *record = context.batch.first; record; record = record->next) {
		Throughcare__V1__Record *body = body_of(record);

		assert_non_null(body);
		assert_int_equal(body->body_case, THROUGHCARE__V1__RECORD__BODY_SUBMISSION);
		assert_int_equal(body->connection, 77);
		assert_int_equal(body->submission->n_parts, 1);
		assert_string_equal(body->submission->parts[0]->type, "TestMessage");
		assert_int_equal(body->submission->signature->leaf_index, index);
		assert_int_equal(body->submission->signature->tree_size, 5);
		assert_int_equal(record->index, index++);
		assert_int_equal(record->count, 5);
		assert_int_equal(record->gateway, 3);
		assert_int_equal(record->part_count, 1);
		assert_int_equal(record->parts[0].content.len, 4);
		assert_memory_equal(record->parts[0].content.data, "\x0a\x02hi", 4);
		throughcare__v1__record__free_unpacked(body, NULL);
	}
	record_batch_free(&context.batch);
	tc_bytes_free(&frame);
}

static void a_wrong_sender_is_refused_and_its_neighbours_are_not(void **state)
{
	struct request_context context = context_new();
	struct request_taken taken;
	struct tc_bytes frame = {0};

	(void)state;
	request_make(2, "court-first", key, &frame);
	assert_int_equal(request_take(&context, tc_bytes_slice(&frame), &taken), 0);
	assert_int_equal(taken.receipts, 2);
	assert_int_equal(context.batch.first->part_count, 1);
	assert_refusal(context.batch.last, "sender_mismatch");
	record_batch_free(&context.batch);
	tc_bytes_free(&frame);
}

static void a_signature_by_another_key_refuses_every_envelope(void **state)
{
	struct request_context context = context_new();
	struct request_taken taken;
	struct tc_bytes frame = {0};

	(void)state;
	request_make(3, "parole-north", other_key, &frame);
	assert_int_equal(request_take(&context, tc_bytes_slice(&frame), &taken), 0);
	assert_int_equal(taken.receipts, 3);
	assert_int_equal(context.batch.count, 3);
	for (const struct record *record = context.batch.first; record; record = record->next)
		assert_refusal(record, "signature_invalid");
	record_batch_free(&context.batch);
	tc_bytes_free(&frame);
}

static void every_truncation_is_one_refusal_or_a_request(void **state)
{
	struct tc_bytes frame = {0};

	(void)state;
	request_make(2, "parole-north", key, &frame);
	for (size_t len = 0; len < frame.len; len++) {
		struct request_context context = context_new();
		struct request_taken taken;

		assert_int_equal(request_take(&context, tc_slice(frame.data, len), &taken), 0);
		assert_true(taken.malformed || taken.receipts > 0);
		assert_int_equal(context.batch.count, taken.malformed ? 1 : taken.receipts);
		record_batch_free(&context.batch);
	}
	tc_bytes_free(&frame);
}

/* Packs `request`, takes it, and returns the context with its one record. */
static struct request_context take_one(Throughcare__V1__Request *request,
				       struct request_taken *taken)
{
	struct request_context context = context_new();
	uint8_t frame[512];
	size_t len = throughcare__v1__request__get_packed_size(request);

	assert_true(len <= sizeof(frame));
	throughcare__v1__request__pack(request, frame);
	assert_int_equal(request_take(&context, tc_slice(frame, len), taken), 0);
	assert_int_equal(context.batch.count, 1);
	return context;
}

static void a_settlement_rides(void **state)
{
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Settle settle = THROUGHCARE__V1__SETTLE__INIT;
	Throughcare__V1__Settlement settlement = THROUGHCARE__V1__SETTLEMENT__INIT;
	Throughcare__V1__Settlement *list[] = {&settlement};
	struct request_context context;
	struct request_taken taken;

	(void)state;
	request.has_request_id = 1;
	request.request_id = 1;
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_SETTLE;
	request.settle = &settle;
	settle.n_settlements = 1;
	settle.settlements = list;
	settlement.has_delivery_id = 1;
	settlement.delivery_id = 9;
	settlement.has_kind = 1;
	settlement.kind = THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK;
	context = take_one(&request, &taken);
	assert_false(taken.malformed);
	assert_int_equal(taken.receipts, 0);
	assert_true(context.batch.first->rider);
	record_batch_free(&context.batch);

	settlement.delivery_id = 0;
	context = take_one(&request, &taken);
	assert_true(taken.malformed);
	assert_refusal(context.batch.first, "field_missing");
	record_batch_free(&context.batch);
}

static void a_collect_has_bounds(void **state)
{
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Collect collect = THROUGHCARE__V1__COLLECT__INIT;
	struct request_context context;
	struct request_taken taken;

	(void)state;
	request.has_request_id = 1;
	request.request_id = 1;
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_COLLECT;
	request.collect = &collect;
	collect.has_credit = 1;
	collect.credit = 1024;
	context = take_one(&request, &taken);
	assert_true(taken.collect);
	assert_false(context.batch.first->rider);
	record_batch_free(&context.batch);
	collect.credit = 1025;
	context = take_one(&request, &taken);
	assert_refusal(context.batch.first, "field_invalid");
	record_batch_free(&context.batch);
	collect.credit = 1;
	collect.has_lease_ms = 1;
	collect.lease_ms = 999;
	context = take_one(&request, &taken);
	assert_refusal(context.batch.first, "field_invalid");
	record_batch_free(&context.batch);
}

static void a_question_is_journaled_as_it_came(void **state)
{
	Throughcare__V1__Request request = THROUGHCARE__V1__REQUEST__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	struct request_context context;
	struct request_taken taken;

	(void)state;
	request.has_request_id = 1;
	request.request_id = 6;
	request.body_case = THROUGHCARE__V1__REQUEST__BODY_QUERY;
	request.query = &query;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	context = take_one(&request, &taken);
	assert_false(taken.malformed);
	assert_int_equal(context.batch.first->request_id, 6);
	record_batch_free(&context.batch);
	query.body_case = THROUGHCARE__V1__QUERY__BODY__NOT_SET;
	context = take_one(&request, &taken);
	assert_refusal(context.batch.first, "field_missing");
	record_batch_free(&context.batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_submission_becomes_one_record_an_envelope),
		cmocka_unit_test(a_wrong_sender_is_refused_and_its_neighbours_are_not),
		cmocka_unit_test(a_signature_by_another_key_refuses_every_envelope),
		cmocka_unit_test(every_truncation_is_one_refusal_or_a_request),
		cmocka_unit_test(a_settlement_rides),
		cmocka_unit_test(a_collect_has_bounds),
		cmocka_unit_test(a_question_is_journaled_as_it_came),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
