/*
 * timeline - everything that happened to a referral, as far as the asker may know of it,
 * in the order in which it happened: steps, messages, meetings, what became of the asker's own
 * messages and tasks, and who had the case at the asker's side.
 *
 * What was kept from the other side shows only in rows of what the asker itself sent.
 * 0 or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_TIMELINE_H
#define QUERY_TIMELINE_H

#include "query/answer.h"

#define TIMELINE_ROWS_MAX 1000 /* the latest ones of the log */

/* The steps of `row` are there already; adds timeline and assignments. */
int timeline_fill(const struct question *question, struct answer *answer,
		  const struct referral *referral, Throughcare__V1__ReferralRow *row) TC_MUST_CHECK;

#endif
