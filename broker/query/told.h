/*
 * told - a referral as far as the asker has been told of it.
 *
 * What one party says of a referral moves it at once, also while the message waits for a
 * consent: that somebody came to treatment is then a fact of the referral, and not yet
 * the other party's to know. To an agency a referral stands where the last step left it
 * that it made itself, that came from neither party, or whose message may go to it or
 * went. Whoever sees everything sees every step; with a scope, those within its time.
 *
 * Each: 0 or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_TOLD_H
#define QUERY_TOLD_H

#include "query/question.h"

int told_step(const struct question *question, const struct referral *referral,
	      const struct referral_step *step, bool *ret) TC_MUST_CHECK;

/* Takes back what the asker has not been told. */
int told_referral(const struct question *question, struct referral *referral) TC_MUST_CHECK;

#endif
