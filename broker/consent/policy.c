#include "consent/policy_inside.h"

#include <string.h>

#include "throughcare/v1/options.pb-c.h"

/* Written by the build from policy.yaml. */
extern const uint8_t policy_default_packed[];
extern const size_t policy_default_packed_bytes;

struct tc_slice policy_default(void)
{
	return tc_slice(policy_default_packed, policy_default_packed_bytes);
}

const char *policy_id(const struct policy *policy)
{
	return policy->message->policy_id;
}

uint32_t policy_version(const struct policy *policy)
{
	return policy->message->version;
}

const uint8_t *policy_sha256(const struct policy *policy)
{
	return policy->sha256;
}

struct tc_slice policy_packed(const struct policy *policy)
{
	return tc_slice(policy->packed, policy->packed_len);
}

/* The lowest rule of a set, or -1. */
static int rule_first(const struct rule_set *set)
{
	for (int i = 0; i < RULE_WORDS; i++)
		if (set->words[i] != 0)
			return i * 64 + __builtin_ctzll(set->words[i]);
	return -1;
}

static bool rules_meet(const struct rule_set *a, const struct rule_set *b)
{
	uint64_t both = 0;

	for (int i = 0; i < RULE_WORDS; i++)
		both |= a->words[i] & b->words[i];
	return both != 0;
}

void policy_rule(const struct policy *policy, uint32_t category, enum agency_kind from,
		 enum agency_kind to, uint32_t purpose, uint32_t basis, struct policy_ruling *ret)
{
	const struct rule_set *by_from, *by_to, *by_purpose;
	struct rule_set permits, denies;

	*ret = (struct policy_ruling){.rule = -1};
	if (category == (uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE)
		ret->permitted = true;
	if (category == 0 || category >= (uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE ||
	    basis == 0 || basis >= POLICY_BASIS_COUNT)
		return;
	by_from = &policy->by_from[(unsigned)from < AGENCY_KIND_COUNT ? (unsigned)from : 0];
	by_to = &policy->by_to[(unsigned)to < AGENCY_KIND_COUNT ? (unsigned)to : 0];
	by_purpose = &policy->by_purpose[purpose < POLICY_PURPOSE_COUNT ? purpose : 0];
	for (int i = 0; i < RULE_WORDS; i++) {
		uint64_t match = policy->by_category[category].words[i] & by_from->words[i] &
				 by_to->words[i] & by_purpose->words[i] &
				 policy->by_basis[basis].words[i];

		denies.words[i] = match & policy->denying.words[i];
		permits.words[i] = match & ~policy->denying.words[i];
	}
	ret->rule = rule_first(&denies);
	if (ret->rule >= 0)
		return;
	ret->rule = rule_first(&permits);
	if (ret->rule < 0)
		return;
	ret->permitted = true;
	for (uint32_t left = policy->notices; left != 0; left &= left - 1) {
		int bit = __builtin_ctz(left);

		if (rules_meet(&permits, &policy->with_notice[bit]))
			ret->notices |= UINT32_C(1) << bit;
	}
}

bool policy_may_permit(const struct policy *policy, uint32_t category, uint32_t basis)
{
	struct rule_set permits;

	if (category == 0 || category >= (uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE ||
	    basis == 0 || basis >= POLICY_BASIS_COUNT)
		return false;
	for (int i = 0; i < RULE_WORDS; i++)
		permits.words[i] =
			policy->by_category[category].words[i] & ~policy->denying.words[i];
	return rules_meet(&permits, &policy->by_basis[basis]);
}

const char *policy_rule_id(const struct policy *policy, int rule)
{
	return rule >= 0 && (size_t)rule < policy->message->n_rules
		       ? policy->message->rules[rule]->rule_id
		       : "";
}

const char *policy_rule_cite(const struct policy *policy, int rule)
{
	const char *cite = NULL;

	if (rule >= 0 && (size_t)rule < policy->message->n_rules)
		cite = policy->message->rules[rule]->cite;
	return cite ? cite : "";
}

const struct policy_category *policy_category(const struct policy *policy, uint32_t category)
{
	return &policy->categories[category < POLICY_CATEGORY_COUNT ? category : 0];
}

const struct policy_agency_kind *policy_agency_kind(const struct policy *policy,
						    enum agency_kind kind)
{
	return &policy->kinds[(unsigned)kind < AGENCY_KIND_COUNT ? (unsigned)kind : 0];
}

const struct policy_purpose *policy_purpose(const struct policy *policy, uint32_t purpose)
{
	return &policy->purposes[purpose < POLICY_PURPOSE_COUNT ? purpose : 0];
}

const struct policy_regime *policy_regime(const struct policy *policy, uint32_t regime)
{
	if (regime == 0 || regime >= POLICY_REGIME_COUNT || !policy->regimes[regime].name)
		return NULL;
	return &policy->regimes[regime];
}

const struct policy_basis *policy_basis(const struct policy *policy, uint32_t basis)
{
	return basis > 0 && basis < POLICY_BASIS_COUNT ? &policy->bases[basis] : NULL;
}

const struct policy_event *policy_event(const struct policy *policy, size_t i)
{
	return i < policy->event_count ? &policy->events[i] : NULL;
}

/* ---- notices ---- */

int policy_notice_bit(const struct policy *policy, const char *code)
{
	for (int i = 0; i < POLICY_NOTICES_MAX; i++)
		if (policy->codes[i] && strcmp(policy->codes[i], code) == 0)
			return i;
	return -1;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

bool policy_notice(const struct policy *policy, unsigned bit, const char *jurisdiction,
		   struct notice *ret)
{
	const Throughcare__V1__ReleasePolicy__Notice *chosen = NULL;
	const Throughcare__V1__ReleasePolicy *message = policy->message;

	if (bit >= POLICY_NOTICES_MAX || !policy->codes[bit])
		return false;
	for (size_t i = 0; i < message->n_notices; i++) {
		const Throughcare__V1__ReleasePolicy__Notice *it = message->notices[i];
		const char *where = text_or_empty(it->jurisdiction);

		if (strcmp(it->code, policy->codes[bit]) != 0)
			continue;
		if (*where == '\0' && !chosen)
			chosen = it;
		if (*where != '\0' && strcmp(where, text_or_empty(jurisdiction)) == 0)
			chosen = it;
	}
	if (!chosen && bit >= NOTICE_COUNT)
		return false;
	if (!chosen)
		*ret = *notice_get((enum notice_code)bit);
	else
		*ret = (struct notice){.code = chosen->code,
				       .version = chosen->version,
				       .jurisdiction = text_or_empty(chosen->jurisdiction),
				       .text = chosen->text};
	return true;
}

unsigned policy_notice_codes(const struct policy *policy, uint32_t notices,
			     const char *ret_codes[POLICY_NOTICES_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < POLICY_NOTICES_MAX; i++)
		if (notices & UINT32_C(1) << i && policy->codes[i])
			ret_codes[count++] = policy->codes[i];
	return count;
}

bool policy_retention(const struct policy *policy, size_t i, struct policy_retention *ret)
{
	const Throughcare__V1__ReleasePolicy__RetentionRule *rule;

	if (i >= policy->message->n_retention)
		return false;
	rule = policy->message->retention[i];
	*ret = (struct policy_retention){
		.name = rule->name, .days = rule->days, .cite = rule->cite ? rule->cite : ""};
	for (size_t k = 0; k < rule->n_categories; k++)
		ret->categories |= UINT32_C(1) << rule->categories[k];
	for (size_t k = 0; k < rule->n_records; k++) {
		ret->queries = ret->queries || strcmp(rule->records[k], "query") == 0;
		ret->logons = ret->logons || strcmp(rule->records[k], "logon") == 0;
		ret->refusals = ret->refusals || strcmp(rule->records[k], "refusal") == 0;
	}
	return true;
}
