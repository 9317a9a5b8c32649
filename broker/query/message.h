/*
 * message - the asker's own view of one message: what it sent, or what was released to it.
 *
 * A sender gets its message back as it sent it. A recipient gets the header, as it
 * was signed, the parts that a release row of the trail names, and the terms that hold
 * for them now; a message of which nothing was released does not exist for it.
 *
 * 0, QUESTION_REFUSED or a fault. Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_MESSAGE_H
#define QUERY_MESSAGE_H

#include "query/answer.h"

int message_show(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
