/*
 * scopes - what auditors may look at: an auditor its own, an operator everybody's.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_SCOPES_H
#define QUERY_SCOPES_H

#include "query/answer.h"

int scopes_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
