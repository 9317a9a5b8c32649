/*
 * user_policies - the policies that users must accept, and who has.
 *
 * A policy is everybody's to read. Who has accepted it: an agency sees its own people,
 * operators and auditors everybody's; that is about workers and never about a person.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_USER_POLICIES_H
#define QUERY_USER_POLICIES_H

#include "query/answer.h"

int user_policies_show(const struct question *question, struct answer *answer) TC_MUST_CHECK;
int user_policies_accepted(const struct question *question, struct answer *answer) TC_MUST_CHECK;

#endif
