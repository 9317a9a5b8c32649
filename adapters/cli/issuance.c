#include "cli/issuance.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

EVP_PKEY *tc_issuance_key_new(void)
{
	return EVP_EC_gen("P-256");
}

static int extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension)
		return TC_ECRYPTO;
	int r = X509_add_ext(certificate, extension, -1) ? 0 : TC_ECRYPTO;
	X509_EXTENSION_free(extension);
	return r;
}

static int extensions_add(X509 *certificate, X509 *issuer,
			  const struct tc_issuance_request *request)
{
	const struct {
		int nid;
		const char *value;
	} extensions[] = {
		{NID_basic_constraints,
		 request->authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"},
		/* Members' keys also agree on keys: what is sealed to them is (RFC 5753). */
		{NID_key_usage, request->authority ? "critical,keyCertSign,cRLSign"
				: request->server  ? "critical,digitalSignature"
						   : "critical,digitalSignature,keyAgreement"},
		{NID_ext_key_usage, request->authority ? NULL
				    : request->server  ? "serverAuth,clientAuth"
						       : "clientAuth"},
		{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid:always"},
		{NID_subject_alt_name, request->alternative_names},
	};
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		if (!extensions[i].value)
			continue;
		int r = extension_add(certificate, issuer, extensions[i].nid, extensions[i].value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int serial_set(ASN1_INTEGER *to, const uint8_t *serial, size_t len)
{
	BIGNUM *number = BN_bin2bn(serial, (int)len, NULL);
	int r = number && BN_to_ASN1_INTEGER(number, to) ? 0 : TC_ECRYPTO;
	BN_free(number);
	return r;
}

/* One name: the organisation says what made it, the common name whom it is for. */
static int name_set(X509_NAME *name, const char *common_name)
{
	if (!X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
					(const unsigned char *)"Throughcare network", -1, -1, 0) ||
	    !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					(const unsigned char *)common_name, -1, -1, 0))
		return TC_ECRYPTO;
	return 0;
}

X509 *tc_issuance_new(const struct tc_issuance_request *request)
{
	X509 *certificate = X509_new();
	X509 *issuer = request->issuer ? request->issuer : certificate;

	if (!certificate || !X509_set_version(certificate, X509_VERSION_3) ||
	    serial_set(X509_get_serialNumber(certificate), request->serial,
		       sizeof(request->serial)) < 0 ||
	    name_set(X509_get_subject_name(certificate), request->common_name) < 0 ||
	    !X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) ||
	    !X509_set_pubkey(certificate, request->public_key) ||
	    /* An hour back: the peers' clocks need not agree to the second. */
	    !X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) ||
	    !X509_time_adj_ex(X509_getm_notAfter(certificate), request->days, 0, NULL) ||
	    extensions_add(certificate, issuer, request) < 0 ||
	    !X509_sign(certificate, request->issuer_key, EVP_sha256())) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

static int list_entry_add(X509_CRL *list, const struct tc_issuance_revoked *revoked)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)(revoked->at_ms / 1000));
	BIGNUM *number = NULL;
	int r = TC_ECRYPTO;

	if (entry && serial && when && BN_hex2bn(&number, revoked->serial) > 0 &&
	    BN_to_ASN1_INTEGER(number, serial) && X509_REVOKED_set_serialNumber(entry, serial) &&
	    X509_REVOKED_set_revocationDate(entry, when) && X509_CRL_add0_revoked(list, entry)) {
		entry = NULL; /* the list's now */
		r = 0;
	}
	BN_free(number);
	ASN1_TIME_free(when);
	ASN1_INTEGER_free(serial);
	X509_REVOKED_free(entry);
	return r;
}

static int list_extensions_add(X509_CRL *list, X509 *issuer, int64_t number)
{
	X509V3_CTX context;
	ASN1_INTEGER *value = ASN1_INTEGER_new();
	int r = TC_ECRYPTO;

	X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
	X509_EXTENSION *issuer_key =
		X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
	if (value && issuer_key && ASN1_INTEGER_set_int64(value, number) &&
	    X509_CRL_add_ext(list, issuer_key, -1) &&
	    X509_CRL_add1_ext_i2d(list, NID_crl_number, value, 0, 0) > 0)
		r = 0;
	X509_EXTENSION_free(issuer_key);
	ASN1_INTEGER_free(value);
	return r;
}

X509_CRL *tc_issuance_list_new(X509 *issuer, EVP_PKEY *issuer_key, int64_t number, int days,
			       const struct tc_issuance_revoked *revoked, size_t count)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *last = X509_gmtime_adj(NULL, 0);
	ASN1_TIME *next = X509_time_adj_ex(NULL, days, 0, NULL);
	bool done = list && last && next && X509_CRL_set_version(list, X509_CRL_VERSION_2) &&
		    X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer)) &&
		    X509_CRL_set1_lastUpdate(list, last) && X509_CRL_set1_nextUpdate(list, next);

	for (size_t i = 0; done && i < count; i++)
		done = list_entry_add(list, &revoked[i]) == 0;
	done = done && list_extensions_add(list, issuer, number) == 0 && X509_CRL_sort(list) &&
	       X509_CRL_sign(list, issuer_key, EVP_sha256());
	ASN1_TIME_free(next);
	ASN1_TIME_free(last);
	if (!done) {
		X509_CRL_free(list);
		return NULL;
	}
	return list;
}

static int bio_take(BIO *bio, bool written, struct tc_bytes *ret)
{
	char *data = NULL;
	long len = written ? BIO_get_mem_data(bio, &data) : 0;
	int r = len > 0 ? tc_bytes_append(ret, data, (size_t)len) : TC_ECRYPTO;
	BIO_free(bio);
	return r;
}

int tc_issuance_pem(X509 *certificate, struct tc_bytes *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());
	return bio_take(bio, bio && PEM_write_bio_X509(bio, certificate), ret);
}

int tc_issuance_key_pem(EVP_PKEY *key, struct tc_bytes *ret)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	return bio_take(bio, bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL),
			ret);
}

int tc_issuance_list_pem(X509_CRL *list, struct tc_bytes *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());
	return bio_take(bio, bio && PEM_write_bio_X509_CRL(bio, list), ret);
}

X509 *tc_issuance_parse(struct tc_slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	return certificate;
}

EVP_PKEY *tc_issuance_key_parse(struct tc_slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	return key;
}
