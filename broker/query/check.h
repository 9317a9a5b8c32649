/*
 * check - would it be released, and why: what the exchange would decide about a message.
 *
 * The categories asked about are taken for the parts of one message in their order, the
 * first for the leading one, and go through what a submission goes through: the address,
 * the policy, the grants, as of any time. An agency asks about what it would itself
 * send; to a recipient the answer would say whom its neighbour treats (42 CFR 2.13(c)).
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_CHECK_H
#define QUERY_CHECK_H

#include "query/answer.h"

int check_consent(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
