/*
 * caseload - the referrals that an officer, a team or an agency has, those first that
 * need somebody first.
 *
 * Only the asker's own lists, each referral as far as the asker has been told of it; one
 * that was not handed over yet does not exist for its target. The page is cut by rank:
 * a cursor is the rank and id of its last row.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_CASELOAD_H
#define QUERY_CASELOAD_H

#include "query/answer.h"

/* Referrals of one list that are looked at for one question: a whole agency may have more. Then the
 * answer says so, and its people ask by officer or team. */
#define CASELOAD_SCANNED_MAX 20000

int caseload_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;

/* What `referral show` adds to a row: officer and team of the asker's side, clock, risks, next
 * step, what is legal now, tasks. */
int caseload_outlook(const struct question *question, struct answer *answer,
		     const struct referral *referral,
		     Throughcare__V1__ReferralRow *row) TC_MUST_CHECK;

#endif
