/*
 * tracking - answers about what is under way: referrals, mailboxes, one's own messages.
 *
 * Each: 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_TRACKING_H
#define QUERY_TRACKING_H

#include "query/answer.h"

#define TRACKING_STEPS_MAX 500 /* of one referral, the latest ones */

int tracking_referrals(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int tracking_referral(const struct question *question, struct answer *answer) TC_MUST_CHECK;
/* A referral as it is to be shown: told.h first. */
int tracking_row(struct answer *answer, const struct referral *referral,
		 Throughcare__V1__ReferralRow **ret) TC_MUST_CHECK;
int tracking_mailbox(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
