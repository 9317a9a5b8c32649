#include "wire/key_kind.h"

#include <openssl/evp.h>
#include <string.h>

#include "wire/digest.h"

enum tc_key_kind tc_key_kind_of(const struct evp_pkey_st *key)
{
	char group[32];

	if (EVP_PKEY_is_a(key, "ED25519"))
		return TC_KEY_ED25519;
	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		return TC_KEY_OTHER;
	if (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0)
		return TC_KEY_P256;
	if (strcmp(group, "secp384r1") == 0 || strcmp(group, "P-384") == 0)
		return TC_KEY_P384;
	return TC_KEY_OTHER;
}

int tc_key_digest_make(enum tc_key_kind kind, struct tc_slice message, struct tc_key_digest *ret)
{
	unsigned int len = sizeof(ret->bytes);

	if (kind == TC_KEY_P384) {
		if (EVP_Digest(message.data, message.len, ret->bytes, &len, EVP_sha384(), NULL) !=
		    1)
			return TC_ECRYPTO;
		ret->len = len;
		return 0;
	}
	ret->len = TC_SHA256_BYTES;
	return tc_sha256(message, ret->bytes);
}
