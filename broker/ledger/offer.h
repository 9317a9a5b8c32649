/*
 * offer - one request that was made to several providers: whoever accepts first has it.
 *
 *   offer      group, referral id -> nothing
 *   offer_won  group              -> referral id
 *   offer_lost referral id        -> its target, and since which position of the log
 *
 * Each provider has a referral of its own and learns nothing of the others. When one is
 * accepted, the others are over in the same step: what still waits for them is recalled,
 * and who was shown it is asked to destroy it.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_OFFER_H
#define LEDGER_OFFER_H

#include "ledger/submission.h"
#include "referral/referral.h"

/* More would be a mailing, not a choice of providers: each learns of the person. */
#define OFFER_REFERRALS_MAX 8

/* As follow.h: of a Referral that is one of a group, ... */
int offer_check(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int offer_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* ... and of a ReferralResponse that accepts one. */
int offer_check_accepted(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* What waits of one that is over is denied, whenever its turn comes. */
int offer_decide(struct ledger *ledger, const struct delivery *delivery,
		 struct decision *ret) TC_MUST_CHECK;

/* A referral has moved: when it is the first of its group that is accepted, the others end. */
int offer_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;

#endif
