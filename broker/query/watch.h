/*
 * watch - the changes of the asker's referrals in the order in which it was told of them,
 * from a position of the log on.
 *
 * When there is none yet, QUESTION_LATER: the query thread asks again until there is one,
 * or the asker's time is over; the answer is then empty.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_WATCH_H
#define QUERY_WATCH_H

#include "query/answer.h"

#define WATCH_WAIT_MS_MAX 30000 /* as the schema says */

int watch_changes(const struct question *question, struct answer *answer) TC_MUST_CHECK;
/* How long the asker waits; 0: it does not. */
uint32_t watch_wait_ms(const struct question *question);

#endif
