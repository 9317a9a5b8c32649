/* envelope: a good submission goes through every layer; each way to spoil it has its own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/wire.pb-c.h"
#include "unit/wire/envelope_sample.h"
#include "wire/envelope.h"
#include "wire/request.h"

/* As CMS of the type EnvelopedData begins. */
#define SEALED(text) "\x30\x7f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0" text

/* Packs, splits and decodes the one message. */
static int decode(const struct sample *sample, struct tc_bytes *owned, struct tc_envelope *envelope,
		  struct tc_refusal *refusal)
{
	struct tc_submit submit;

	assert_int_equal(tc_draft_pack_submit(&sample->draft, 1, sample_key, owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(owned), &submit, refusal), 0);
	return tc_envelope_decode(submit.envelopes[0], SAMPLE_NOW_MS, envelope, refusal);
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
	sample.header.sender = sample_text("Parole");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.sender");
	sample_init(&sample, 1);
	sample.header.subject = sample_text("not-a-uuid");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.subject");
	/* The same bytes as "AttendanceRecord", and as two numbers. */
	sample_init(&sample, 1);
	sample.header.message_id = sample_text("41747465-6e64-616e-6365-5265636f7264");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.message_id");
	sample_init(&sample, 1);
	sample.header.subject = sample_text("00000000-0000-0000-0000-000000000001");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.subject");
	sample_init(&sample, 1);
	sample.header.subject = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.subject");
	sample_init(&sample, 1);
	sample.header.created_at = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.created_at");
	sample_init(&sample, 1);
	sample.header.on_behalf_of = sample_text("\xff\xfe");
	refused_with(&sample, TC_REFUSAL_UTF8_INVALID, "header.on_behalf_of");
	sample_init(&sample, 1);
	sample.header.has_purpose = 1;
	sample.header.purpose = (Throughcare__V1__Purpose)99;
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.purpose");
	sample_init(&sample, 1);
	sample.header.message_id = sample_text("00000000-0000-0000-0000-000000000000");
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
	sample.recipient.service = sample_text("detox");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "header.recipients[0]");
}

static void times_that_cannot_be_true_are_refused(void **state)
{
	static const int64_t created[] = {SAMPLE_NOW_MS / 1000 + 601,
					  SAMPLE_NOW_MS / 1000 - 401LL * 86400};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		sample_init(&sample, 1);
		sample.created.seconds = created[i];
		refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.created_at");
	}
	sample_init(&sample, 1);
	sample.header.occurred_at = &sample.other_time;
	sample.other_time.seconds = SAMPLE_NOW_MS / 1000 + 601;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.occurred_at");
	sample.other_time.seconds = -2208988801;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.occurred_at");
	sample_init(&sample, 1);
	sample.header.expires_at = &sample.other_time;
	sample.other_time.seconds = SAMPLE_NOW_MS / 1000 + 401LL * 86400;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.expires_at");
	sample.other_time.seconds = SAMPLE_NOW_MS / 1000;
	refused_with(&sample, TC_REFUSAL_TIME_ABSURD, "header.expires_at");
}

static void types_and_categories_must_be_the_declared_ones(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, 1);
	sample.header.type = sample_text("Nonsense");
	refused_with(&sample, TC_REFUSAL_UNKNOWN_TYPE, "header.type");
	sample_init(&sample, 1);
	sample.header.type = sample_text("DeliveryEvidence");
	refused_with(&sample, TC_REFUSAL_TYPE_NOT_ALLOWED, "header.type");
	sample_init(&sample, 1);
	sample.parts[1].type = "Nonsense";
	refused_with(&sample, TC_REFUSAL_UNKNOWN_PART_TYPE, "parts[1].type");
	sample_init(&sample, 1);
	sample.parts[1].category = THROUGHCARE__V1__CATEGORY__CATEGORY_HIV;
	refused_with(&sample, TC_REFUSAL_PART_CATEGORY, "parts[1].category");
	sample_init(&sample, 1);
	sample.header.type = sample_text("LoopClosed");
	sample.header.referral_id = sample_text(SAMPLE_SUBJECT);
	sample.header.has_purpose = 1;
	sample.header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_TREATMENT;
	refused_with(&sample, TC_REFUSAL_PART_MISSING, "parts[0].type");
	sample.header.referral_id = NULL;
	refused_with(&sample, TC_REFUSAL_FIELD_MISSING, "header.referral_id");
	sample.header.referral_id = sample_text(SAMPLE_SUBJECT);
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
	sample.parts[1].content = tc_slice_text("clear text");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "parts[1].content: it is not sealed");
	sample.parts[1].content = tc_slice_text("\x30");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "parts[1].content: it is not sealed");
	sample.parts[1].content = tc_slice_text("\x30\xff\x06\x09\x2a\x86");
	refused_with(&sample, TC_REFUSAL_FIELD_INVALID, "parts[1].content: it is not sealed");
	sample.parts[1].content = tc_slice_text(SEALED("a CMS structure"));
	{
		struct tc_bytes owned = {0};
		struct tc_envelope envelope;
		struct tc_refusal refusal = {0};

		assert_int_equal(decode(&sample, &owned, &envelope, &refusal), 0);
		assert_true(envelope.parts[1].sealed);
		tc_bytes_free(&owned);
	}
}

static void sealing_again_makes_the_same_message_and_other_content_another(void **state)
{
	uint8_t meant[TC_DIGEST_BYTES] = {1};
	struct sample sample;
	struct tc_bytes a = {0}, b = {0};
	struct tc_envelope first, second;
	struct tc_refusal refusal = {0};

	(void)state;
	sample_init(&sample, 1);
	sample.parts[1].sealed = true;
	sample.parts[1].meant_sha256 = tc_slice(meant, sizeof(meant));
	sample.parts[1].content = tc_slice_text(SEALED("once"));
	assert_int_equal(decode(&sample, &a, &first, &refusal), 0);
	sample.parts[1].content = tc_slice_text(SEALED("twice"));
	assert_int_equal(decode(&sample, &b, &second, &refusal), 0);
	assert_memory_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	assert_false(tc_slice_equal(first.header_bytes, second.header_bytes));
	tc_bytes_free(&b);
	meant[0] = 2;
	assert_int_equal(decode(&sample, &b, &second, &refusal), 0);
	assert_memory_not_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	tc_bytes_free(&b);
	/* Made elsewhere: the sealed bytes are what is said. */
	sample.parts[1].meant_sha256 = tc_slice(NULL, 0);
	assert_int_equal(decode(&sample, &b, &second, &refusal), 0);
	assert_memory_not_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	tc_bytes_free(&a);
	assert_int_equal(decode(&sample, &a, &first, &refusal), 0);
	assert_memory_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	tc_bytes_free(&b);
	/* The same bytes in the clear are not the same part. */
	sample.parts[1].sealed = false;
	sample.parts[1].salt = first.parts[1].salt;
	sample.parts[1].content = tc_slice_text("\x0a\x05World\x10\x02");
	assert_int_equal(decode(&sample, &b, &second, &refusal), 0);
	assert_memory_not_equal(first.content_sha256, second.content_sha256, TC_DIGEST_BYTES);
	tc_bytes_free(&a);
	tc_bytes_free(&b);
}

static void a_leading_part_that_the_exchange_reads_is_not_sealed(void **state)
{
	struct sample sample;

	(void)state;
	sample_init(&sample, 1);
	sample.header.type = sample_text("AttendanceRecord");
	sample.header.has_purpose = 1;
	sample.header.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_SUPERVISION_MONITORING;
	sample.parts[0].type = "AttendanceRecord";
	sample.parts[0].category = THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE;
	sample.parts[0].sealed = true;
	refused_with(&sample, TC_REFUSAL_PART_SEALED, "parts[0]: AttendanceRecord");
	/* Of what it declares, a sealed part is held to its word. */
	sample_init(&sample, 1);
	sample.parts[1].sealed = true;
	sample.parts[1].category = THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING;
	refused_with(&sample, TC_REFUSAL_PART_CATEGORY, "parts[1].category");
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
	r = tc_envelope_decode(tc_slice(packed, len), SAMPLE_NOW_MS, &decoded, refusal);
	free(packed);
	return r;
}

static Throughcare__V1__Submit *unpacked(void)
{
	struct sample sample;
	struct tc_bytes owned = {0};
	Throughcare__V1__Submit *submit;

	sample_init(&sample, 1);
	assert_int_equal(tc_draft_pack_submit(&sample.draft, 1, sample_key, &owned), 0);
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
	assert_int_equal(
		tc_envelope_decode(tc_slice(packed, len), SAMPLE_NOW_MS, &decoded, &refusal),
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
	assert_int_equal(tc_draft_pack_submit(&sample.draft, 1, sample_key, &owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(&owned), &submit, &refusal), 0);
	for (size_t len = 0; len < submit.envelopes[0].len; len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, submit.envelopes[0].data, len);
		assert_int_equal(
			tc_envelope_decode(tc_slice(cut, len), SAMPLE_NOW_MS, &envelope, &refusal),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_draft_is_the_same_message),
		cmocka_unit_test(each_field_that_is_wrong_is_named),
		cmocka_unit_test(recipients_must_be_named_and_once),
		cmocka_unit_test(times_that_cannot_be_true_are_refused),
		cmocka_unit_test(types_and_categories_must_be_the_declared_ones),
		cmocka_unit_test(contents_are_held_against_their_schema),
		cmocka_unit_test(sealing_again_makes_the_same_message_and_other_content_another),
		cmocka_unit_test(a_leading_part_that_the_exchange_reads_is_not_sealed),
		cmocka_unit_test(parts_and_manifest_must_agree),
		cmocka_unit_test(a_flood_of_parts_is_named_and_so_is_its_message),
		cmocka_unit_test(an_envelope_cut_anywhere_is_refused),
		cmocka_unit_test(only_the_sender_may_send_what_its_kind_may),
	};

	return cmocka_run_group_tests(tests, sample_setup, sample_teardown);
}
