/*
 * forget - takes out of log, ledger and trail what is to be forgotten, before anything is served.
 *
 * Steps, each of which may be the last before a crash:
 *   0. when the disk has no room for the base (forget_room.h), none of it: an order goes on
 *      hiding what it is about, and is tried again when there is room
 *   1. a note in the journal says where the ForgottenRecords will stand; then they are appended and
 *      applied: the order is closed
 *   2. data_dir/forgotten learns what has to be forgotten again in an older copy of the log, and
 *      the journal notes what that file begins with
 *   3. base: ledger and trail without it, in one file (base.h)
 *   4. bodies, salts and parts are taken from the journal, and its file is wiped
 *   5. ledger and trail are overwritten, removed, and made from the base; the note goes
 * The next start finds the note and goes on: while there is no base as of the ForgottenRecords, the
 * bodies are still there to find everything again.
 *
 * Owner:  the main thread, while no other thread runs. Blocks: on the disk, for as long as it takes
 *         to read the log, and to write ledger and trail, once.
 */
#ifndef DAEMON_FORGET_H
#define DAEMON_FORGET_H

#include "daemon/config.h"
#include "daemon/stores.h"
#include "ledger/ledger_forget.h"
#include "throughcare/v1/record.pb-c.h"

enum forget_outcome {
	FORGET_NOTHING = 1, /* nothing (more) is due */
	FORGET_POSTPONED,   /* the disk has no room for it: told, and to be tried again */
	FORGET_EARLY,       /* it cannot be said yet */
};

#define FORGET_TEXT_BYTES 256
#define FORGET_AT_ONCE    "at_once"

/* One thing to forget. All zero to begin with; forget_plan_done ends it. */
struct forget_plan {
	Throughcare__V1__ForgottenKind kind;
	bool ordered; /* the next two count */
	uint64_t order_sequence, approval_sequence;
	char cite[FORGET_TEXT_BYTES];
	char ordered_by[FORGET_TEXT_BYTES], approved_by[FORGET_TEXT_BYTES];
	char rule_name[FORGET_TEXT_BYTES]; /* of a retention rule, and of which policy */
	uint32_t policy_version;
	/* Whom it is about: every record that names one of them is found and added. And records as
	 * such. */
	struct forget_what what;
	bool again; /* it was forgotten once: nothing is served before it is again */
	struct sought_numbers parts; /* records of which the parts alone go */
};

void forget_plan_done(struct forget_plan *plan);

/* Is anything? 0 or a fault. */
int forget_due(struct stores *stores, const struct config *config, bool *ret) TC_MUST_CHECK;
/* Everything that is due: what a crash left half done, orders to expunge, what a restored log does
 * not know that it had forgotten. The tree is closed before; journal, ledger and trail may be
 * closed and opened again. 0 or a fault, which has been told on stderr. */
int forget_at_start(struct stores *stores, const struct config *config) TC_MUST_CHECK;
/* Is the setting one of the two that the next function knows? */
bool forget_time_valid(const char *at);
/* Wanted now, when the setting is `at` ("at_once" or "HH:MM", local time)? */
bool forget_time_is(const char *at, int64_t now_ms);

#endif
