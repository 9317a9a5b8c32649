#include "wire/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "wire/key_kind.h"

#define CONTEXT_TEXT  "throughcare/submit/v1\n"
#define CONTEXT_BYTES (sizeof(CONTEXT_TEXT) - 1)

struct tc_signing_key {
	EVP_PKEY *key;
	enum tc_key_kind kind;
	EVP_PKEY_CTX *sign; /* of ECDSA keys: initialised once, used for each signature */
	uint8_t secret[TC_DIGEST_BYTES]; /* what salts are derived from */
};

/* Not the private key itself: an HMAC key should be of one use only. */
static int secret_make(EVP_PKEY *key, uint8_t ret[TC_DIGEST_BYTES])
{
	static const char label[] = "throughcare/derive/v1\n";
	uint8_t *der = NULL;
	int len = i2d_PrivateKey(key, &der);
	struct tc_slice piece = tc_slice(label, sizeof(label) - 1);
	int r;

	if (len <= 0)
		return TC_ECRYPTO;
	r = tc_hmac_sha256(tc_slice(der, (size_t)len), &piece, 1, ret);
	OPENSSL_clear_free(der, (size_t)len);
	return r;
}

int tc_signing_key_wrap(struct evp_pkey_st *key, struct tc_signing_key **ret)
{
	struct tc_signing_key *signing;
	enum tc_key_kind kind = tc_key_kind_of(key);
	int r;

	if (kind == TC_KEY_OTHER)
		return TC_ECONFIG;
	signing = calloc(1, sizeof(*signing));
	if (!signing)
		return TC_ENOMEM;
	if (EVP_PKEY_up_ref(key) != 1) {
		free(signing);
		return TC_ECRYPTO;
	}
	signing->key = key;
	signing->kind = kind;
	r = secret_make(key, signing->secret);
	if (r < 0)
		goto out;
	if (kind != TC_KEY_ED25519) {
		signing->sign = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
		if (!signing->sign || EVP_PKEY_sign_init(signing->sign) != 1) {
			r = TC_ECRYPTO;
			goto out;
		}
	}
	*ret = signing;
	signing = NULL;
out:
	ERR_clear_error();
	tc_signing_key_free(&signing);
	return r;
}

/* No prompting for a passphrase: an encrypted key is simply not usable here. */
static int passphrase_none(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

int tc_signing_key_load(const char *path, struct tc_signing_key **ret)
{
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key;
	int r;

	if (!file) {
		ERR_clear_error();
		return TC_EIO;
	}
	key = PEM_read_bio_PrivateKey(file, NULL, passphrase_none, NULL);
	BIO_free(file);
	ERR_clear_error();
	if (!key)
		return TC_ECONFIG;
	r = tc_signing_key_wrap(key, ret);
	EVP_PKEY_free(key);
	return r;
}

void tc_signing_key_free(struct tc_signing_key **key)
{
	if (!*key)
		return;
	EVP_PKEY_CTX_free((*key)->sign);
	EVP_PKEY_free((*key)->key);
	tc_wipe((*key)->secret, sizeof((*key)->secret));
	free(*key);
	*key = NULL;
}

struct evp_pkey_st *tc_signing_key_private(const struct tc_signing_key *key)
{
	return key->key;
}

static int sign_ed25519(struct tc_signing_key *key, struct tc_slice message,
			struct tc_signature *ret)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = sizeof(ret->bytes);
	int r = TC_ECRYPTO;

	if (!context)
		return TC_ENOMEM;
	if (EVP_DigestSignInit(context, NULL, NULL, NULL, key->key) == 1 &&
	    EVP_DigestSign(context, ret->bytes, &len, message.data, message.len) == 1) {
		ret->len = len;
		r = 0;
	}
	EVP_MD_CTX_free(context);
	return r;
}

int tc_signing_key_sign(struct tc_signing_key *key, struct tc_slice message,
			struct tc_signature *ret)
{
	struct tc_key_digest digest;
	size_t len = sizeof(ret->bytes);
	int r;

	if (key->kind == TC_KEY_ED25519)
		return sign_ed25519(key, message, ret);
	r = tc_key_digest_make(key->kind, message, &digest);
	if (r < 0)
		return r;
	if (EVP_PKEY_sign(key->sign, ret->bytes, &len, digest.bytes, digest.len) != 1) {
		ERR_clear_error();
		return TC_ECRYPTO;
	}
	ret->len = len;
	return 0;
}

int tc_signing_key_derive(struct tc_signing_key *key, const char *label, struct tc_slice context,
			  uint8_t ret[TC_DIGEST_BYTES])
{
	/* The label with its NUL, so that no label and context run into one another. */
	struct tc_slice pieces[] = {tc_slice(label, strlen(label) + 1), context};

	return tc_hmac_sha256(tc_slice(key->secret, sizeof(key->secret)), pieces, 2, ret);
}

static struct tc_slice signed_text(const struct tc_merkle_hash *root,
				   uint8_t to[CONTEXT_BYTES + TC_DIGEST_BYTES])
{
	memcpy(to, CONTEXT_TEXT, CONTEXT_BYTES);
	memcpy(to + CONTEXT_BYTES, root->bytes, TC_DIGEST_BYTES);
	return tc_slice(to, CONTEXT_BYTES + TC_DIGEST_BYTES);
}

int tc_signature_make(struct tc_signing_key *key, const struct tc_merkle_hash *root,
		      struct tc_signature *ret)
{
	uint8_t text[CONTEXT_BYTES + TC_DIGEST_BYTES];

	return tc_signing_key_sign(key, signed_text(root, text), ret);
}

int tc_signature_verify(struct tc_certificate *certificate, const struct tc_merkle_hash *root,
			struct tc_slice signature)
{
	uint8_t text[CONTEXT_BYTES + TC_DIGEST_BYTES];

	return tc_certificate_verify(certificate, signed_text(root, text), signature);
}
