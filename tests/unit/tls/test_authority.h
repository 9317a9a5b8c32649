/*
 * test_authority - a certificate authority made on the spot, for tests only.
 *
 * Owner: the test. Blocks: writes files. Failures end the test.
 */
#ifndef UNIT_TLS_TEST_AUTHORITY_H
#define UNIT_TLS_TEST_AUTHORITY_H

#include <stddef.h>

#include <openssl/x509.h>

struct test_authority {
	EVP_PKEY *key;
	X509 *certificate;
	long last_serial;
	char folder[64]; /* where files go; removed by test_authority_done */
};

struct test_identity {
	EVP_PKEY *key;
	X509 *certificate;
};

enum test_key {
	TEST_KEY_P256,
	TEST_KEY_P384,
	TEST_KEY_ED25519,
	TEST_KEY_RSA, /* one that is not taken */
};

/* What a certificate is to say. Empty fields: valid from an hour ago for a day. */
struct test_request {
	const char *uri; /* SAN URI; NULL: none */
	const char *second_uri;
	enum test_key key;
	long from_s; /* relative to now */
	long until_s;
	int server;            /* extended key usage serverAuth; else clientAuth */
	const char *key_usage; /* "critical,digitalSignature"; NULL: none, anything goes */
};

void test_authority_init(struct test_authority *authority);
void test_authority_done(struct test_authority *authority);
struct test_identity test_authority_issue(struct test_authority *authority,
					  const struct test_request *request);
void test_identity_done(struct test_identity *identity);

/* Each writes into the folder and returns the path, to be freed. */
char *test_authority_write_ca(struct test_authority *authority, const char *name);
/* A revocation list with these certificates; valid until `until_s` from now. */
char *test_authority_write_crl(struct test_authority *authority, const char *name,
			       X509 *const *revoked, size_t count, long until_s);
char *test_authority_write_certificate(struct test_authority *authority, const char *name,
				       X509 *certificate);
char *test_authority_write_key(struct test_authority *authority, const char *name, EVP_PKEY *key);

#endif
