#include "unit/consent/policy_fixture.h"

#include <stdio.h>
#include <stdlib.h>

int compile(const release_policy *message, struct policy **ret, struct tc_refusal *refusal)
{
	size_t len = throughcare__v1__release_policy__get_packed_size(message);
	uint8_t *packed = malloc(len + 1);
	int r;

	assert_non_null(packed);
	throughcare__v1__release_policy__pack(message, packed);
	r = policy_compile(tc_slice(packed, len), ret, refusal);
	free(packed);
	return r;
}

void make_notices(release_policy *policy, release_notice *notices, release_notice **rows,
		  char (*codes)[16], size_t count)
{
	throughcare__v1__release_policy__init(policy);
	policy->policy_id = (char *)(uintptr_t) "notices";
	policy->has_version = 1;
	policy->version = 1;
	policy->notices = rows;
	policy->n_notices = count;
	for (size_t i = 0; i < count; i++) {
		throughcare__v1__release_policy__notice__init(&notices[i]);
		snprintf(codes[i], sizeof(codes[i]), "n%u", (unsigned)(i % 100));
		notices[i].code = codes[i];
		notices[i].version = notices[i].text = (char *)(uintptr_t) "1";
		rows[i] = &notices[i];
	}
}
