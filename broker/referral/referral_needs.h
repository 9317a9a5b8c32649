/*
 * referral_needs - what a rule of the lifecycle demands of the message that wants to move: inside
 * of this folder.
 *
 * Owner: as referral.h. Blocks: never.
 */
#ifndef REFERRAL_REFERRAL_NEEDS_H
#define REFERRAL_REFERRAL_NEEDS_H

#include "referral/referral_move.h"

/* 0, or REFERRAL_REFUSED with the first thing that is missing. */
int referral_needs(const struct moving *moving, const struct lifecycle_rule *rule,
		   struct tc_refusal *refusal) TC_MUST_CHECK;
/* No rule fits: says the state, and what the sender could send. Gives REFERRAL_REFUSED. */
int referral_refuse_state(const struct moving *moving, struct tc_refusal *refusal);

#endif
