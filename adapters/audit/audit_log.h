/*
 * audit_log - goes through the entries of a log in their order and counts the tree again.
 *
 * Each entry must be of this log, at its own place, and never earlier than the one before it. Both
 * the export, while it writes, and the verification of one are such a walk.
 *
 * Owner: any thread. Blocks: as its taker does. Faults: those of digest.h.
 */
#ifndef AUDIT_AUDIT_LOG_H
#define AUDIT_AUDIT_LOG_H

#include "audit/audit_checkpoint.h"
#include "audit/audit_finding.h"
#include "audit/audit_recount.h"

/* How far a witness's clock and the exchange's may be apart. */
#define TC_AUDIT_CLOCK_SKEW_MS (10 * 60 * 1000)

struct tc_audit_log {
	struct tc_audit_recount *recount;
	int64_t first_ms; /* of the first entry that was added */
	int64_t last_ms;
	/* A checkpoint that was seen before: the walk must come by its root. Or NULL. */
	const struct tc_audit_checkpoint *earlier;
	/* The one that the walk leads to. */
	const struct tc_audit_checkpoint *target;
};

int tc_audit_log_init(struct tc_audit_log *log, const struct tc_audit_checkpoint *target,
		      const struct tc_audit_checkpoint *earlier,
		      struct tc_audit_finding *finding) TC_MUST_CHECK;
void tc_audit_log_done(struct tc_audit_log *log);
/* Before the first entry: `recount` is empty, or was brought to a place of the log. */
int tc_audit_log_begin(struct tc_audit_log *log, struct tc_audit_finding *finding) TC_MUST_CHECK;

/* A whole bundle of `width` entries; full tiles go to `take`. 0, TC_AUDIT_FOUND, a fault, or what
 * `take` returned. */
int tc_audit_log_add(struct tc_audit_log *log, struct tc_slice bundle, uint32_t width,
		     tc_audit_tile_taker take, void *context,
		     struct tc_audit_finding *finding) TC_MUST_CHECK;
/* The tiles that are not full, and whether it all leads to the target's root. */
int tc_audit_log_end(struct tc_audit_log *log, tc_audit_tile_taker take, void *context,
		     struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
