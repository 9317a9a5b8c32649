/*
 * clock_notice - what is said when the clock of a referral rings: a fact for the trail each
 * time; before it is due, a reminder to whose move it is; when it has run out, and again
 * and again from then on, a notice to both sides.
 *
 * A notice is true and tells nothing else: it goes only to a side that knows how the
 * referral stands, and names a person of its own side only (P7). What a clock ends by
 * itself is a step of the referral and needs no notice of this kind.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_CLOCK_NOTICE_H
#define LEDGER_CLOCK_NOTICE_H

#include "referral/referral.h"

struct ledger;

/* Lists go on saying that it is late, and the trail that it rang; more notices would be noise. */
#define CLOCK_NOTICE_TIMES_MAX 6

/* After referral_clock. */
int clock_notice_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;

#endif
