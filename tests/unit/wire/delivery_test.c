/* delivery: what a recipient gets proves itself, whole or with parts withheld. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/wire.pb-c.h"
#include "unit/wire/envelope_sample.h"
#include "wire/delivery.h"
#include "wire/digest.h"
#include "wire/envelope.h"
#include "wire/request.h"

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
	assert_int_equal(tc_draft_pack_submit(drafts, 5, sample_key, &owned), 0);
	assert_int_equal(tc_submit_split(tc_bytes_slice(&owned), &submit, &refusal), 0);
	assert_int_equal(tc_submit_verify(&submit, sample_certificate, &tree, &refusal), 0);
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
		assert_int_equal(tc_signature_verify(sample_certificate, &root, signature), 0);
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

/* Of position 7, parts 0 and 2 and the terms "terms", made with another program. */
static void a_release_has_the_digest_that_anybody_can_make(void **state)
{
	static const char expected[] =
		"91f90bcc312e001304d3f31116f6f45927d71f5ae97309f3a4f512675aaff90f";
	uint8_t terms[TC_DIGEST_BYTES], digest[TC_DIGEST_BYTES];
	char text[2 * TC_DIGEST_BYTES + 1];

	(void)state;
	assert_int_equal(tc_sha256(tc_slice_text("terms"), terms), 0);
	assert_int_equal(tc_release_digest(7, 5, terms, digest), 0);
	tc_hex(digest, sizeof(digest), text);
	assert_string_equal(text, expected);
}

/* Of salt 00 01 ... 1f, made with another program. */
static void a_part_has_the_trace_that_its_salt_and_label_make(void **state)
{
	uint8_t salt[TC_SALT_BYTES], trace[TC_TRACE_BYTES];
	char text[2 * TC_TRACE_BYTES + 1];

	(void)state;
	for (uint8_t i = 0; i < sizeof(salt); i++)
		salt[i] = i;
	assert_int_equal(tc_part_trace(salt, tc_slice_text("DrugTestResult"),
				       (Throughcare__V1__Category)8, trace),
			 0);
	tc_hex(trace, sizeof(trace), text);
	assert_string_equal(text, "f7fe638991bfc57d19292f3922a2422b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivery_proves_itself_with_and_without_its_parts),
		cmocka_unit_test(a_delivery_that_was_changed_is_refused),
		cmocka_unit_test(a_release_has_the_digest_that_anybody_can_make),
		cmocka_unit_test(a_part_has_the_trace_that_its_salt_and_label_make),
	};

	return cmocka_run_group_tests(tests, sample_setup, sample_teardown);
}
