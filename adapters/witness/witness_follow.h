/*
 * witness_follow - one round of a witness with the exchange: ask, check, cosign, hand in.
 *
 * Owner:  the thread that owns the client.
 * Blocks: on the disk and the network, TC_AUDIT_TIMEOUT_MS for each step.
 */
#ifndef WITNESS_WITNESS_FOLLOW_H
#define WITNESS_WITNESS_FOLLOW_H

#include <throughcare/client.h>

#include "witness/witness.h"

enum tc_witness_follow_outcome {
	/* 1 is TC_AUDIT_FOUND, 2 TC_WITNESS_STALE */
	TC_WITNESS_UNANSWERED = 3, /* the exchange could not be asked, or refused: *ret_error */
};

struct tc_witnessed {
	uint64_t before; /* what was cosigned last */
	uint64_t size;   /* what is now */
};

#define TC_WITNESS_NO_GAP UINT64_MAX

/* Connects, does a round and disconnects. `gap` is the record that says why the log has another
 * name now (witness_gap.h), or TC_WITNESS_NO_GAP. 0, TC_AUDIT_FOUND, TC_WITNESS_STALE (another
 * process was faster), TC_WITNESS_UNANSWERED or a fault. */
int tc_witness_follow(const struct tc_witness *witness, struct tc_client *client, uint64_t gap,
		      struct tc_witnessed *ret, struct tc_client_error *ret_error,
		      struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
