/*
 * tiles - the log's tree and its leaf entries as the files of C2SP tlog-tiles.
 *
 * Whoever has all of them can count the log again without asking anything else.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_TILES_H
#define QUERY_TILES_H

#include "query/answer.h"

#define TILES_MAX 64 /* in one answer */

int tiles_list(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
