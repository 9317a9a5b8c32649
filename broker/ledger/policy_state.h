/*
 * policy_state - the policy of release in force, as the ledger holds it.
 *
 * Owner: ledger thread. Blocks: never.
 */
#ifndef LEDGER_POLICY_STATE_H
#define LEDGER_POLICY_STATE_H

#include "base/err.h"

struct ledger;
struct policy;

/* What the build brings along, compiled; the caller owns it. */
int policy_state_default(struct policy **ret) TC_MUST_CHECK;

/* Gives a ledger that is being opened its policy. */
int ledger_policy_open(struct ledger *ledger) TC_MUST_CHECK;

#endif
