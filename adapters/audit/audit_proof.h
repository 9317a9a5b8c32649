/*
 * audit_proof - proofs as text files in the public formats.
 *
 * Of inclusion: C2SP tlog-proof ("c2sp.org/tlog-proof@v1"); its extra line holds the entry, so
 * that the file proves something by itself. Of consistency: the body of C2SP tlog-witness's
 * add-checkpoint ("old N"), so that the same file can be given to a witness.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef AUDIT_AUDIT_PROOF_H
#define AUDIT_AUDIT_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/audit_finding.h"
#include "base/bytes.h"
#include "wire/merkle.h"

#define TC_AUDIT_PROOF_HASHES_MAX 64
#define TC_AUDIT_PROOF_EXTRA_MAX  65535
#define TC_AUDIT_PROOF_BYTES_MAX  (128 * 1024)

struct tc_audit_proof {
	uint64_t number; /* the entry's index, or the old size */
	struct tc_merkle_hash hashes[TC_AUDIT_PROOF_HASHES_MAX];
	size_t hash_count;
	struct tc_bytes extra;      /* empty: there is no such line */
	struct tc_slice checkpoint; /* borrowed from the text */
};

/* 0, TC_AUDIT_FOUND (not of this format) or TC_ENOMEM. Release with tc_audit_proof_done. */
int tc_audit_proof_read(struct tc_slice text, struct tc_audit_proof *ret,
			struct tc_audit_finding *finding) TC_MUST_CHECK;
int tc_audit_step_read(struct tc_slice text, struct tc_audit_proof *ret,
		       struct tc_audit_finding *finding) TC_MUST_CHECK;
void tc_audit_proof_done(struct tc_audit_proof *proof);

/* Appends the text. 0 or TC_ENOMEM. */
int tc_audit_proof_write(const struct tc_audit_proof *proof, struct tc_bytes *to) TC_MUST_CHECK;
int tc_audit_step_write(const struct tc_audit_proof *step, struct tc_bytes *to) TC_MUST_CHECK;

#endif
