/*
 * reviews - answers about releases in an emergency and what a named person found of them.
 *
 * An agency sees those it made, an auditor all, an operator all without the people who
 * sent and reviewed.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_REVIEWS_H
#define QUERY_REVIEWS_H

#include "query/answer.h"

int reviews_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
