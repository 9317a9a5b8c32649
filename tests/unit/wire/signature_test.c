/* signature: each kind of key signs and verifies, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/tls/test_authority.h"
#include "wire/signature.h"

static const enum test_key kinds[] = {TEST_KEY_P256, TEST_KEY_P384, TEST_KEY_ED25519};

static struct test_authority authority;

static int setup(void **state)
{
	(void)state;
	test_authority_init(&authority);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_authority_done(&authority);
	return 0;
}

static struct test_identity issue(enum test_key kind)
{
	struct test_request request = {.uri = "spiffe://d/agency/a", .key = kind};

	return test_authority_issue(&authority, &request);
}

static void each_kind_of_key_signs_what_its_certificate_verifies(void **state)
{
	struct tc_merkle_hash root = {.bytes = {1, 2, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct test_identity identity = issue(kinds[i]);
		struct tc_signing_key *key = NULL;
		struct tc_certificate *certificate = NULL;
		struct tc_signature signature;
		struct tc_slice made;

		assert_int_equal(tc_signing_key_wrap(identity.key, &key), 0);
		assert_int_equal(tc_certificate_wrap(identity.certificate, &certificate), 0);
		/* Contexts are reused, so twice. */
		for (int round = 0; round < 2; round++) {
			root.bytes[31] = (uint8_t)round;
			assert_int_equal(tc_signature_make(key, &root, &signature), 0);
			made = tc_slice(signature.bytes, signature.len);
			assert_int_equal(tc_signature_verify(certificate, &root, made), 0);
		}
		root.bytes[0] ^= 1;
		assert_int_equal(tc_signature_verify(certificate, &root, made), TC_SIGNATURE_WRONG);
		root.bytes[0] ^= 1;
		for (size_t at = 0; at < signature.len; at += 7) {
			signature.bytes[at] ^= 0x20;
			assert_int_equal(tc_signature_verify(certificate, &root, made),
					 TC_SIGNATURE_WRONG);
			signature.bytes[at] ^= 0x20;
		}
		for (size_t len = 0; len < signature.len; len += 5)
			assert_int_equal(tc_signature_verify(certificate, &root,
							     tc_slice(signature.bytes, len)),
					 TC_SIGNATURE_WRONG);
		assert_int_equal(tc_signature_verify(certificate, &root, made), 0);
		tc_signing_key_free(&key);
		tc_certificate_free(&certificate);
		test_identity_done(&identity);
	}
}

static void another_certificate_does_not_verify(void **state)
{
	struct test_identity mine = issue(TEST_KEY_P256);
	struct test_identity other = issue(TEST_KEY_P256);
	struct tc_merkle_hash root = {.bytes = {9}};
	struct tc_signing_key *key = NULL;
	struct tc_certificate *certificate = NULL;
	struct tc_signature signature;

	(void)state;
	assert_int_equal(tc_signing_key_wrap(mine.key, &key), 0);
	assert_int_equal(tc_certificate_wrap(other.certificate, &certificate), 0);
	assert_int_equal(tc_signature_make(key, &root, &signature), 0);
	assert_int_equal(
		tc_signature_verify(certificate, &root, tc_slice(signature.bytes, signature.len)),
		TC_SIGNATURE_WRONG);
	tc_signing_key_free(&key);
	tc_certificate_free(&certificate);
	test_identity_done(&mine);
	test_identity_done(&other);
}

static void other_kinds_of_keys_are_not_taken(void **state)
{
	struct test_identity rsa = issue(TEST_KEY_RSA);
	struct tc_signing_key *key = NULL;
	struct tc_certificate *certificate = NULL;

	(void)state;
	assert_int_equal(tc_signing_key_wrap(rsa.key, &key), TC_ECONFIG);
	assert_int_equal(tc_certificate_wrap(rsa.certificate, &certificate),
			 TC_CERTIFICATE_KEY_KIND);
	test_identity_done(&rsa);
}

static void derived_bytes_are_the_keys_own_and_stay_the_same(void **state)
{
	struct test_identity mine = issue(TEST_KEY_P256);
	struct test_identity other = issue(TEST_KEY_P256);
	struct tc_signing_key *key = NULL;
	struct tc_signing_key *again = NULL;
	struct tc_signing_key *others = NULL;
	struct tc_slice context = tc_slice_text("context");
	uint8_t a[TC_DIGEST_BYTES];
	uint8_t b[TC_DIGEST_BYTES];
	char *path = test_authority_write_key(&authority, "derive.key", mine.key);

	(void)state;
	assert_int_equal(tc_signing_key_wrap(mine.key, &key), 0);
	assert_int_equal(tc_signing_key_load(path, &again), 0);
	assert_int_equal(tc_signing_key_wrap(other.key, &others), 0);
	assert_int_equal(tc_signing_key_derive(key, "salt", context, a), 0);
	assert_int_equal(tc_signing_key_derive(again, "salt", context, b), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(tc_signing_key_derive(others, "salt", context, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(tc_signing_key_derive(key, "other", context, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(tc_signing_key_derive(key, "salt", tc_slice_text("contexT"), b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	tc_signing_key_free(&key);
	tc_signing_key_free(&again);
	tc_signing_key_free(&others);
	free(path);
	test_identity_done(&mine);
	test_identity_done(&other);
}

static void certificates_come_from_der_and_pem_and_from_nothing_else(void **state)
{
	struct test_identity mine = issue(TEST_KEY_P256);
	struct tc_certificate *certificate = NULL;
	struct tc_certificate *again = NULL;
	struct tc_slice der;
	char *path = test_authority_write_certificate(&authority, "c.pem", mine.certificate);
	char *key_path = test_authority_write_key(&authority, "c.key", mine.key);
	struct tc_signing_key *key = NULL;

	(void)state;
	assert_int_equal(tc_certificate_load(path, &certificate), 0);
	der = tc_certificate_der(certificate);
	assert_int_equal(tc_certificate_decode(der, &again), 0);
	assert_memory_equal(tc_certificate_sha256(certificate), tc_certificate_sha256(again),
			    TC_SHA256_BYTES);
	tc_certificate_free(&again);
	for (size_t len = 0; len < der.len; len += 13)
		assert_int_equal(tc_certificate_decode(tc_slice(der.data, len), &again),
				 TC_CERTIFICATE_MALFORMED);
	assert_int_equal(tc_certificate_load(key_path, &again), TC_CERTIFICATE_MALFORMED);
	assert_int_equal(tc_certificate_load("/nowhere", &again), TC_EIO);
	assert_int_equal(tc_signing_key_load(path, &key), TC_ECONFIG);
	assert_int_equal(tc_signing_key_load("/nowhere", &key), TC_EIO);
	assert_null(again);
	assert_null(key);
	tc_certificate_free(&certificate);
	free(path);
	free(key_path);
	test_identity_done(&mine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_key_signs_what_its_certificate_verifies),
		cmocka_unit_test(another_certificate_does_not_verify),
		cmocka_unit_test(other_kinds_of_keys_are_not_taken),
		cmocka_unit_test(derived_bytes_are_the_keys_own_and_stay_the_same),
		cmocka_unit_test(certificates_come_from_der_and_pem_and_from_nothing_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
