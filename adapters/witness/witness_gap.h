/*
 * witness_gap - a log that goes on under another name, after a gap that somebody answered for.
 *
 * A restored log that lacks records which were signed has another name (origin) from then on, and
 * its record "restored" says how many were signed before, who decided and why. A witness cosigns
 * for the new name only when its operator says so, and when either the log still begins with all
 * that was cosigned, or that record owns up to all of it. What was cosigned last under the old name
 * is kept for good, in the state file's name with .1, .2, ..., and that name is never cosigned
 * again.
 *
 * Owner:  the calling thread. Blocks: on the disk.
 */
#ifndef WITNESS_WITNESS_GAP_H
#define WITNESS_WITNESS_GAP_H

#include "throughcare/v1/trail.pb-c.h"
#include "witness/witness.h"

/* `record` proves the record that tells of the gap, under the checkpoint that is to be cosigned;
 * `step` is the consistency proof from what was cosigned last to that checkpoint, or NULL when the
 * log is smaller now. Otherwise as tc_witness_take. */
int tc_witness_take_gap(const struct tc_witness *witness, const Throughcare__V1__TrailProof *record,
			const Throughcare__V1__TrailProof *step, uint64_t now_s,
			struct tc_bytes *line, uint64_t *ret_size,
			struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
