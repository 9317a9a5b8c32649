/*
 * lend - handing a delivery over: the one place where content leaves for a recipient.
 *
 * The decision that permits it was taken at the record being applied (P3). What goes is
 * what the decision says, and the trail gets the fact of it in the same step.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_LEND_H
#define LEDGER_LEND_H

#include "consent/decision.h"
#include "ledger/delivery.h"

struct ledger;
struct session;

/* QUEUED -> IN_FLIGHT, to a session that is ready. `decision` is NULL for what the exchange itself
 * says. */
int lend_delivery(struct ledger *ledger, struct session *session, struct delivery *delivery,
		  const struct decision *decision) TC_MUST_CHECK;
/* What of it still stands in its gateway, because its recipient reads slowly, is not handed over
 * any more. */
int lend_withdraw(struct ledger *ledger, const struct session *session,
		  uint64_t delivery) TC_MUST_CHECK;

#endif
