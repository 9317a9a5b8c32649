/*
 * timer - what happens by itself when time has passed: rows in the order in which they
 * are due. Leases are not here: each session knows its earliest one.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_TIMER_H
#define LEDGER_TIMER_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

struct ledger;

/* Stored: never renumber. Of those due at the same time, in this order. */
enum timer_kind {
	TIMER_GRANT = 1,    /* a pending revocation takes effect; id: the grant */
	TIMER_RECHECK = 2,  /* a held delivery: a grant becomes valid; id: timer_delivery */
	TIMER_EXPIRY = 3,   /* a waiting delivery expires */
	TIMER_RETRY = 4,    /* a delivery is due again */
	TIMER_REFERRAL = 5, /* the clock of a referral; id: the referral */
	TIMER_HOLD = 6,     /* a held delivery has waited for a consent long enough */
	TIMER_REVIEW = 7,   /* nobody has reviewed a release; id: the submission, timer_delivery */
	TIMER_APPOINTMENT = 8, /* nobody has said how it went; id: its key */
	TIMER_LEASE = 9,       /* a place is no longer held; id: the lease */
	TIMER_TASK = 10,       /* nobody has answered a task; id: timer_delivery */
	TIMER_EVIDENCE =
		11, /* a delivery still waits, or was not acknowledged; id: timer_delivery */
	TIMER_OUTCOME =
		12,        /* an outcome is asked about again; id: the check, see outcome_check.h */
	TIMER_PERSON = 14, /* a merge takes effect; id: its message */
	TIMER_FEEDS = 13,  /* who has fallen silent? no id */
};

enum timer_outcome {
	TIMER_NONE_DUE = 1,
};

/* The number of a delivery (or a record) as the id of its timer, and back. */
struct tc_id timer_delivery(uint64_t delivery);
uint64_t timer_delivery_of(struct tc_id id);

int timer_set(struct ledger *ledger, int64_t due_ms, enum timer_kind kind,
	      struct tc_id id) TC_MUST_CHECK;
/* Of one that may have gone already. */
int timer_drop(struct ledger *ledger, int64_t due_ms, enum timer_kind kind,
	       struct tc_id id) TC_MUST_CHECK;

/* Takes the first one due at the record's time: 0, TIMER_NONE_DUE or a fault. */
int timer_take_due(struct ledger *ledger, enum timer_kind *ret_kind,
		   struct tc_id *ret_id) TC_MUST_CHECK;
/* Finds out when the first one is due, after opening. */
int timer_load(struct ledger *ledger) TC_MUST_CHECK;

#endif
