/*
 * alert - a SafetyAlert must be acknowledged by a named person of each recipient.
 *
 * It may be sealed, so the exchange goes by the type alone. The time runs from acceptance:
 * until the header's expires_at, or else two hours when urgent and four otherwise. The task
 * opens with the first hand-over; before that, that it was not delivered in time is what
 * its sender is told (evidence_clock.h).
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_ALERT_H
#define LEDGER_ALERT_H

#include <stdbool.h>

#include "ledger/delivery.h"

bool alert_is(const struct delivery *delivery);
/* Until when somebody must have acknowledged it. */
int64_t alert_due_ms(const struct delivery *delivery);
/* Its first hand-over to this recipient: opens the task. */
int alert_released(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

#endif
