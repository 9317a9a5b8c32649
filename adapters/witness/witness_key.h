/*
 * witness_key - the key that a witness cosigns with, and the name it does so under.
 *
 * FILE is an Ed25519 key (PEM, PKCS #8, mode 0600), FILE.vkey its public line, which those who
 * trust the witness put into their policy.
 *
 * Owner:  the thread that loaded it. Blocks: on the disk.
 */
#ifndef WITNESS_WITNESS_KEY_H
#define WITNESS_WITNESS_KEY_H

#include "audit/audit_finding.h"
#include "base/err.h"
#include "wire/note.h"

#define TC_WITNESS_PATH_BYTES 4096

struct tc_witness_key {
	struct evp_pkey_st *private_key;
	struct tc_note_key public_key; /* of type TC_NOTE_COSIGNATURE */
};

/* Makes both files; neither may exist. 0, TC_AUDIT_FOUND or a fault. */
int tc_witness_key_make(const char *path, const char *name, char ret_vkey[TC_NOTE_VKEY_BYTES],
			struct tc_audit_finding *finding) TC_MUST_CHECK;
/* 0, TC_AUDIT_FOUND (unreadable, readable by others, or not the key of its vkey) or a fault. */
int tc_witness_key_load(const char *path, struct tc_witness_key *ret,
			struct tc_audit_finding *finding) TC_MUST_CHECK;
void tc_witness_key_done(struct tc_witness_key *key);

#endif
