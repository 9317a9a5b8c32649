/*
 * referral_needs - what the lifecycle demands of the message that wants to move a referral, and
 * what a refusal may tell of where it stands. Inside of this folder.
 *
 * A side is told no more than it was told before: the state and version that it knows (P7).
 *
 * Owner: as referral.h. Blocks: never.
 */
#ifndef REFERRAL_REFERRAL_NEEDS_H
#define REFERRAL_REFERRAL_NEEDS_H

#include "referral/referral_move.h"

/* 0; REFERRAL_REFUSED with the first thing that is missing; or a fault. */
int referral_needs(struct store_txn *txn, const struct referral_tables *tables,
		   const struct moving *moving, const struct lifecycle_rule *rule,
		   struct tc_refusal *refusal) TC_MUST_CHECK;
/* The version that the sender expects is the present one, or the one that it was told. 0,
 * REFERRAL_REFUSED or a fault. */
int referral_check_version(struct store_txn *txn, const struct referral_tables *tables,
			   const struct moving *moving, uint64_t expected,
			   struct tc_refusal *refusal) TC_MUST_CHECK;
/* No rule fits: says the state, and what the sender could send. REFERRAL_REFUSED or a fault. */
int referral_refuse_state(struct store_txn *txn, const struct referral_tables *tables,
			  const struct moving *moving, struct tc_refusal *refusal) TC_MUST_CHECK;

#endif
