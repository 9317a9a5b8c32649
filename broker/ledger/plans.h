/*
 * plans - PlanProposed and PlanDecision on their way: the machine is referral/plan.h.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_PLANS_H
#define LEDGER_PLANS_H

#include "ledger/submission.h"

struct ledger;

/* As struct follow says. */
int plans_check(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int plans_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* At the first hand-over: the source knows of the plan. */
int plans_told(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

#endif
