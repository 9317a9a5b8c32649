#include "wire/certificate.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "wire/key_kind.h"

struct tc_certificate {
	X509 *x509;
	struct tc_bytes der;
	uint8_t sha256[TC_SHA256_BYTES];
	enum tc_key_kind kind;
	EVP_PKEY_CTX *verify; /* of ECDSA keys: initialised once, used for each signature */
};

static int der_encode(X509 *x509, struct tc_bytes *ret)
{
	int len = i2d_X509(x509, NULL);
	uint8_t *end;
	int r;

	if (len <= 0)
		return TC_ECRYPTO;
	if (len > TC_CERTIFICATE_BYTES_MAX)
		return TC_CERTIFICATE_MALFORMED;
	r = tc_bytes_reserve(ret, (size_t)len);
	if (r < 0)
		return r;
	end = ret->data;
	if (i2d_X509(x509, &end) != len)
		return TC_ECRYPTO;
	ret->len = (size_t)len;
	return 0;
}

int tc_certificate_wrap(struct x509_st *x509, struct tc_certificate **ret)
{
	struct tc_certificate *certificate = calloc(1, sizeof(*certificate));
	EVP_PKEY *key = X509_get0_pubkey(x509);
	int r;

	if (!certificate)
		return TC_ENOMEM;
	if (X509_up_ref(x509) != 1) {
		free(certificate);
		return TC_ECRYPTO;
	}
	certificate->x509 = x509;
	r = der_encode(x509, &certificate->der);
	if (r != 0)
		goto out;
	r = tc_sha256(tc_bytes_slice(&certificate->der), certificate->sha256);
	if (r < 0)
		goto out;
	certificate->kind = key ? tc_key_kind_of(key) : TC_KEY_OTHER;
	if (certificate->kind == TC_KEY_OTHER) {
		r = TC_CERTIFICATE_KEY_KIND;
		goto out;
	}
	if (certificate->kind != TC_KEY_ED25519) {
		certificate->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
		if (!certificate->verify || EVP_PKEY_verify_init(certificate->verify) != 1) {
			r = TC_ECRYPTO;
			goto out;
		}
	}
	*ret = certificate;
	certificate = NULL;
out:
	ERR_clear_error();
	tc_certificate_free(&certificate);
	return r;
}

int tc_certificate_decode(struct tc_slice der, struct tc_certificate **ret)
{
	const uint8_t *end = der.data;
	X509 *x509;
	int r;

	if (der.len == 0 || der.len > TC_CERTIFICATE_BYTES_MAX)
		return TC_CERTIFICATE_MALFORMED;
	x509 = d2i_X509(NULL, &end, (long)der.len);
	if (!x509 || end != der.data + der.len) {
		X509_free(x509);
		ERR_clear_error();
		return TC_CERTIFICATE_MALFORMED;
	}
	r = tc_certificate_wrap(x509, ret);
	X509_free(x509);
	return r;
}

int tc_certificate_load(const char *path, struct tc_certificate **ret)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *x509;
	int r;

	if (!file) {
		ERR_clear_error();
		return errno == ENOMEM ? TC_ENOMEM : TC_EIO;
	}
	x509 = PEM_read_bio_X509(file, NULL, NULL, NULL);
	BIO_free(file);
	ERR_clear_error();
	if (!x509)
		return TC_CERTIFICATE_MALFORMED;
	r = tc_certificate_wrap(x509, ret);
	X509_free(x509);
	return r;
}

void tc_certificate_free(struct tc_certificate **certificate)
{
	if (!*certificate)
		return;
	EVP_PKEY_CTX_free((*certificate)->verify);
	tc_bytes_free(&(*certificate)->der);
	X509_free((*certificate)->x509);
	free(*certificate);
	*certificate = NULL;
}

const uint8_t *tc_certificate_sha256(const struct tc_certificate *certificate)
{
	return certificate->sha256;
}

struct tc_slice tc_certificate_der(const struct tc_certificate *certificate)
{
	return tc_bytes_slice(&certificate->der);
}

struct x509_st *tc_certificate_x509(const struct tc_certificate *certificate)
{
	return certificate->x509;
}

static int verify_ed25519(struct tc_certificate *certificate, struct tc_slice message,
			  struct tc_slice signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
	int r = TC_ECRYPTO;

	if (!context)
		return TC_ENOMEM;
	if (EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1)
		r = EVP_DigestVerify(context, signature.data, signature.len, message.data,
				     message.len) == 1
			    ? 0
			    : TC_SIGNATURE_WRONG;
	EVP_MD_CTX_free(context);
	return r;
}

int tc_certificate_verify(struct tc_certificate *certificate, struct tc_slice message,
			  struct tc_slice signature)
{
	struct tc_key_digest digest;
	int r;

	if (signature.len == 0)
		return TC_SIGNATURE_WRONG;
	if (certificate->kind == TC_KEY_ED25519) {
		r = verify_ed25519(certificate, message, signature);
	} else {
		r = tc_key_digest_make(certificate->kind, message, &digest);
		if (r < 0)
			return r;
		r = EVP_PKEY_verify(certificate->verify, signature.data, signature.len,
				    digest.bytes, digest.len) == 1
			    ? 0
			    : TC_SIGNATURE_WRONG;
	}
	ERR_clear_error();
	return r;
}
