/* envelope: a good submission goes through every layer; each way to spoil it has its own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/exchange.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "unit/tls/test_authority.h"
#include "wire/delivery.h"
#include "wire/draft.h"
#include "wire/envelope.h"
#include "wire/request.h"

#define NOW_MS  1800000000000LL
#define SUBJECT "00000000-0000-7000-8000-000000000001"
#define ID      "0197f000-0000-7000-8000-00000000000"

static struct test_authority authority;
static struct test_identity identity;
static struct tc_signing_key *key;
static struct tc_certificate *certificate;

/* A message that is good as it stands; tests spoil it before it is packed. */
struct sample {
	Throughcare__V1__Header header;
	Throughcare__V1__Recipient recipient;
	Throughcare__V1__Recipient *recipients[1];
	Google__Protobuf__Timestamp created;
	Google__Protobuf__Timestamp other_time;
	char id[40];
	struct tc_draft_part parts[2];
	struct tc_draft draft;
};

static char *text(const char *from)
{
	return (char *)(uintptr_t)from;
}

static void sample_init(struct sample *sample, int number)
{
	memset(sample, 0, sizeof(*sample));
	throughcare__v1__header__init(&sample->header);
	throughcare__v1__recipient__init(&sample->recipient);
	google__protobuf__timestamp__init(&sample->created);
	google__protobuf__timestamp__init(&sample->other_time);
	strcpy(sample->id, ID);
	sample->id[35] = (char)('0' + number);
	sample->id[36] = '\0';
	sample->created.seconds = NOW_MS / 1000;
	sample->recipient.agency = text("treatment");
	sample->recipients[0] = &sample->recipient;
	sample->header.message_id = sample->id;
	sample->header.type = text("TestMessage");
	sample->header.sender = text("parole");
	sample->header.subject = text(SUBJECT);
	sample->header.n_recipients = 1;
	sample->header.recipients = sample->recipients;
	sample->header.created_at = &sample->created;
	sample->parts[0] = (struct tc_draft_part){
		.type = "TestMessage",
		.category = THROUGHCARE__V1__CATEGORY__CATEGORY_TEST,
		.content = tc_slice_text("\x0a\x05hello\x10\x01"),
	};
	sample->parts[1] = sample->parts[0];
	sample->parts[1].content = tc_slice_text("\x0a\x05world\x10\x02");
	sample->draft = (struct tc_draft){
		.header = &sample->header, .parts = sample->parts, .part_count = 2};
}

static int setup(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole"};

	(void)state;
	test_authority_init(&authority);
	identity = test_authority_issue(&authority, &request);
	assert_int_equal(tc_signing_key_wrap(identity.key, &key), 0);
	assert_int_equal(tc_certificate_wrap(identity.certificate, &certificate), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tc_signing_key_free(&key);
	tc_certificate_free(&certificate);
	test_identity_done(&identity);
	test_authority_done(&authority);
	return 0;
}

/* Packs, splits and decodes the one message. */
static int decode(const struct sample *sample, struct tc_bytes *owned, struct tc_envelope *envelope,
		  struct tc_refusal *refusal)
{
	struct tc_submit submit;

	assert_int_equal(tc_draft_pack_submit(&sample->draft, 1, key, owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(owned), &submit, refusal), 0);
	return tc_envelope_decode(submit.envelopes[0], NOW_MS, envelope, refusal);
}

static void refused_with(const struct sample *sample, enum tc_refusal_code code, const char *detail)
{
	struct tc_bytes owned = {0};
	struct tc_envelope envelope;
	struct tc_refusal refusal = {0};

	assert_int_equal(decode(sample, &owned, &envelope, &refusal), TC_ENVELOPE_REFUSED);
	if (refusal.code != code)
		fail_msg("%s: %s instead of %s", tc_refusal_name(refusal.code), refusal.detail,
			 tc_refusal_name(code));
	if (!strstr(refusal.detail, detail))
		fail_msg("\"%s\" instead of \"%s\"", refusal.detail, detail);
	tc_bytes_free(&owned);
}

static void a_batch_goes_from_draft_to_envelopes(void **state)
{
	struct sample samples[5];
	struct tc_draft drafts[5];
	struct tc_bytes owned = {0};
	struct tc_request request;
	struct tc_submit submit;
	struct tc_merkle_tree tree;
	struct tc_refusal refusal = {0};

	(void)state;
	for (int i = 0; i < 5; i++) {
		sample_init(&samples[i], i);
		drafts[i] = samples[i].draft;
	}
	assert_int_equal(tc_draft_pack_request(77, drafts, 5, key, &owned), 0);
	assert_int_equal(tc_request_decode(tc_bytes_slice(&owned), &request, &refusal), 0);
	assert_int_equal(request.id, 77);
	assert_int_equal(request.kind, TC_REQUEST_SUBMIT);
	assert_int_equal(tc_submit_split(request.body, &submit, &refusal), 0);
	assert_int_equal(submit.count, 5);
	assert_int_equal(tc_submit_verify(&submit, certificate, &tree, &refusal), 0);
	for (size_t i = 0; i < 5; i++) {
		struct tc_envelope envelope;

		assert_int_equal(
			tc_envelope_decode(submit.envelopes[i], NOW_MS, &envelope, &refusal), 0);
		assert_int_equal(envelope.part_count, 2);
		assert_string_equal(envelope.header.sender.name, "parole");
		assert_int_equal(envelope.header.created_ms, NOW_MS);
		assert_int_equal(envelope.header.recipient_count, 1);
		assert_true(tc_slice_equal(envelope.header_bytes, submit.headers[i]));
		assert_int_equal(tc_envelope_check_sender(
					 &envelope, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
					 "parole", &refusal),
				 0);
	}
	tc_bytes_free(&owned);
}

static void the_same_draft_is_the_same_message(void **state)
{
	struct sample sample;
	struct tc_bytes a = {0};
	struct tc_bytes b = {0};
	struct tc_envelope first;
	struct tc_envelope second;
	struct tc_refusal refusal = {0};

	(void)state;
	sample_init(&sample, 1);
	assert_int_equal(decode(&sample, &a, &first, &refusal), 0);
	/* Another time of making, all else alike. */
	sample.created.seconds -= 60;
	assert_int_equal(decode(&sample, &b, &second, &refusal), 0);
	assert_memory_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	assert_true(tc_slice_equal(first.parts[0].salt, second.parts[0].salt));
	assert_false(tc_slice_equal(first.parts[0].salt, first.parts[1].salt));
	tc_bytes_free(&b);
	sample.parts[1].content = tc_slice_text("\x0a\x05World\x10\x02");
	assert_int_equal(decode(&sample, &b, &second, &refusal), 0);
	assert_memory_not_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	tc_bytes_free(&a);
	tc_bytes_free(&b);
}

static void each_field_that_is_wrong_is_named(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, 1);
	sample.header.sender = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.sender");
	sample_init(&sample, 1);
	sample.header.sender = text("Parole");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.sender");
	sample_init(&sample, 1);
	sample.header.subject = text("not-a-uuid");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.subject");
	sample_init(&sample, 1);
	sample.header.subject = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.subject");
	sample_init(&sample, 1);
	sample.header.created_at = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.created_at");
	sample_init(&sample, 1);
	sample.header.on_behalf_of = text("\xff\xfe");
	refused_with(&sample, TC_REFUSAL_UTF8_INVALID, "header.on_behalf_of");
	sample_init(&sample, 1);
	sample.header.has_purpose = 1;
	sample.header.purpose = (Throughcare__V1__Purpose)99;
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.purpose");
	sample_init(&sample, 1);
	sample.header.message_id = text("00000000-0000-0000-0000-000000000000");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.message_id");
}

static void recipients_must_be_named_and_once(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, 1);
	sample.header.n_recipients = 0;
	refused_with(&sample, TC_REFUSAL_RECIPIENT_MISSING, "header.recipients");
	sample_init(&sample, 1);
	sample.recipient.agency = NULL;
	refused_with(&sample, TC_REFUSAL_RECIPIENT_MISSING, "header.recipients[0]");
	sample_init(&sample, 1);
	sample.recipient.service = text("detox");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.recipients[0]");
}

static void times_that_cannot_be_true_are_refused(void **state)
{
	static const int64_t created[] = {NOW_MS / 1000 + 601, NOW_MS / 1000 - 401LL * 86400};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		sample_init(&sample, 1);
		sample.created.seconds = created[i];
		refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.created_at");
	}
	sample_init(&sample, 1);
	sample.header.occurred_at = &sample.other_time;
	sample.other_time.seconds = NOW_MS / 1000 + 601;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.occurred_at");
	sample.other_time.seconds = -2208988801;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.occurred_at");
	sample_init(&sample, 1);
	sample.header.expires_at = &sample.other_time;
	sample.other_time.seconds = NOW_MS / 1000 + 401LL * 86400;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.expires_at");
	sample.other_time.seconds = NOW_MS / 1000;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.expires_at");
}

static void types_and_categories_must_be_the_declared_ones(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, 1);
	sample.header.type = text("Nonsense");
	refused_with(&sample, TC_REFUSAL_UNKNOWN_TYPE, "header.type");
	sample_init(&sample, 1);
	sample.header.type = text("DeliveryEvidence");
	refused_with(&sample, TC_REFUSAL_TYPE_NOT_ALLOWED, "header.type");
	sample_init(&sample, 1);
	sample.parts[1].type = "Nonsense";
	refused_with(&sample, TC_REFUSAL_UNKNOWN_PART_TYPE, "parts[1].type");
	sample_init(&sample, 1);
	sample.parts[1].category = THROUGHCARE__V1__CATEGORY__CATEGORY_HIV;
	refused_with(&sample, TC_REFUSAL_PART_CATEGORY, "parts[1].category");
	sample_init(&sample, 1);
	sample.header.type = text("LoopClosed");
	sample.header.referral_id = text(SUBJECT);
	sample.header.has_purpose = 1;
	sample.header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_TREATMENT;
	refused_with(&sample, TC_REFUSAL_PART_MISSING, "parts[0].type");
	sample.header.referral_id = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.referral_id");
	sample.header.referral_id = text(SUBJECT);
	sample.header.has_purpose = 0;
	sample.header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_UNSPECIFIED;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.purpose");
}

static void contents_are_held_against_their_schema(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, 1);
	sample.parts[1].content = tc_slice_text("\x0a\x05worl");
	refused_with(&sample, TC_REFUSAL_MALFORMED, "parts[1]");
	sample.parts[1].content = tc_slice_text("\x0a\x02\xff\xff");
	refused_with(&sample, TC_REFUSAL_UTF8_INVALID, "parts[1].text");
	sample.parts[1].content = tc_slice_text("\x7a\x01x");
	refused_with(&sample, TC_REFUSAL_FIELD_UNKNOWN, "parts[1]");
	/* What is sealed cannot be looked into. */
	sample_init(&sample, 1);
	sample.parts[1].sealed = true;
	sample.parts[1].content = tc_slice_text("a CMS structure");
	{
		struct tc_bytes owned = {0};
		struct tc_envelope envelope;
		struct tc_refusal refusal = {0};

		assert_int_equal(decode(&sample, &owned, &envelope, &refusal), 0);
		assert_true(envelope.parts[1].sealed);
		tc_bytes_free(&owned);
	}
}

/* Packs a Submit by hand out of an unpacked one that the test has changed. */
static int decode_changed(const Throughcare__V1__Envelope *envelope, struct tc_refusal *refusal)
{
	size_t len = throughcare__v1__envelope__get_packed_size(envelope);
	uint8_t *packed = malloc(len ? len : 1);
	struct tc_envelope decoded;
	int r;

	assert_non_null(packed);
	throughcare__v1__envelope__pack(envelope, packed);
	r = tc_envelope_decode(tc_slice(packed, len), NOW_MS, &decoded, refusal);
	free(packed);
	return r;
}

static Throughcare__V1__Submit *unpacked(void)
{
	struct sample sample;
	struct tc_bytes owned = {0};
	Throughcare__V1__Submit *submit;

	sample_init(&sample, 1);
	assert_int_equal(tc_draft_pack_submit(&sample.draft, 1, key, &owned), 0);
	submit = throughcare__v1__submit__unpack(NULL, owned.len, owned.data);
	assert_non_null(submit);
	tc_bytes_free(&owned);
	return submit;
}

static void parts_and_manifest_must_agree(void **state)
{
	Throughcare__V1__Submit *submit = unpacked();
	Throughcare__V1__Envelope *envelope = submit->envelopes[0];
	struct tc_refusal refusal = {0};

	(void)state;
	assert_int_equal(decode_changed(envelope, &refusal), 0);
	envelope->parts[1]->content.data[2] ^= 1;
	assert_int_equal(decode_changed(envelope, &refusal), TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_MANIFEST_MISMATCH);
	assert_string_equal(refusal.detail, "header.manifest[1]");
	envelope->parts[1]->content.data[2] ^= 1;
	envelope->parts[0]->salt.data[0] ^= 1;
	assert_int_equal(decode_changed(envelope, &refusal), TC_ENVELOPE_REFUSED);
	assert_string_equal(refusal.detail, "header.manifest[0]");
	envelope->parts[0]->salt.data[0] ^= 1;
	envelope->parts[1]->salt.len = 31;
	assert_int_equal(decode_changed(envelope, &refusal), TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_SALT_INVALID);
	envelope->parts[1]->salt.len = 32;
	envelope->n_parts = 1;
	assert_int_equal(decode_changed(envelope, &refusal), TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_MANIFEST_MISMATCH);
	envelope->n_parts = 0;
	assert_int_equal(decode_changed(envelope, &refusal), TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_PART_MISSING);
	envelope->n_parts = 2;
	throughcare__v1__submit__free_unpacked(submit, NULL);
}

static void a_flood_of_parts_is_named_and_so_is_its_message(void **state)
{
	enum { FLOOD = 10000 };
	Throughcare__V1__Submit *submit = unpacked();
	Throughcare__V1__Envelope *envelope = submit->envelopes[0];
	Throughcare__V1__Part **own = envelope->parts;
	Throughcare__V1__Part **flood = calloc(FLOOD, sizeof(*flood));
	struct tc_refusal refusal = {0};
	struct tc_envelope decoded;
	uint8_t *packed;
	size_t len;

	(void)state;
	assert_non_null(flood);
	for (size_t i = 0; i < FLOOD; i++)
		flood[i] = own[0];
	envelope->parts = flood;
	envelope->n_parts = FLOOD;
	len = throughcare__v1__envelope__get_packed_size(envelope);
	packed = malloc(len);
	assert_non_null(packed);
	throughcare__v1__envelope__pack(envelope, packed);
	assert_int_equal(tc_envelope_decode(tc_slice(packed, len), NOW_MS, &decoded, &refusal),
			 TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_TOO_MANY_PARTS);
	assert_false(tc_id_is_none(decoded.header.message_id));
	envelope->parts = own;
	envelope->n_parts = 2;
	free(packed);
	free(flood);
	throughcare__v1__submit__free_unpacked(submit, NULL);
}

static void an_envelope_cut_anywhere_is_refused(void **state)
{
	struct sample sample;
	struct tc_bytes owned = {0};
	struct tc_submit submit;
	struct tc_refusal refusal = {0};
	struct tc_envelope envelope;

	(void)state;
	sample_init(&sample, 1);
	assert_int_equal(tc_draft_pack_submit(&sample.draft, 1, key, &owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(&owned), &submit, &refusal), 0);
	for (size_t len = 0; len < submit.envelopes[0].len; len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, submit.envelopes[0].data, len);
		assert_int_equal(
			tc_envelope_decode(tc_slice(cut, len), NOW_MS, &envelope, &refusal),
			TC_ENVELOPE_REFUSED);
		free(cut);
	}
	tc_bytes_free(&owned);
}

static void only_the_sender_may_send_what_its_kind_may(void **state)
{
	struct sample sample;
	struct tc_bytes owned = {0};
	struct tc_envelope envelope;
	struct tc_refusal refusal = {0};

	(void)state;
	sample_init(&sample, 1);
	assert_int_equal(decode(&sample, &owned, &envelope, &refusal), 0);
	assert_int_equal(tc_envelope_check_sender(&envelope,
						  THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
						  "court", &refusal),
			 TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_SENDER_MISMATCH);
	assert_int_equal(tc_envelope_check_sender(&envelope,
						  THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR,
						  "parole", &refusal),
			 TC_ENVELOPE_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_TYPE_NOT_ALLOWED);
	tc_bytes_free(&owned);
}

static void a_submission_that_is_changed_after_signing_is_refused(void **state)
{
	struct sample sample;
	struct tc_bytes owned = {0};
	struct tc_submit submit;
	struct tc_merkle_tree tree;
	struct tc_refusal refusal = {0};

	(void)state;
	sample_init(&sample, 1);
	assert_int_equal(tc_draft_pack_submit(&sample.draft, 1, key, &owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(&owned), &submit, &refusal), 0);
	assert_int_equal(tc_submit_verify(&submit, certificate, &tree, &refusal), 0);
	/* One bit of the header, in place. */
	owned.data[submit.headers[0].data - owned.data + 5] ^= 1;
	assert_int_equal(tc_submit_verify(&submit, certificate, &tree, &refusal),
			 TC_REQUEST_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_SIGNATURE_INVALID);
	tc_bytes_free(&owned);
}

static void request_refused(const char *bytes, size_t len, enum tc_refusal_code code)
{
	struct tc_request request;
	struct tc_submit submit;
	struct tc_refusal refusal = {0};
	int r = tc_request_decode(tc_slice(bytes, len), &request, &refusal);

	if (r == 0) {
		assert_int_equal(request.kind, TC_REQUEST_SUBMIT);
		r = tc_submit_split(request.body, &submit, &refusal);
	}
	assert_int_equal(r, TC_REQUEST_REFUSED);
	if (refusal.code != code)
		fail_msg("%s: %s", tc_refusal_name(refusal.code), refusal.detail);
}

#define REQUEST_REFUSED(bytes, code) request_refused(bytes, sizeof(bytes) - 1, code)

static void requests_that_are_none_are_refused(void **state)
{
	char many[2 + 2 + 3 + 2 * 65];

	(void)state;
	REQUEST_REFUSED("", TC_REFUSAL_FIELD_MISSING);
	REQUEST_REFUSED("\x08\x01", TC_REFUSAL_FIELD_MISSING);
	REQUEST_REFUSED("\x1a\x02\x08\x01", TC_REFUSAL_FIELD_MISSING); /* no id */
	REQUEST_REFUSED("\x08\x00\x1a\x02\x08\x01", TC_REFUSAL_FIELD_MISSING);
	REQUEST_REFUSED("\x08\x01\x08\x01\x1a\x00", TC_REFUSAL_FIELD_INVALID);
	REQUEST_REFUSED("\x08\x01\x1a\x00\x22\x00", TC_REFUSAL_FIELD_INVALID); /* two bodies */
	REQUEST_REFUSED("\x08\x01\x3a\x00", TC_REFUSAL_FIELD_UNKNOWN);
	REQUEST_REFUSED("\x08\x01\x12\x05", TC_REFUSAL_MALFORMED);
	REQUEST_REFUSED("\xde\xad\xbe\xef", TC_REFUSAL_MALFORMED);
	REQUEST_REFUSED("\x08\x01\x1a\x02\x50\x01", TC_REFUSAL_FIELD_UNKNOWN); /* in Collect */
	REQUEST_REFUSED("\x08\x01\x12\x00", TC_REFUSAL_TOO_MANY_ENVELOPES);
	REQUEST_REFUSED("\x08\x01\x12\x02\x0a\x00", TC_REFUSAL_FIELD_MISSING); /* no signature */
	REQUEST_REFUSED("\x08\x01\x12\x02\x1a\x00", TC_REFUSAL_FIELD_UNKNOWN);
	REQUEST_REFUSED("\x08\x01\x12\x02\x0a\x05", TC_REFUSAL_MALFORMED);
	memcpy(many, "\x08\x01\x12\x82\x01", 5);
	for (size_t i = 0; i < 65; i++)
		memcpy(many + 5 + 2 * i, "\x0a\x00", 2);
	request_refused(many, 5 + 2 * 65, TC_REFUSAL_TOO_MANY_ENVELOPES);
}

/* What a recipient gets of a message: some parts, and the header's place in its submission. */
struct received {
	Throughcare__V1__Delivery delivery;
	Throughcare__V1__HeaderSignature signature;
	ProtobufCBinaryData path[TC_PATH_HASHES_MAX];
	Throughcare__V1__Submit *submit;
	struct tc_merkle_path audit;
};

static void received_init(struct received *received, size_t index)
{
	struct sample samples[5];
	struct tc_draft drafts[5];
	struct tc_bytes owned = {0};
	struct tc_submit submit;
	struct tc_merkle_tree tree;
	struct tc_refusal refusal = {0};

	for (int i = 0; i < 5; i++) {
		sample_init(&samples[i], i);
		drafts[i] = samples[i].draft;
	}
	assert_int_equal(tc_draft_pack_submit(drafts, 5, key, &owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(&owned), &submit, &refusal), 0);
	assert_int_equal(tc_submit_verify(&submit, certificate, &tree, &refusal), 0);
	tc_merkle_tree_path(&tree, index, &received->audit);
	received->submit = throughcare__v1__submit__unpack(NULL, owned.len, owned.data);
	assert_non_null(received->submit);
	tc_bytes_free(&owned);
	throughcare__v1__delivery__init(&received->delivery);
	throughcare__v1__header_signature__init(&received->signature);
	received->delivery.signature = &received->signature;
	received->delivery.header = received->submit->envelopes[index]->header;
	received->delivery.n_parts = 2;
	received->delivery.parts = received->submit->envelopes[index]->parts;
	received->signature.leaf_index = (uint32_t)index;
	received->signature.tree_size = 5;
	received->signature.n_path = received->audit.hash_count;
	received->signature.path = received->path;
	for (size_t i = 0; i < received->audit.hash_count; i++)
		received->path[i] = (ProtobufCBinaryData){.data = received->audit.hashes[i].bytes,
							  .len = TC_DIGEST_BYTES};
}

static void a_delivery_proves_itself_with_and_without_its_parts(void **state)
{
	struct tc_refusal refusal = {0};
	struct tc_merkle_hash root;
	struct tc_header header;
	uint8_t indexes[TC_PARTS_MAX];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct received received;
		struct tc_slice signature;

		received_init(&received, i);
		signature =
			tc_slice(received.submit->signature.data, received.submit->signature.len);
		assert_int_equal(tc_delivery_check(&received.delivery, &header, indexes, &refusal),
				 0);
		assert_int_equal(indexes[1], 1);
		assert_int_equal(tc_delivery_root(&received.delivery, &root, &refusal), 0);
		assert_int_equal(tc_signature_verify(certificate, &root, signature), 0);
		/* The first part withheld: the second is still known to be the second. */
		received.delivery.parts++;
		received.delivery.n_parts = 1;
		assert_int_equal(tc_delivery_check(&received.delivery, &header, indexes, &refusal),
				 0);
		assert_int_equal(indexes[0], 1);
		received.delivery.n_parts = 0;
		assert_int_equal(tc_delivery_check(&received.delivery, &header, indexes, &refusal),
				 0);
		throughcare__v1__submit__free_unpacked(received.submit, NULL);
	}
}

static void a_delivery_that_was_changed_is_refused(void **state)
{
	struct received received;
	struct tc_refusal refusal = {0};
	struct tc_merkle_hash root;
	struct tc_header header;
	uint8_t indexes[TC_PARTS_MAX];
	Throughcare__V1__Part *swapped[2];

	(void)state;
	received_init(&received, 2);
	received.delivery.parts[1]->content.data[3] ^= 1;
	assert_int_equal(tc_delivery_check(&received.delivery, &header, indexes, &refusal),
			 TC_DELIVERY_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_MANIFEST_MISMATCH);
	received.delivery.parts[1]->content.data[3] ^= 1;
	swapped[0] = received.delivery.parts[1];
	swapped[1] = received.delivery.parts[0];
	received.delivery.parts = swapped;
	assert_int_equal(tc_delivery_check(&received.delivery, &header, indexes, &refusal),
			 TC_DELIVERY_REFUSED);
	received.signature.tree_size = 2;
	assert_int_equal(tc_delivery_root(&received.delivery, &root, &refusal),
			 TC_DELIVERY_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_SIGNATURE_INVALID);
	received.delivery.signature = NULL;
	assert_int_equal(tc_delivery_root(&received.delivery, &root, &refusal),
			 TC_DELIVERY_REFUSED);
	throughcare__v1__submit__free_unpacked(received.submit, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_goes_from_draft_to_envelopes),
		cmocka_unit_test(the_same_draft_is_the_same_message),
		cmocka_unit_test(each_field_that_is_wrong_is_named),
		cmocka_unit_test(recipients_must_be_named_and_once),
		cmocka_unit_test(times_that_cannot_be_true_are_refused),
		cmocka_unit_test(types_and_categories_must_be_the_declared_ones),
		cmocka_unit_test(contents_are_held_against_their_schema),
		cmocka_unit_test(parts_and_manifest_must_agree),
		cmocka_unit_test(a_flood_of_parts_is_named_and_so_is_its_message),
		cmocka_unit_test(an_envelope_cut_anywhere_is_refused),
		cmocka_unit_test(only_the_sender_may_send_what_its_kind_may),
		cmocka_unit_test(a_submission_that_is_changed_after_signing_is_refused),
		cmocka_unit_test(requests_that_are_none_are_refused),
		cmocka_unit_test(a_delivery_proves_itself_with_and_without_its_parts),
		cmocka_unit_test(a_delivery_that_was_changed_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
