/*
 * seal - content that only its recipients can read: CMS, DER.
 *
 * Made: AuthEnvelopedData (RFC 5083) under AES-256-GCM (RFC 5084), with a key of its own for
 * each call. That key is agreed with the holder of an EC certificate by ECDH with an ephemeral
 * key, X9.63 key derivation over SHA-256 or SHA-384 and AES-256 key wrap (RFC 5753, 3.1), and
 * carried to the holder of an RSA certificate by OAEP over SHA-256 (RFC 3560). Opened: that,
 * and EnvelopedData (RFC 5652, 6), which other programs make.
 *
 * What is opened comes from a peer and is bounded before it is decoded.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef CLIENT_SEAL_H
#define CLIENT_SEAL_H

#include "base/bytes.h"
#include "base/err.h"

#define TC_SEAL_RECIPIENTS_MAX 32 /* recipient infos that are looked at */

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct x509_st;     /* OpenSSL's X509 */

enum tc_seal_outcome {
	TC_SEAL_KEY_KIND = 1, /* the certificate's key agrees on nothing and encrypts nothing */
	TC_SEAL_KEY_USAGE,    /* its key usage (RFC 5280, 4.2.1.3) does not allow to seal to it */
	TC_SEAL_TOO_LONG,     /* over TC_PART_BYTES_MAX when it is sealed */
	TC_SEAL_MALFORMED,    /* not one CMS structure of the two types, within the bounds */
	TC_SEAL_NOT_FOR_KEY,  /* not sealed to this key, or changed since */
};

/* 0, TC_SEAL_KEY_KIND, TC_SEAL_KEY_USAGE or a fault. */
int tc_seal_check(struct x509_st *certificate) TC_MUST_CHECK;
/* One structure for all of 1..TC_RECIPIENTS_MAX certificates. 0, TC_SEAL_KEY_KIND,
 * TC_SEAL_KEY_USAGE, TC_SEAL_TOO_LONG or a fault. */
int tc_seal_make(struct x509_st *const *certificates, size_t count, struct tc_slice content,
		 struct tc_bytes *ret) TC_MUST_CHECK;
/* Appends the content, which is never longer than what is sealed: where `ret` has so much room it
 * does not move. Wipe it with tc_bytes_free_secret. Whichever recipient fits the key is taken. 0,
 * TC_SEAL_MALFORMED, TC_SEAL_NOT_FOR_KEY, or TC_ENOMEM. */
int tc_seal_open(struct tc_slice sealed, struct evp_pkey_st *key,
		 struct tc_bytes *ret) TC_MUST_CHECK;

#endif
