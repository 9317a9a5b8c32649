/*
 * sealer_state - the largest tree that was ever signed, of each origin.
 *
 * The file `sealer.state` in a folder of the sealer's own: three lines an origin (origin, size,
 * base64 root) and at the end the SHA-256 of all before it. It is written anew beside the old
 * one, synced and renamed, and the folder is synced, before advance returns.
 *
 * Owner: the sealer. Blocks: advance, until the disk has it.
 */
#ifndef SEALER_SEALER_STATE_H
#define SEALER_SEALER_STATE_H

#include "wire/merkle.h"
#include "wire/note.h"

#define SEALER_ORIGINS_MAX 64

struct sealer_origin {
	char name[TC_NOTE_NAME_BYTES];
	uint64_t size; /* 0: nothing was signed yet */
	struct tc_merkle_hash root;
};

struct sealer_state {
	int folder; /* descriptor */
	size_t count;
	size_t current; /* the origin that is signed for */
	struct sealer_origin origins[SEALER_ORIGINS_MAX];
};

/* `folder` is a descriptor, which stays the caller's. 0; TC_ECORRUPT when the file is not what was
 * written; TC_EFULL with too many origins; TC_EIO. */
int sealer_state_open(int folder, const char *origin, struct sealer_state *ret) TC_MUST_CHECK;
const struct sealer_origin *sealer_state_last(const struct sealer_state *state);
/* 0, or TC_EIO: nothing has changed. */
int sealer_state_advance(struct sealer_state *state, uint64_t size,
			 const struct tc_merkle_hash *root) TC_MUST_CHECK;

#endif
