/*
 * policy_check - what is wrong or doubtful in a policy of release, each with its place.
 *
 * Errors are what the exchange would refuse, and rules that can never decide anything: whoever
 * wrote them meant something that does not happen. Warnings are what holds in the most
 * restrictive way because nobody wrote it down, and notices that nothing sends along.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef CLI_POLICY_CHECK_H
#define CLI_POLICY_CHECK_H

#include <stdbool.h>

#include "yaml/yaml_message.h"

#define TC_FINDINGS_MAX 500 /* after which the rest is not listed */

struct tc_policy_finding {
	bool error;       /* or a warning */
	const char *code; /* "shadowed", ...; constant */
	unsigned line, column;
	char message[200];
	char detail[256];
	char hint[TC_YAML_HINT_BYTES];
};

/* Owned rows in the order of the file; all zero when empty. */
struct tc_policy_findings {
	struct tc_policy_finding *rows;
	size_t count, capacity;
	size_t errors, warnings;
};

/* `document` holds a ReleasePolicy. 0 or TC_ENOMEM. */
int tc_policy_check(const struct tc_yaml_document *document,
		    struct tc_policy_findings *ret) TC_MUST_CHECK;
void tc_policy_findings_free(struct tc_policy_findings *findings);

#endif
