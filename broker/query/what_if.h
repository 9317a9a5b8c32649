/*
 * what_if - past decisions taken again under other facts, and where they would differ.
 *
 * The facts: a consent or grant as if it had been revoked from the start, another policy,
 * another time. Each decision of the range is taken again by the function that took it,
 * under the other facts; where that differs from what was decided it is taken once more
 * under the facts of then, so that only what the other facts themselves change is a
 * difference. A page looks at no more than WHAT_IF_EXAMINED_MAX decisions, and says at how
 * many it looked: an empty page that goes on is no end.
 *
 * Agencies may not ask. Operators, who write policies, learn what one would change without
 * the persons: they may name neither a person nor a consent.
 *
 * What is not replayed: the desks of services are those of the registry now; the order of
 * records within one millisecond is not seen; of a message that was refused to several
 * recipients at once the trail has no row for each.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_WHAT_IF_H
#define QUERY_WHAT_IF_H

#include "query/answer.h"

#define WHAT_IF_EXAMINED_MAX 4096  /* decisions in one page */
#define WHAT_IF_ROWS_MAX     65536 /* rows of the trail in one page */
#define WHAT_IF_GRANTS_MAX   256   /* of the consent that is taken for revoked */

int what_if_replay(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
