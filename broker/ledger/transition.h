/*
 * transition - what follows for the ledger when a referral has moved: its timer and the
 * trail. The rules of the move itself are referral/'s.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_TRANSITION_H
#define LEDGER_TRANSITION_H

#include "base/err.h"
#include "referral/referral.h"

struct ledger;

int transition_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;

#endif
