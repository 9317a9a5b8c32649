/*
 * audit_verify - an export, checked from the ground: every entry, every tile, the root, the
 * checkpoint over it. Needs nothing but the folder and a key.
 *
 * Owner:  the calling thread.
 * Blocks: on the disk.
 */
#ifndef AUDIT_AUDIT_VERIFY_H
#define AUDIT_AUDIT_VERIFY_H

#include "audit/audit_checkpoint.h"
#include "audit/audit_export.h"
#include "audit/audit_folder.h"

struct tc_audit_verdict {
	uint64_t size;
	uint64_t tiles; /* compared */
	int64_t first_ms;
	int64_t last_ms;
	unsigned witnesses;
	struct tc_merkle_hash root;
	char origin[TC_NOTE_NAME_BYTES];
};

/* `earlier`, when not NULL, is a checkpoint seen before, which this log must begin with. 0,
 * TC_AUDIT_FOUND or a fault. */
int tc_audit_verify_folder(const struct tc_audit_folder *folder,
			   const struct tc_audit_policy *policy,
			   const struct tc_audit_checkpoint *earlier, tc_audit_progress progress,
			   void *context, struct tc_audit_verdict *ret,
			   struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
