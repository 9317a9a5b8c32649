/*
 * orders - answers what was ordered about the trail, and how far it is. Never about whom.
 *
 * An agency sees the orders that it proposed, approved or is named in; auditors and
 * operators see all.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_ORDERS_H
#define QUERY_ORDERS_H

#include "query/answer.h"

/* 0, QUESTION_REFUSED or a fault. */
int orders_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
