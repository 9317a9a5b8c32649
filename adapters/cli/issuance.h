/*
 * issuance - makes keys, certificates and revocation lists with OpenSSL, and
 * turns them into PEM. The shape of every certificate of a pilot network is here.
 *
 * Owner:  the calling thread.
 * Blocks: never.
 */
#ifndef CLI_ISSUANCE_H
#define CLI_ISSUANCE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/err.h"

#define TC_ISSUANCE_SERIAL_BYTES 16

/* What goes into a certificate. */
struct tc_issuance_request {
	const char *common_name;
	const char *alternative_names; /* OpenSSL's notation, "URI:spiffe://...,DNS:..." or NULL */
	uint8_t serial[TC_ISSUANCE_SERIAL_BYTES];
	int days;
	bool authority; /* may sign certificates and lists, else a TLS end */
	bool server;
	EVP_PKEY *public_key;
	X509 *issuer; /* NULL: itself */
	EVP_PKEY *issuer_key;
};

/* A fresh P-256 key. NULL when OpenSSL fails. */
EVP_PKEY *tc_issuance_key_new(void);
/* NULL when OpenSSL fails. */
X509 *tc_issuance_new(const struct tc_issuance_request *request);

/* The numbers and times that a revocation list holds. */
struct tc_issuance_revoked {
	const char *serial; /* hexadecimal */
	int64_t at_ms;
};
/* A signed list, good for `days`. NULL when OpenSSL fails. */
X509_CRL *tc_issuance_list_new(X509 *issuer, EVP_PKEY *issuer_key, int64_t number, int days,
			       const struct tc_issuance_revoked *revoked, size_t count);

int tc_issuance_pem(X509 *certificate, struct tc_bytes *ret) TC_MUST_CHECK;
int tc_issuance_key_pem(EVP_PKEY *key, struct tc_bytes *ret) TC_MUST_CHECK;
int tc_issuance_list_pem(X509_CRL *list, struct tc_bytes *ret) TC_MUST_CHECK;
/* NULL when it is not one PEM certificate or key. */
X509 *tc_issuance_parse(struct tc_slice pem);
EVP_PKEY *tc_issuance_key_parse(struct tc_slice pem);

#endif
