/*
 * certificate - an X.509 certificate as the holder of the key that verifies signatures.
 *
 * Says nothing about trust: whether a certificate belongs to the network is the TLS
 * layer's and the registry's business.
 *
 * Owner:  one thread at a time (verifying reuses a context inside).
 * Blocks: tc_certificate_load reads a file.
 */
#ifndef WIRE_CERTIFICATE_H
#define WIRE_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/digest.h"

#define TC_CERTIFICATE_BYTES_MAX 16384 /* DER */

struct x509_st; /* OpenSSL's X509 */
struct tc_certificate;

enum tc_certificate_outcome {
	TC_CERTIFICATE_MALFORMED = 1, /* not one X.509 certificate, or over the limit */
	TC_CERTIFICATE_KEY_KIND,      /* its key is none of P-256, P-384, Ed25519 */
	TC_SIGNATURE_WRONG,           /* the signature is not of that key over that message */
};

/* From a PEM file (its first certificate). An outcome, TC_EIO or TC_ENOMEM. */
int tc_certificate_load(const char *path, struct tc_certificate **ret) TC_MUST_CHECK;
int tc_certificate_decode(struct tc_slice der, struct tc_certificate **ret) TC_MUST_CHECK;
/* Takes a reference of its own. */
int tc_certificate_wrap(struct x509_st *x509, struct tc_certificate **ret) TC_MUST_CHECK;
void tc_certificate_free(struct tc_certificate **certificate);

/* SHA-256 of the DER form. Borrowed. */
const uint8_t *tc_certificate_sha256(const struct tc_certificate *certificate);
/* Borrowed. */
struct tc_slice tc_certificate_der(const struct tc_certificate *certificate);
struct x509_st *tc_certificate_x509(const struct tc_certificate *certificate);

/* ECDSA (DER form) with SHA-256 on P-256, with SHA-384 on P-384, or Ed25519. 0,
 * TC_SIGNATURE_WRONG (also for what is no signature at all), or TC_ECRYPTO. */
int tc_certificate_verify(struct tc_certificate *certificate, struct tc_slice message,
			  struct tc_slice signature) TC_MUST_CHECK;

#endif
