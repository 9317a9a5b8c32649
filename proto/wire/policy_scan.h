/*
 * policy_scan - what a policy of release must be beyond what its schema says.
 *
 * No value that says nothing, no row or name twice, no notice that nobody wrote, no element of
 * a consent that there is not, and no victim's information by somebody else's consent. The exchange
 * refuses a policy on the first finding; the command line shows all of them, each at its place in
 * the file.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_POLICY_SCAN_H
#define WIRE_POLICY_SCAN_H

#include <stddef.h>

#include "throughcare/v1/policy.pb-c.h"

/* Codes that the exchange has a meaning for, in the order of their bits. The first
 * TC_POLICY_NOTICES_OPEN may have texts in a policy; the others are the exchange's own. */
#define TC_POLICY_NOTICES_BUILT_IN 8
#define TC_POLICY_NOTICES_OPEN     3
#define TC_POLICY_NOTICES_MAX      32 /* with those that a policy adds */
extern const char *const tc_policy_notices[TC_POLICY_NOTICES_BUILT_IN];

/* What a regime may require of a consent, by field; NULL ends the list. The exchange has a check
 * for each. */
extern const char *const tc_policy_elements[];

/* Kinds of records that a retention rule may name; NULL ends the list. */
extern const char *const tc_policy_records[];

/* `path` is of the schema: "rules[3].notices[0]". Both are borrowed for the call. */
typedef void (*tc_policy_found)(void *context, const char *path, const char *what);

/* `policy` was held against its schema (tc_message_scan). Returns how many findings there were. */
size_t tc_policy_scan(const Throughcare__V1__ReleasePolicy *policy, tc_policy_found found,
		      void *context);

#endif
