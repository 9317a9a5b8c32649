/*
 * audit_checkpoint - a checkpoint of the log, held against the keys and witnesses one trusts.
 *
 * Only a key whose name is the checkpoint's origin can sign for it.
 *
 * Owner: any thread; what was checked borrows from the note's bytes. Blocks: never.
 */
#ifndef AUDIT_AUDIT_CHECKPOINT_H
#define AUDIT_AUDIT_CHECKPOINT_H

#include "audit/audit_finding.h"
#include "audit/audit_policy.h"
#include "wire/note.h"

struct tc_audit_checkpoint {
	struct tc_checkpoint parsed;
	uint64_t cosigned;     /* witnesses, by their places in the policy */
	unsigned witnesses;    /* how many those are */
	int64_t seen_first_ms; /* of their cosignatures' times; 0: there is none */
};

/* 0; TC_AUDIT_FOUND: malformed, of another log, not signed, wrongly signed, or not witnessed as the
 * policy wants it; or a fault. */
int tc_audit_checkpoint_check(const struct tc_audit_policy *policy, struct tc_slice note,
			      struct tc_audit_checkpoint *ret,
			      struct tc_audit_finding *finding) TC_MUST_CHECK;

/* That the later log begins with the earlier one. 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_checkpoint_follows(const struct tc_checkpoint *earlier,
				const struct tc_checkpoint *later,
				const struct tc_merkle_hash *hashes, size_t count,
				struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
