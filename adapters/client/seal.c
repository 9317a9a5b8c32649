#include "client/seal.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "wire/key_kind.h"
#include "wire/limits.h"

int tc_seal_check(struct x509_st *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	enum tc_key_kind kind = key ? tc_key_kind_of(key) : TC_KEY_OTHER;
	bool rsa = key && EVP_PKEY_is_a(key, "RSA");
	uint32_t needed = rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	bool allowed = (X509_get_key_usage(certificate) & needed) != 0; /* all ones without one */

	ERR_clear_error();
	if (!rsa && kind != TC_KEY_P256 && kind != TC_KEY_P384)
		return TC_SEAL_KEY_KIND;
	return allowed ? 0 : TC_SEAL_KEY_USAGE;
}

/* OpenSSL's own choices are SHA-1 for the derivation and PKCS #1 v1.5 for RSA. */
static bool recipient_add(CMS_ContentInfo *cms, X509 *certificate)
{
	CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
	EVP_PKEY_CTX *context = info ? CMS_RecipientInfo_get0_pkey_ctx(info) : NULL;
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (!context)
		return false;
	if (!EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_CTX_set_ecdh_kdf_md(context, tc_key_kind_of(key) == TC_KEY_P384
								     ? EVP_sha384()
								     : EVP_sha256()) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

static int der_encode(CMS_ContentInfo *cms, struct tc_bytes *ret)
{
	int len = i2d_CMS_ContentInfo(cms, NULL);
	uint8_t *end;
	int r;

	if (len <= 0)
		return TC_ECRYPTO;
	if (len > TC_PART_BYTES_MAX)
		return TC_SEAL_TOO_LONG;
	r = tc_bytes_reserve(ret, (size_t)len);
	if (r < 0)
		return r;
	end = ret->data + ret->len;
	if (i2d_CMS_ContentInfo(cms, &end) != len)
		return TC_ECRYPTO;
	ret->len += (size_t)len;
	return 0;
}

int tc_seal_make(struct x509_st *const *certificates, size_t count, struct tc_slice content,
		 struct tc_bytes *ret)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_STREAM;
	CMS_ContentInfo *cms = NULL;
	BIO *plain = NULL;
	int r = 0;

	if (count < 1 || count > TC_RECIPIENTS_MAX)
		return TC_EINVAL;
	if (content.len > TC_PART_BYTES_MAX)
		return TC_SEAL_TOO_LONG;
	for (size_t i = 0; i < count && r == 0; i++)
		r = tc_seal_check(certificates[i]);
	if (r != 0)
		return r;
	r = TC_ECRYPTO;
	plain = BIO_new_mem_buf(content.len > 0 ? content.data : (const uint8_t *)"",
				(int)content.len);
	cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), flags);
	if (!plain || !cms)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (!recipient_add(cms, certificates[i]))
			goto out;
	}
	if (CMS_final(cms, plain, NULL, flags) == 1)
		r = der_encode(cms, ret);
out:
	CMS_ContentInfo_free(cms);
	BIO_free(plain);
	ERR_clear_error();
	return r;
}

/* How many keys it may take to find the one that fits; kinds that no certificate is for are
 * passed over. */
static int recipient_weight(CMS_RecipientInfo *info)
{
	STACK_OF(CMS_RecipientEncryptedKey) * keys;

	switch (CMS_RecipientInfo_type(info)) {
	case CMS_RECIPINFO_TRANS:
		return 1;
	case CMS_RECIPINFO_AGREE:
		keys = CMS_RecipientInfo_kari_get0_reks(info);
		return keys ? sk_CMS_RecipientEncryptedKey_num(keys) : 0;
	default:
		return 0;
	}
}

/* The two types, around plain data, with few enough recipients to try. */
static bool is_openable(CMS_ContentInfo *cms)
{
	int type = OBJ_obj2nid(CMS_get0_type(cms));
	STACK_OF(CMS_RecipientInfo) * recipients;
	int count, weight = 0;

	if (type != NID_pkcs7_enveloped && type != NID_id_smime_ct_authEnvelopedData)
		return false;
	recipients = CMS_get0_RecipientInfos(cms);
	count = recipients ? sk_CMS_RecipientInfo_num(recipients) : 0;
	if (count < 1 || count > TC_SEAL_RECIPIENTS_MAX)
		return false;
	for (int i = 0; i < count && weight <= TC_SEAL_RECIPIENTS_MAX; i++)
		weight += recipient_weight(sk_CMS_RecipientInfo_value(recipients, i));
	return weight <= TC_SEAL_RECIPIENTS_MAX &&
	       OBJ_obj2nid(CMS_get0_eContentType(cms)) == NID_pkcs7_data;
}

static int content_take(BIO *plain, struct tc_bytes *ret)
{
	char *data = NULL;
	long len = BIO_get_mem_data(plain, &data);

	return len > 0 ? tc_bytes_append(ret, data, (size_t)len) : 0;
}

int tc_seal_open(struct tc_slice sealed, struct evp_pkey_st *key, struct tc_bytes *ret)
{
	const uint8_t *end = sealed.data;
	CMS_ContentInfo *cms = NULL;
	BIO *plain = NULL; /* a memory BIO wipes what it gives back */
	int r = TC_SEAL_MALFORMED;

	if (sealed.len == 0 || sealed.len > TC_PART_BYTES_MAX)
		return TC_SEAL_MALFORMED;
	cms = d2i_CMS_ContentInfo(NULL, &end, (long)sealed.len);
	if (!cms || end != sealed.data + sealed.len || !is_openable(cms))
		goto out;
	plain = BIO_new(BIO_s_mem());
	r = plain ? TC_SEAL_NOT_FOR_KEY : TC_ENOMEM;
	if (plain && CMS_decrypt(cms, key, NULL, NULL, plain, CMS_BINARY) == 1)
		r = content_take(plain, ret);
out:
	CMS_ContentInfo_free(cms);
	BIO_free(plain);
	ERR_clear_error();
	return r;
}
