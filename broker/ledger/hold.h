/*
 * hold - the clocks of what is held: when a grant becomes valid, and when it has waited
 * for a consent as long as its categories may.
 *
 * A category may say how many days it is held (policy.h); of several, the fewest count,
 * from the moment at which it was held. When they are over it expires, with evidence to
 * its sender; without them it waits until the message itself expires.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_HOLD_H
#define LEDGER_HOLD_H

#include "consent/decision.h"
#include "ledger/delivery.h"

/* It is HELD from now on: sets its clocks. */
int hold_begin(struct ledger *ledger, struct delivery *delivery,
	       const struct decision *decision) TC_MUST_CHECK;
/* It stays HELD, for this decision: *ret_changed when a clock has moved. */
int hold_renew(struct ledger *ledger, struct delivery *delivery, const struct decision *decision,
	       bool *ret_changed) TC_MUST_CHECK;
/* It is about to leave HELD: drops what is set. */
int hold_end(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;

/* Its time is up: it expires, unless it may go at this very record. */
int hold_expire(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;

#endif
