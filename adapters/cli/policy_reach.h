/*
 * policy_reach - which rules of a policy ever decide anything, by asking every question.
 *
 * A question is a category, the kinds of both agencies, a purpose and a basis: some 350000, each
 * answered by intersecting sets of rules, so that the answer is exact and takes milliseconds.
 * Kinds and purposes that are not known count as one more value each.
 *
 * A rule decides a question when it is the first that denies it; or, where none denies, when it
 * is the first that permits it, or the first that sends some notice along.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef CLI_POLICY_REACH_H
#define CLI_POLICY_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "throughcare/v1/policy.pb-c.h"

#define TC_REACH_RULES_MAX  256
#define TC_REACH_WORDS      (TC_REACH_RULES_MAX / 64)
#define TC_REACH_CATEGORIES 26 /* with the unspecified 0; EXCHANGE and TEST are no rule's */

struct tc_reach_set {
	uint64_t words[TC_REACH_WORDS];
};

struct tc_policy_reach {
	struct tc_reach_set matching; /* rules that match any question */
	struct tc_reach_set deciding; /* rules that decide any */
	/* Of each rule that decides nothing: those that decide in its place. */
	struct tc_reach_set instead[TC_REACH_RULES_MAX];
	bool spoken[TC_REACH_CATEGORIES];    /* some rule speaks about the category */
	bool permitted[TC_REACH_CATEGORIES]; /* some part of it may go to somebody */
};

/* `policy` has passed tc_policy_scan. */
void tc_policy_reach(const Throughcare__V1__ReleasePolicy *policy, struct tc_policy_reach *ret);

bool tc_reach_has(const struct tc_reach_set *set, unsigned rule);

#endif
