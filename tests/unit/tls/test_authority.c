#include "unit/tls/test_authority.h"

#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"

static EVP_PKEY *key_make(enum test_key kind)
{
	switch (kind) {
	case TEST_KEY_P256:
		return EVP_EC_gen("P-256");
	case TEST_KEY_P384:
		return EVP_EC_gen("P-384");
	case TEST_KEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case TEST_KEY_RSA:
		return EVP_RSA_gen(2048);
	}
	return NULL;
}

static void extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	TC_CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static X509 *certificate_begin(long serial, EVP_PKEY *key, long from_s, long until_s)
{
	X509 *certificate = X509_new();

	TC_CHECK(certificate && X509_set_version(certificate, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	TC_CHECK(X509_set_pubkey(certificate, key) == 1);
	return certificate;
}

static void name_set(X509_NAME *name, const char *text)
{
	TC_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
					    -1, -1, 0) == 1);
}

void test_authority_init(struct test_authority *authority)
{
	memset(authority, 0, sizeof(*authority));
	snprintf(authority->folder, sizeof(authority->folder), "/tmp/throughcare-test-XXXXXX");
	TC_CHECK(mkdtemp(authority->folder));
	authority->key = key_make(TEST_KEY_P256);
	authority->last_serial = 0x0100 + (long)(time(NULL) % 1000);
	authority->certificate =
		certificate_begin(authority->last_serial, authority->key, -7200, 7L * 86400);
	name_set(X509_get_subject_name(authority->certificate), "test authority");
	name_set(X509_get_issuer_name(authority->certificate), "test authority");
	extension_add(authority->certificate, authority->certificate, NID_basic_constraints,
		      "critical,CA:TRUE");
	extension_add(authority->certificate, authority->certificate, NID_key_usage,
		      "critical,keyCertSign,cRLSign");
	TC_CHECK(X509_sign(authority->certificate, authority->key, EVP_sha256()) > 0);
}

static int file_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

void test_authority_done(struct test_authority *authority)
{
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	nftw(authority->folder, file_remove, 8, FTW_DEPTH | FTW_PHYS);
}

struct test_identity test_authority_issue(struct test_authority *authority,
					  const struct test_request *request)
{
	struct test_identity identity;
	char names[512];
	long from_s = request->from_s ? request->from_s : -3600;
	long until_s = request->until_s ? request->until_s : 86400;

	identity.key = key_make(request->key);
	identity.certificate =
		certificate_begin(++authority->last_serial, identity.key, from_s, until_s);
	name_set(X509_get_subject_name(identity.certificate), "nobody reads this");
	TC_CHECK(X509_set_issuer_name(identity.certificate,
				      X509_get_subject_name(authority->certificate)) == 1);
	extension_add(identity.certificate, authority->certificate, NID_ext_key_usage,
		      request->server ? "serverAuth" : "clientAuth");
	if (request->key_usage)
		extension_add(identity.certificate, authority->certificate, NID_key_usage,
			      request->key_usage);
	if (request->uri) {
		snprintf(names, sizeof(names), "URI:%s%s%s%s", request->uri,
			 request->second_uri ? ",URI:" : "",
			 request->second_uri ? request->second_uri : "",
			 request->server ? ",DNS:localhost" : "");
		extension_add(identity.certificate, authority->certificate, NID_subject_alt_name,
			      names);
	}
	TC_CHECK(X509_sign(identity.certificate, authority->key, EVP_sha256()) > 0);
	return identity;
}

void test_identity_done(struct test_identity *identity)
{
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
}

static FILE *file_open(struct test_authority *authority, const char *name, char **ret_path)
{
	FILE *file;

	TC_CHECK(asprintf(ret_path, "%s/%s", authority->folder, name) > 0);
	file = fopen(*ret_path, "w");
	TC_CHECK(file);
	return file;
}

char *test_authority_write_certificate(struct test_authority *authority, const char *name,
				       X509 *certificate)
{
	char *path;
	FILE *file = file_open(authority, name, &path);

	TC_CHECK(PEM_write_X509(file, certificate) == 1);
	TC_CHECK(fclose(file) == 0);
	return path;
}

char *test_authority_write_ca(struct test_authority *authority, const char *name)
{
	return test_authority_write_certificate(authority, name, authority->certificate);
}

char *test_authority_write_key(struct test_authority *authority, const char *name, EVP_PKEY *key)
{
	char *path;
	FILE *file = file_open(authority, name, &path);

	TC_CHECK(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	TC_CHECK(fclose(file) == 0);
	return path;
}

char *test_authority_write_crl(struct test_authority *authority, const char *name,
			       X509 *const *revoked, size_t count, long until_s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *last = X509_gmtime_adj(NULL, -7200);
	ASN1_TIME *next = X509_gmtime_adj(NULL, until_s);
	char *path;
	FILE *file = file_open(authority, name, &path);

	TC_CHECK(crl && last && next && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1);
	TC_CHECK(X509_CRL_set_issuer_name(crl, X509_get_subject_name(authority->certificate)) == 1);
	TC_CHECK(X509_CRL_set1_lastUpdate(crl, last) == 1);
	TC_CHECK(X509_CRL_set1_nextUpdate(crl, next) == 1);
	for (size_t i = 0; i < count; i++) {
		X509_REVOKED *entry = X509_REVOKED_new();

		TC_CHECK(entry);
		TC_CHECK(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked[i])) ==
			 1);
		TC_CHECK(X509_REVOKED_set_revocationDate(entry, last) == 1);
		TC_CHECK(X509_CRL_add0_revoked(crl, entry) == 1);
	}
	TC_CHECK(X509_CRL_sort(crl) == 1);
	TC_CHECK(X509_CRL_sign(crl, authority->key, EVP_sha256()) > 0);
	TC_CHECK(PEM_write_X509_CRL(file, crl) == 1);
	TC_CHECK(fclose(file) == 0);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	X509_CRL_free(crl);
	return path;
}
