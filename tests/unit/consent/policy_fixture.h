/*
 * policy_fixture - policies of release that tests make field by field.
 */
#ifndef TESTS_POLICY_FIXTURE_H
#define TESTS_POLICY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "consent/policy.h"
#include "throughcare/v1/policy.pb-c.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;
typedef Throughcare__V1__ReleasePolicy__Notice release_notice;

/* Packs and compiles it. */
int compile(const release_policy *message, struct policy **ret, struct tc_refusal *refusal);

/* A policy of nothing but `count` notices "n0", "n1", ... in the caller's arrays. */
void make_notices(release_policy *policy, release_notice *notices, release_notice **rows,
		  char (*codes)[16], size_t count);

#endif
