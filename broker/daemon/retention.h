/*
 * retention - what has been kept as long as the policy in force says, and goes.
 *
 * A rule of the policy keeps the content of categories, or whole records of a kind, for so many
 * days. The parts of a message go together, when the longest of their terms is over; they stay
 * for good when one of them is of a category that no rule names. What somebody still waits for
 * stays, and whatever a legal hold is about. Room never plays a part. Removing is forget.h's.
 *
 * How far each rule has looked is kept beside the log (retention_mark.h), so that a day's look
 * costs what a day brought.
 *
 * Owner:  the main thread. Blocks: on page faults, while it reads what came due since the last
 *         look.
 */
#ifndef DAEMON_RETENTION_H
#define DAEMON_RETENTION_H

#include "daemon/forget.h"

/* The first rule of which something is due, and what. Whole records wait while the disk has no
 * room for a base without them. 0, FORGET_NOTHING, FORGET_POSTPONED or a fault. */
int retention_plan(struct stores *stores, const struct config *config,
		   struct forget_plan *plan) TC_MUST_CHECK;
/* The same, of what is not asked for; while the exchange serves. FORGET_EARLY: holds of before this
 * position of the log may not be seen yet; the ledger is committed within seconds. */
int retention_due(struct stores *stores, const struct config *config,
		  uint64_t position) TC_MUST_CHECK;

#endif
