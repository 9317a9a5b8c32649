/*
 * witness - cosigns checkpoints of one log: what another agency has seen of it.
 *
 * As C2SP tlog-witness says: a checkpoint is cosigned only when the log's key signed it and its log
 * begins with the one cosigned last; that is kept on the disk before the cosignature leaves. So
 * whoever trusts the witness knows that the log has one history and did not shrink.
 *
 * Owner:  the calling thread. Blocks: on the disk.
 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

#include "audit/audit_proof.h"
#include "witness/witness_state.h"

enum tc_witness_outcome {
	/* 1 is TC_AUDIT_FOUND */
	TC_WITNESS_STALE = 2, /* the proof is not from the size that was cosigned last */
};

struct tc_witness {
	struct tc_audit_policy keys; /* of the log */
	struct tc_witness_key key;
	const char *state_path;
};

/* Checks the step, keeps its checkpoint, and appends the cosignature's line. *ret_size: what was
 * cosigned last, before. `now_s` is Unix time. 0, TC_AUDIT_FOUND, TC_WITNESS_STALE or a fault. */
int tc_witness_take(const struct tc_witness *witness, const struct tc_audit_proof *step,
		    uint64_t now_s, struct tc_bytes *line, uint64_t *ret_size,
		    struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
