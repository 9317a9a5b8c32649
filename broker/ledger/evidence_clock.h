/*
 * evidence_clock - what its sender is told when nothing becomes of a message.
 *
 * From the moment in which a message waits for its recipient a day is given for handing it
 * over, four hours to an urgent one, and to an alert until it must be acknowledged: then
 * its sender hears NOT_DELIVERED, once. One that was handed over and came back without an
 * acknowledgement has as long until NOT_RETRIEVED, once. What is held has its own evidence,
 * and none of this.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_EVIDENCE_CLOCK_H
#define LEDGER_EVIDENCE_CLOCK_H

#include "ledger/delivery.h"

#define EVIDENCE_SPAN_MS        (24 * 3600LL * 1000)
#define EVIDENCE_URGENT_SPAN_MS (4 * 3600LL * 1000)

/* It waits: sets the timer, unless there is one or nothing is left to say. */
int evidence_watch(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
/* It has ended. */
int evidence_unwatch(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;
/* TIMER_EVIDENCE of the delivery `id`. */
int evidence_clock(struct ledger *ledger, uint64_t id) TC_MUST_CHECK;

#endif
