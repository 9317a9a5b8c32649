/*
 * fuzz_policy - a packed ReleasePolicy from anywhere. What is compiled rules the same whenever it
 * is asked, permits only by a rule that permits, and has a text for each notice that it names.
 */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "consent/notice.h"
#include "consent/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ruling(const struct policy *policy, const uint8_t at[5])
{
	struct policy_ruling ruling, again;
	struct notice notice;

	policy_rule(policy, at[0], (enum agency_kind)at[1], (enum agency_kind)at[2], at[3], at[4],
		    &ruling);
	policy_rule(policy, at[0], (enum agency_kind)at[1], (enum agency_kind)at[2], at[3], at[4],
		    &again);
	TC_CHECK(memcmp(&ruling, &again, sizeof(ruling)) == 0);
	TC_CHECK(ruling.permitted || ruling.notices == 0);
	TC_CHECK(!ruling.permitted || at[0] == 26 || *policy_rule_id(policy, ruling.rule) != '\0');
	TC_CHECK(!ruling.permitted || at[0] == 26 || policy_may_permit(policy, at[0], at[4]));
	for (unsigned bit = 0; bit < POLICY_NOTICES_MAX; bit++)
		if (ruling.notices >> bit & 1)
			TC_CHECK(policy_notice(policy, bit, "us", &notice) && notice.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct tc_refusal refusal;
	uint8_t at[5];

	if (policy_compile(tc_slice(data, size), &policy, &refusal) != 0)
		return 0;
	for (uint8_t i = 0; i < 200; i++) {
		for (size_t k = 0; k < sizeof(at); k++)
			at[k] = (uint8_t)((i * (2 * k + 1) + data[(i + k) % size]) % 30);
		check_ruling(policy, at);
	}
	policy_free(&policy);
	return 0;
}
