/*
 * fuzz_sealed - what a peer sealed, as a collecting client opens it. Whatever comes must be opened
 * or refused within bounds, and leave nothing behind in OpenSSL's error queue. One key of each kind
 * that a profile may have: the corpus is sealed to these (fuzz_sealed_keys.h).
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdint.h>

#include "base/check.h"
#include "client/seal.h"
#include "fuzz/fuzz_sealed_keys.h"
#include "wire/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS (sizeof(fuzz_sealed_keys) / sizeof(fuzz_sealed_keys[0]))

static EVP_PKEY *key_get(size_t i)
{
	static EVP_PKEY *keys[KEYS];

	if (!keys[i]) {
		BIO *text = BIO_new_mem_buf(fuzz_sealed_keys[i], -1);

		keys[i] = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
		BIO_free(text);
		TC_CHECK(keys[i]);
	}
	return keys[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < KEYS; i++) {
		struct tc_bytes content = {0};
		int r = tc_seal_open(tc_slice(data, size), key_get(i), &content);

		TC_CHECK(r == 0 || r == TC_SEAL_MALFORMED || r == TC_SEAL_NOT_FOR_KEY);
		TC_CHECK(r == 0 || content.len == 0);
		TC_CHECK(content.len <= size);
		TC_CHECK(size <= TC_PART_BYTES_MAX || r == TC_SEAL_MALFORMED);
		TC_CHECK(ERR_peek_error() == 0);
		tc_bytes_free_secret(&content);
	}
	return 0;
}
