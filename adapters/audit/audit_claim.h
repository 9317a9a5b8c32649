/*
 * audit_claim - a proof in a file, held against the keys one trusts: that a record is in the log,
 * or that one log begins with another.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef AUDIT_AUDIT_CLAIM_H
#define AUDIT_AUDIT_CLAIM_H

#include "audit/audit_checkpoint.h"
#include "audit/audit_entry.h"
#include "audit/audit_proof.h"
#include "throughcare/v1/trail.pb-c.h"

struct tc_audit_claimed {
	char origin[TC_NOTE_NAME_BYTES];
	uint64_t size;
	uint64_t old_size;           /* of consistency */
	struct tc_audit_entry entry; /* of inclusion */
	bool entry_read;             /* it is a record's of Throughcare, and not of another log */
	unsigned witnesses;
};

/* A tlog-proof. `entry` NULL: the one in its extra line. 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_claim_inclusion(const struct tc_audit_policy *policy, struct tc_slice text,
			     const struct tc_slice *entry, struct tc_audit_claimed *ret,
			     struct tc_audit_finding *finding) TC_MUST_CHECK;

/* The body of an add-checkpoint; `earlier` is the checkpoint of its old size, checked. */
int tc_audit_claim_consistency(const struct tc_audit_policy *policy, struct tc_slice text,
			       const struct tc_audit_checkpoint *earlier,
			       struct tc_audit_claimed *ret,
			       struct tc_audit_finding *finding) TC_MUST_CHECK;

/* Of a record that comes along opened, as the exchange answers it (NULL is none): it is in the log,
 * and these are its bytes. */
int tc_audit_claim_record(const struct tc_audit_policy *policy,
			  const Throughcare__V1__TrailProof *record, struct tc_audit_claimed *ret,
			  struct tc_audit_finding *finding) TC_MUST_CHECK;

/* The same proofs as the exchange answers them. They borrow nothing of `from` but the checkpoint.
 */
int tc_audit_claim_of_inclusion(const Throughcare__V1__TrailProof *from, struct tc_audit_proof *ret,
				struct tc_audit_finding *finding) TC_MUST_CHECK;
int tc_audit_claim_of_consistency(const Throughcare__V1__TrailProof *from,
				  struct tc_audit_proof *ret,
				  struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
