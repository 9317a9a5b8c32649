/*
 * clock - who has to move by when: the one clock of a referral, as its row keeps it.
 *
 * A clock starts when a referral enters a state and again at every sign of life of whose
 * move it is. It counts working days by the calendar of whose move it is, unless a time
 * was named. It reminds before it runs out; when it has, either the lifecycle has a rule,
 * or somebody is late: `due_ms` stays, and the alarm fires again and again until
 * something moves. What follows when it fires is the caller's: a step, a notice.
 *
 * While something is asked for, the target's days to decide wait: what is left of them
 * goes on when the answer has come.
 *
 * Owner:  nobody; works on the row it is given. Blocks: never.
 * Time:   now_ms is the record's.
 */
#ifndef REFERRAL_CLOCK_H
#define REFERRAL_CLOCK_H

#include "base/id.h"
#include "referral/lifecycle.h"
#include "throughcare/v1/record.pb-c.h"

struct calendar;
struct referral;

/* Whose working days count: the calendar of an agency's jurisdiction. */
struct clock_book {
	/* NULL: Monday to Friday, UTC. */
	const struct calendar *(*find)(void *context, const tc_agency *agency);
	void *context;
};

/* What the alarm that fired means. */
enum clock_ring {
	CLOCK_RINGS_NOT, /* it is not due: the timer was of an earlier clock */
	CLOCK_REMINDS,   /* it will be due soon */
	CLOCK_OVERDUE,   /* it is due, and somebody is late */
	CLOCK_MOVES,     /* it is due, and the lifecycle has a rule for that */
};

/* After the state changed from `from`; `claim` of the message that changed it, never NULL. `book`
 * may be NULL everywhere: Monday to Friday, UTC. */
void clock_enter(const struct clock_book *book, struct referral *referral, enum referral_state from,
		 const Throughcare__V1__LifecycleClaim *claim, int64_t now_ms);
/* The source names a later time, once. */
void clock_extend(const struct clock_book *book, struct referral *referral, int64_t respond_by_ms,
		  int64_t now_ms);
/* A sign of life of whose move it is, or the move is another's (nobody's: the clock stops). */
void clock_beat(const struct clock_book *book, struct referral *referral, int64_t now_ms);
/* The alarm fired; sets the next one, except for CLOCK_MOVES. */
enum clock_ring clock_ring(const struct clock_book *book, struct referral *referral,
			   int64_t now_ms);
/* A calendar has changed: when it is due, and rings, by the days that count now. False: nothing is
 * different. */
bool clock_recount(const struct clock_book *book, struct referral *referral, int64_t now_ms);
/* "receipt", "decision", ... */
const char *clock_name(enum lifecycle_clock clock);

#endif
