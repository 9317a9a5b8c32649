/*
 * sealer_key - the keys that sign the log's checkpoints: a folder of Ed25519 keys.
 *
 * All of them sign, so that a new key and the one that it replaces overlap. Each is a file
 * *.pem (PKCS#8, no passphrase) that only its owner, the sealer's user, may read.
 *
 * Owner: the sealer. Blocks: on reading the files.
 */
#ifndef SEALER_SEALER_KEY_H
#define SEALER_SEALER_KEY_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "sealer/sealer_frame.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

struct sealer_keys {
	size_t count;
	struct evp_pkey_st *keys[SEALER_KEYS_MAX]; /* in the order of their files' names */
};

/* What is wrong with a folder of keys, for a person. */
struct sealer_key_problem {
	char file[256];
	const char *text;
};

/* 0; or TC_ECONFIG with *problem filled: no key, too many, one that is not Ed25519 or that others
 * may read. */
int sealer_keys_load(const char *folder, struct sealer_keys *ret,
		     struct sealer_key_problem *problem) TC_MUST_CHECK;
void sealer_keys_free(struct sealer_keys *keys);

#endif
