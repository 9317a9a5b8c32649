/*
 * sources - the categories that the facts of a report came from, beside its own: it says them, and
 * what was told in confidence does not become free by being told again. Where one of them may not
 * go to this recipient, for this purpose and proceeding, the whole report waits.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_SOURCES_H
#define LEDGER_SOURCES_H

#include "consent/decision.h"
#include "ledger/delivery.h"
#include "throughcare/v1/record.pb-c.h"

struct ledger;

/* As bits; `claim` may be NULL. */
uint32_t sources_claimed(const Throughcare__V1__LifecycleClaim *claim);
/* Narrows `decision`, which was taken on `request` for the parts of that delivery. */
int sources_decide(struct ledger *ledger, const struct delivery *delivery,
		   const struct decision_request *request, struct decision *decision) TC_MUST_CHECK;

#endif
