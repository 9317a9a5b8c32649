/*
 * referral_asked - what is still asked for: items of information, and the outcomes that a report
 * must score. Inside of this folder.
 *
 *   referral_items     referral id, code -> nothing, while it is unanswered
 *   referral_outcomes  referral id, id   -> nothing
 *
 * Owner: as referral.h. Blocks: never.
 */
#ifndef REFERRAL_REFERRAL_ASKED_H
#define REFERRAL_REFERRAL_ASKED_H

#include "referral/referral.h"

/* How what a message names compares with what is asked for. Where nothing is, everything fits. */
struct referral_asked {
	bool known; /* all that it names was asked for */
	bool all;   /* all that was asked for is named */
};

int referral_ask(struct store_txn *txn, struct store_table table, struct tc_id referral,
		 const Throughcare__V1__LifecycleClaim *claim) TC_MUST_CHECK;
int referral_asked(struct store_txn *txn, struct store_table table, struct tc_id referral,
		   const Throughcare__V1__LifecycleClaim *claim,
		   struct referral_asked *ret) TC_MUST_CHECK;
/* What the claim names is asked for no longer; with NULL: nothing is. */
int referral_answered(struct store_txn *txn, struct store_table table, struct tc_id referral,
		      const Throughcare__V1__LifecycleClaim *claim) TC_MUST_CHECK;

#endif
