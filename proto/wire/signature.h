/*
 * signature - the sender's signature over what it submits together.
 *
 * Signed is "throughcare/submit/v1\n" || root, where root is the RFC 6962 tree head
 * over the packed headers as leaves: one signature for up to 64 headers, and each
 * header can be verified alone with its audit path.
 *
 * Owner:  one thread at a time. Blocks: tc_signing_key_load reads a file.
 */
#ifndef WIRE_SIGNATURE_H
#define WIRE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/certificate.h"
#include "wire/limits.h"
#include "wire/merkle.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct tc_signing_key;

struct tc_signature {
	size_t len;
	uint8_t bytes[TC_SIGNATURE_BYTES_MAX];
};

/* From an unencrypted PEM file. TC_ECONFIG when there is no such key in it or it is none of P-256,
 * P-384, Ed25519; TC_EIO, TC_ENOMEM. */
int tc_signing_key_load(const char *path, struct tc_signing_key **ret) TC_MUST_CHECK;
/* Takes a reference of its own. */
int tc_signing_key_wrap(struct evp_pkey_st *key, struct tc_signing_key **ret) TC_MUST_CHECK;
void tc_signing_key_free(struct tc_signing_key **key);

/* Borrowed: what opens what was sealed to the key's certificate. */
struct evp_pkey_st *tc_signing_key_private(const struct tc_signing_key *key);

int tc_signing_key_sign(struct tc_signing_key *key, struct tc_slice message,
			struct tc_signature *ret) TC_MUST_CHECK;

/*
 * 32 bytes that only the holder of the key can make and that are the same each time for the same
 * `label` and `context`: HMAC-SHA256 under a secret derived from the private key. The salts of
 * parts are made so, that a message sent again is the same message.
 */
int tc_signing_key_derive(struct tc_signing_key *key, const char *label, struct tc_slice context,
			  uint8_t ret[TC_DIGEST_BYTES]) TC_MUST_CHECK;

/* Over the root of a submission. */
int tc_signature_make(struct tc_signing_key *key, const struct tc_merkle_hash *root,
		      struct tc_signature *ret) TC_MUST_CHECK;
/* 0, TC_SIGNATURE_WRONG or TC_ECRYPTO. */
int tc_signature_verify(struct tc_certificate *certificate, const struct tc_merkle_hash *root,
			struct tc_slice signature) TC_MUST_CHECK;

#endif
