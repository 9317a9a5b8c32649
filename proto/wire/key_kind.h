/*
 * key_kind - the three kinds of keys that sign, and what each signs of a message.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_KEY_KIND_H
#define WIRE_KEY_KIND_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

enum tc_key_kind {
	TC_KEY_OTHER,
	TC_KEY_P256,    /* ECDSA over SHA-256 */
	TC_KEY_P384,    /* ECDSA over SHA-384 */
	TC_KEY_ED25519, /* over the message itself (RFC 8032) */
};

struct tc_key_digest {
	size_t len;
	uint8_t bytes[48];
};

enum tc_key_kind tc_key_kind_of(const struct evp_pkey_st *key);
/* For the ECDSA kinds. */
int tc_key_digest_make(enum tc_key_kind kind, struct tc_slice message,
		       struct tc_key_digest *ret) TC_MUST_CHECK;

#endif
