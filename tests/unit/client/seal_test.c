/* seal: what is sealed can be opened by each recipient, by nobody else, and not after a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "client/seal.h"
#include "unit/tls/test_authority.h"
#include "wire/limits.h"

#define CONTENT "what only the recipient may read"

enum { P256, P384, RSA_KEY, STRANGER, ED25519, HOLDERS };

static struct test_authority authority;
static struct test_identity holders[HOLDERS];
static X509 *certificates[HOLDERS];

static int setup(void **state)
{
	static const enum test_key keys[HOLDERS] = {
		[P256] = TEST_KEY_P256,     [P384] = TEST_KEY_P384,       [RSA_KEY] = TEST_KEY_RSA,
		[STRANGER] = TEST_KEY_P256, [ED25519] = TEST_KEY_ED25519,
	};

	(void)state;
	test_authority_init(&authority);
	for (size_t i = 0; i < HOLDERS; i++) {
		struct test_request request = {.uri = "spiffe://d/agency/parole", .key = keys[i]};

		holders[i] = test_authority_issue(&authority, &request);
		certificates[i] = holders[i].certificate;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < HOLDERS; i++)
		test_identity_done(&holders[i]);
	test_authority_done(&authority);
	return 0;
}

static int opened(struct tc_slice sealed, int holder, const char *wanted)
{
	struct tc_bytes content = {0};
	int r = tc_seal_open(sealed, holders[holder].key, &content);

	if (r == 0)
		assert_true(tc_slice_equal(tc_bytes_slice(&content), tc_slice_text(wanted)));
	else
		assert_int_equal(content.len, 0);
	tc_bytes_free_secret(&content);
	assert_int_equal(ERR_peek_error(), 0);
	return r;
}

static void each_recipient_opens_what_is_sealed_once_for_all(void **state)
{
	struct tc_bytes sealed = {0};

	(void)state;
	assert_int_equal(tc_seal_make(certificates, 3, tc_slice_text(CONTENT), &sealed), 0);
	assert_null(memmem(sealed.data, sealed.len, CONTENT, strlen(CONTENT)));
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, CONTENT), 0);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P384, CONTENT), 0);
	assert_int_equal(opened(tc_bytes_slice(&sealed), RSA_KEY, CONTENT), 0);
	assert_int_equal(opened(tc_bytes_slice(&sealed), STRANGER, ""), TC_SEAL_NOT_FOR_KEY);
	assert_int_equal(opened(tc_bytes_slice(&sealed), ED25519, ""), TC_SEAL_NOT_FOR_KEY);
	tc_bytes_free(&sealed);
}

static void nothing_is_content_too(void **state)
{
	struct tc_bytes sealed = {0};

	(void)state;
	assert_int_equal(tc_seal_make(certificates, 1, tc_slice(NULL, 0), &sealed), 0);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, ""), 0);
	tc_bytes_free(&sealed);
}

static void what_was_changed_does_not_open(void **state)
{
	struct tc_bytes sealed = {0};

	(void)state;
	assert_int_equal(tc_seal_make(certificates, 1, tc_slice_text(CONTENT), &sealed), 0);
	for (size_t i = 0; i < sealed.len; i++) {
		struct tc_bytes content = {0};
		int r;

		sealed.data[i] ^= 1;
		r = tc_seal_open(tc_bytes_slice(&sealed), holders[P256].key, &content);
		/* Names and versions are not under the seal; the content is. */
		if (r == 0)
			assert_true(
				tc_slice_equal(tc_bytes_slice(&content), tc_slice_text(CONTENT)));
		tc_bytes_free_secret(&content);
		sealed.data[i] ^= 1;
	}
	/* The end of it is ciphertext and tag. */
	for (size_t i = sealed.len - 20; i < sealed.len; i++) {
		sealed.data[i] ^= 0x80;
		assert_int_not_equal(opened(tc_bytes_slice(&sealed), P256, CONTENT), 0);
		sealed.data[i] ^= 0x80;
	}
	for (size_t len = 0; len < sealed.len; len += 7)
		assert_int_equal(opened(tc_slice(sealed.data, len), P256, ""), TC_SEAL_MALFORMED);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, CONTENT), 0);
	tc_bytes_free(&sealed);
}

static void keys_that_only_sign_are_not_sealed_to(void **state)
{
	struct test_request signs = {.key_usage = "critical,digitalSignature"};
	struct test_request agrees = {.key_usage = "critical,digitalSignature,keyAgreement"};
	struct test_request wraps = {.key = TEST_KEY_RSA, .key_usage = "critical,keyEncipherment"};
	struct test_request wrong = {.key = TEST_KEY_RSA, .key_usage = "critical,keyAgreement"};
	static const int wanted[] = {TC_SEAL_KEY_USAGE, 0, 0, TC_SEAL_KEY_USAGE};
	struct test_identity made[] = {
		test_authority_issue(&authority, &signs),
		test_authority_issue(&authority, &agrees),
		test_authority_issue(&authority, &wraps),
		test_authority_issue(&authority, &wrong),
	};
	struct tc_bytes sealed = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(tc_seal_check(made[i].certificate), wanted[i]);
		test_identity_done(&made[i]);
	}
	assert_int_equal(tc_seal_check(certificates[ED25519]), TC_SEAL_KEY_KIND);
	assert_int_equal(tc_seal_make(certificates, HOLDERS, tc_slice_text(CONTENT), &sealed),
			 TC_SEAL_KEY_KIND);
	assert_int_equal(sealed.len, 0);
}

static void what_is_too_long_is_not_sealed(void **state)
{
	struct tc_bytes content = {0}, sealed = {0};

	(void)state;
	assert_int_equal(tc_bytes_reserve(&content, TC_PART_BYTES_MAX), 0);
	memset(content.data, 'x', TC_PART_BYTES_MAX);
	assert_int_equal(
		tc_seal_make(certificates, 1, tc_slice(content.data, TC_PART_BYTES_MAX), &sealed),
		TC_SEAL_TOO_LONG);
	assert_int_equal(tc_seal_make(certificates, 1,
				      tc_slice(content.data, TC_PART_BYTES_MAX - 1000), &sealed),
			 0);
	tc_bytes_free(&content);
	assert_int_equal(tc_seal_open(tc_bytes_slice(&sealed), holders[P256].key, &content), 0);
	assert_int_equal(content.len, TC_PART_BYTES_MAX - 1000);
	tc_bytes_free(&content);
	tc_bytes_free(&sealed);
}

/* As another program seals: EnvelopedData under AES-256-CBC, with OpenSSL's own choices. */
static struct tc_bytes sealed_elsewhere(const EVP_CIPHER *cipher, int times)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_STREAM;
	BIO *plain = BIO_new_mem_buf(CONTENT, -1);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, cipher, flags);
	struct tc_bytes sealed = {0};
	uint8_t *der = NULL;
	int len;

	for (int i = 0; i < times; i++)
		assert_non_null(CMS_add1_recipient_cert(cms, certificates[P256], flags));
	assert_int_equal(CMS_final(cms, plain, NULL, flags), 1);
	len = i2d_CMS_ContentInfo(cms, &der);
	assert_true(len > 0);
	assert_int_equal(tc_bytes_append(&sealed, der, (size_t)len), 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(plain);
	return sealed;
}

static void what_other_programs_sealed_opens_within_bounds(void **state)
{
	struct tc_bytes sealed = sealed_elsewhere(EVP_aes_256_cbc(), 1);

	(void)state;
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, CONTENT), 0);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P384, ""), TC_SEAL_NOT_FOR_KEY);
	/* Not a byte more than the structure. */
	assert_int_equal(tc_bytes_append(&sealed, "", 1), 0);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, ""), TC_SEAL_MALFORMED);
	tc_bytes_free(&sealed);
	sealed = sealed_elsewhere(EVP_aes_256_gcm(), TC_SEAL_RECIPIENTS_MAX);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, CONTENT), 0);
	tc_bytes_free(&sealed);
	sealed = sealed_elsewhere(EVP_aes_256_gcm(), TC_SEAL_RECIPIENTS_MAX + 1);
	assert_int_equal(opened(tc_bytes_slice(&sealed), P256, ""), TC_SEAL_MALFORMED);
	tc_bytes_free(&sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recipient_opens_what_is_sealed_once_for_all),
		cmocka_unit_test(nothing_is_content_too),
		cmocka_unit_test(what_was_changed_does_not_open),
		cmocka_unit_test(keys_that_only_sign_are_not_sealed_to),
		cmocka_unit_test(what_is_too_long_is_not_sealed),
		cmocka_unit_test(what_other_programs_sealed_opens_within_bounds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
