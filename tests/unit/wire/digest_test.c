/* digest: the published test vectors, and streams and pieces against the one-shot form. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/digest.h"

static void expect(const uint8_t digest[TC_SHA256_BYTES], const char *hex)
{
	char text[2 * TC_SHA256_BYTES + 1];

	tc_hex(digest, TC_SHA256_BYTES, text);
	assert_string_equal(text, hex);
}

static void sha256_matches_fips_180(void **state)
{
	uint8_t digest[TC_SHA256_BYTES];

	(void)state;
	assert_int_equal(tc_sha256(tc_slice(NULL, 0), digest), 0);
	expect(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(tc_sha256(tc_slice_text("abc"), digest), 0);
	expect(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void pieces_and_streams_are_as_if_joined(void **state)
{
	struct tc_slice pieces[] = {tc_slice_text("a"), tc_slice(NULL, 0), tc_slice_text("bc")};
	struct tc_sha256_stream *stream = NULL;
	uint8_t whole[TC_SHA256_BYTES];
	uint8_t digest[TC_SHA256_BYTES];

	(void)state;
	assert_int_equal(tc_sha256(tc_slice_text("abc"), whole), 0);
	assert_int_equal(tc_sha256_pieces(pieces, 3, digest), 0);
	assert_memory_equal(digest, whole, sizeof(whole));
	assert_int_equal(tc_sha256_stream_new(&stream), 0);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(tc_sha256_stream_add(stream, pieces[i]), 0);
		assert_int_equal(tc_sha256_stream_end(stream, digest), 0);
		assert_memory_equal(digest, whole, sizeof(whole));
	}
	tc_sha256_stream_free(&stream);
	assert_null(stream);
}

static void hmac_matches_rfc_4231(void **state)
{
	uint8_t key[131];
	struct tc_slice text = tc_slice_text("Hi There");
	uint8_t mac[TC_SHA256_BYTES];

	(void)state;
	memset(key, 0x0b, 20);
	assert_int_equal(tc_hmac_sha256(tc_slice(key, 20), &text, 1, mac), 0);
	expect(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	text = tc_slice_text("what do ya want for nothing?");
	assert_int_equal(tc_hmac_sha256(tc_slice_text("Jefe"), &text, 1, mac), 0);
	expect(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	text = tc_slice_text("Test Using Larger Than Block-Size Key - Hash Key First");
	assert_int_equal(tc_hmac_sha256(tc_slice(key, sizeof(key)), &text, 1, mac), 0);
	expect(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void *digest_many(void *context)
{
	uint8_t digest[TC_SHA256_BYTES];
	int *bad = context;

	for (int i = 0; i < 1000; i++) {
		if (tc_sha256(tc_slice_text("abc"), digest) != 0 || digest[0] != 0xba)
			(*bad)++;
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];
	int bad[4] = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, digest_many, &bad[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(bad[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_matches_fips_180),
		cmocka_unit_test(pieces_and_streams_are_as_if_joined),
		cmocka_unit_test(hmac_matches_rfc_4231),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
