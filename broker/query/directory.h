/*
 * directory - answers about the network itself: agencies, certificates, the exchange.
 *
 * Each: 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_DIRECTORY_H
#define QUERY_DIRECTORY_H

#include "query/answer.h"

int directory_agencies(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int directory_certificate(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int directory_status(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
