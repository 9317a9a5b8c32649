/*
 * court - the orders of courts and boards, and which of them stands.
 *
 *   COURT_ORDER  subject, order id -> court, sequence, state, the order that took its place
 *   COURT_BOUND  subject, order id, agency -> nothing: whom it went to
 *
 * What takes the place of an order, or says the same one anew, binds those whom that one went to:
 * it goes along (attached.h) to each of them whom the court has not addressed this time. What
 * stands binds who takes the supervision of the person over from somebody whom it bound.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_COURT_H
#define LEDGER_COURT_H

#include "ledger/submission.h"

struct ledger;

/* Of CourtOrder and ConditionSet, as struct follow says: what takes the place of an order must be
 * of the same court about the same person, else UNKNOWN_COURT_ORDER. */
int court_check_order(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int court_apply_order(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* From one agency to the other: each order that stands goes along to that one, if it is new to it.
 */
int court_take_over(struct ledger *ledger, struct tc_id subject, uint32_t from,
		    uint32_t to) TC_MUST_CHECK;

#endif
