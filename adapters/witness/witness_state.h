/*
 * witness_state - the newest checkpoint that a witness has cosigned, kept as it came.
 *
 * Locked for as long as it is open, so that two processes cannot take turns rolling it back; a
 * checkpoint is on the disk before anybody is told of it.
 *
 * Owner:  the thread that opened it. Blocks: on the disk, and until the lock is free.
 */
#ifndef WITNESS_WITNESS_STATE_H
#define WITNESS_WITNESS_STATE_H

#include <stdbool.h>

#include "audit/audit_checkpoint.h"
#include "audit/audit_folder.h"
#include "witness/witness_key.h"

struct tc_witness_state {
	struct tc_audit_folder folder;
	char name[64]; /* of the file in it */
	int lock;
	struct tc_bytes note; /* empty: nothing was cosigned yet */
	struct tc_audit_checkpoint seen;
};

/* `path` is the file; its folder exists. What it holds must be signed by a key of the log. 0,
 * TC_AUDIT_FOUND or a fault. */
int tc_witness_state_open(const char *path, const struct tc_audit_policy *keys,
			  struct tc_witness_state *ret,
			  struct tc_audit_finding *finding) TC_MUST_CHECK;
void tc_witness_state_close(struct tc_witness_state *state);

/* Of what was seen; 0 for nothing. */
uint64_t tc_witness_state_size(const struct tc_witness_state *state);

/* Replaces what is kept; durable when it returns 0. */
int tc_witness_state_put(struct tc_witness_state *state, struct tc_slice note,
			 struct tc_audit_finding *finding) TC_MUST_CHECK;
/* Before a checkpoint of another log's name (`origin`) is put: what is there is kept for good as
 * "name.1", "name.2", ... TC_AUDIT_FOUND when that name was left once: one does not go back. */
int tc_witness_state_leave(struct tc_witness_state *state, const struct tc_audit_policy *keys,
			   struct tc_slice origin, struct tc_audit_finding *finding) TC_MUST_CHECK;
/* Keeps a checkpoint that must not be cosigned, beside the file, as evidence. */
int tc_witness_state_evidence(const struct tc_witness_state *state, struct tc_slice note,
			      struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
