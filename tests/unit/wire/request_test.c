/* request: a batch goes through draft, request, split and signature; what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/wire/envelope_sample.h"
#include "wire/envelope.h"
#include "wire/request.h"

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
	assert_int_equal(tc_draft_pack_request(77, drafts, 5, sample_key, &owned), 0);
	assert_int_equal(tc_request_decode(tc_bytes_slice(&owned), &request, &refusal), 0);
	assert_int_equal(request.id, 77);
	assert_int_equal(request.kind, TC_REQUEST_SUBMIT);
	assert_int_equal(tc_submit_split(request.body, &submit, &refusal), 0);
	assert_int_equal(submit.count, 5);
	assert_int_equal(tc_submit_verify(&submit, sample_certificate, &tree, &refusal), 0);
	for (size_t i = 0; i < 5; i++) {
		struct tc_envelope envelope;

		assert_int_equal(
			tc_envelope_decode(submit.envelopes[i], SAMPLE_NOW_MS, &envelope, &refusal),
			0);
		assert_int_equal(envelope.part_count, 2);
		assert_string_equal(envelope.header.sender.name, "parole");
		assert_int_equal(envelope.header.created_ms, SAMPLE_NOW_MS);
		assert_int_equal(envelope.header.recipient_count, 1);
		assert_true(tc_slice_equal(envelope.header_bytes, submit.headers[i]));
		assert_int_equal(tc_envelope_check_sender(
					 &envelope, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
					 "parole", &refusal),
				 0);
	}
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
	assert_int_equal(tc_draft_pack_submit(&sample.draft, 1, sample_key, &owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(&owned), &submit, &refusal), 0);
	assert_int_equal(tc_submit_verify(&submit, sample_certificate, &tree, &refusal), 0);
	/* One bit of the header, in place. */
	owned.data[submit.headers[0].data - owned.data + 5] ^= 1;
	assert_int_equal(tc_submit_verify(&submit, sample_certificate, &tree, &refusal),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_goes_from_draft_to_envelopes),
		cmocka_unit_test(a_submission_that_is_changed_after_signing_is_refused),
		cmocka_unit_test(requests_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, sample_setup, sample_teardown);
}
