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

/* For all that walk the trail by pages: where this one begins, and where the walk as a whole ends.
 */
int search_read_cursor(const struct question *question, struct answer *answer,
		       struct trail_question *asked) TC_MUST_CHECK;
int search_next_page(struct answer *answer, const struct trail_question *asked,
		     struct posting_position next) TC_MUST_CHECK;

int search_trail(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
