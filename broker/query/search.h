/*
 * search - answers about the trail, page by page, each row with the leaf hash of its record.
 *
 * The pages of one search end where the log stood when it began: looking is itself a
 * record, and a search that found its own traces would never end.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_SEARCH_H
#define QUERY_SEARCH_H

#include "query/answer.h"

int search_trail(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
