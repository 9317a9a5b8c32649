/*
 * answerers - which function answers which question: one table.
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef QUERY_ANSWERERS_H
#define QUERY_ANSWERERS_H

#include "query/answer.h"

/* 0, QUESTION_REFUSED, QUESTION_LATER or a fault. */
typedef int (*answerer_fn)(const struct question *question, struct answer *answer);

/* NULL: there is no such question. */
answerer_fn answerer_find(Throughcare__V1__Query__BodyCase body);

#endif
