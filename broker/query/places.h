/*
 * places - answers about services and how many places they have, for everybody on the
 * network; who holds a place is told to its holder and to the service only.
 *
 * Each: 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_PLACES_H
#define QUERY_PLACES_H

#include "query/answer.h"

int places_capacity(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int places_services(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
