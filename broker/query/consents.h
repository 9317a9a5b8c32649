/*
 * consents - answers about consents: which there are, and what one says.
 *
 * Who recorded a consent sees it whole; an agency that it lets disclose sees those
 * grants; anybody else is told that there is none. The document itself never leaves.
 *
 * Each: 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_CONSENTS_H
#define QUERY_CONSENTS_H

#include "query/answer.h"

int consents_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int consents_show(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
