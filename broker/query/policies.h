/*
 * policies - answers about the policy of release: the one in force, and what was before it.
 *
 * A policy names no person and no member: everybody may read what everybody is judged by.
 *
 * Owner: the query thread. Blocks: on page faults only.
 */
#ifndef QUERY_POLICIES_H
#define QUERY_POLICIES_H

#include "consent/policy.h"
#include "query/answer.h"

/* 0, QUESTION_REFUSED or a fault. */
int policies_show(const struct question *question, struct answer *answer) TC_MUST_CHECK;

/* The one that was in force at a time; of one to come, the one in force. 0 or a fault. */
int policies_time(const struct question *question, int64_t at_ms,
		  const struct policy **ret) TC_MUST_CHECK;

#endif
