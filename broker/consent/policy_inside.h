/*
 * policy_inside - a compiled policy from within, for the files policy_*.c only.
 *
 * For each dimension of a question and each value of it stands the set of rules that match that
 * value: a ruling is the intersection of five sets. Value 0 of a dimension stands for everything
 * unknown and is matched by the rules that name no value.
 */
#ifndef CONSENT_POLICY_INSIDE_H
#define CONSENT_POLICY_INSIDE_H

#include "consent/notice.h"
#include "consent/policy.h"
#include "throughcare/v1/policy.pb-c.h"

#define RULE_WORDS (POLICY_RULES_MAX / 64)

struct rule_set {
	uint64_t words[RULE_WORDS];
};

struct policy {
	Throughcare__V1__ReleasePolicy *message; /* what all texts below point into */
	uint8_t sha256[32];

	struct rule_set by_category[POLICY_CATEGORY_COUNT];
	struct rule_set by_from[AGENCY_KIND_COUNT];
	struct rule_set by_to[AGENCY_KIND_COUNT];
	struct rule_set by_purpose[POLICY_PURPOSE_COUNT];
	struct rule_set by_basis[POLICY_BASIS_COUNT];
	struct rule_set denying;
	struct rule_set with_notice[POLICY_NOTICES_MAX];
	uint32_t notices; /* those that any rule has */

	struct policy_category categories[POLICY_CATEGORY_COUNT];
	struct policy_agency_kind kinds[AGENCY_KIND_COUNT];
	struct policy_purpose purposes[POLICY_PURPOSE_COUNT];
	struct policy_regime regimes[POLICY_REGIME_COUNT]; /* no name: no row */
	struct policy_basis bases[POLICY_BASIS_COUNT];
	struct policy_event *events;
	size_t event_count;
	const char *codes[POLICY_NOTICES_MAX]; /* of the notice bits; NULL: no meaning */

	size_t packed_len;
	uint8_t packed[];
};

/* The bit of a notice's code, or -1. */
int policy_notice_bit(const struct policy *policy, const char *code);

#endif
