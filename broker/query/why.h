/*
 * why - the chain behind what became of one message: each decision, and what it stood on.
 *
 * What was decided is taken from the trail; what it stood on (rules and their sources,
 * grants and their documents) is worked out from the message's record and the policy of
 * then, and whether it would be so today from those of now. An auditor sees the whole
 * chain, a sender that of its own message with nothing but its own pair's facts, and a
 * recipient what was released to it. A message that is not the asker's business is like
 * one that never was.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_WHY_H
#define QUERY_WHY_H

#include "query/answer.h"

int why_message(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
