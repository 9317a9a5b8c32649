/*
 * capacity_message - what agencies say about places: how many there are, hold one, give it
 * back, somebody has moved in; and what the moves of a referral mean for the place that it
 * is offered.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_CAPACITY_MESSAGE_H
#define LEDGER_CAPACITY_MESSAGE_H

#include "ledger/submission.h"
#include "referral/referral.h"

/* As exchange_message_apply. */
int capacity_submit_update(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int capacity_submit_hold(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int capacity_submit_release(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int capacity_submit_confirm(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* As follow.h, of a ReferralResponse: a place is offered that is held, and held for nobody else;
 * one that is accepted still is. */
int capacity_check_offer(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int capacity_apply_offer(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* A referral has moved: its place is taken when care begins, and free again when it comes to
 * nothing. */
int capacity_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;

#endif
