/*
 * standing_list - the standing questions that an auditor has asked, and how often each was
 * answered.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_STANDING_LIST_H
#define QUERY_STANDING_LIST_H

#include "query/answer.h"

int standing_list_answer(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
