/*
 * From a packed ReleasePolicy to sets of rules.
 *
 * The scan along the schema bounds and checks every field before anything is unpacked; what
 * it cannot know is for tc_policy_scan. After both every number is one of the schema's, each
 * row is there once, and every notice has its text.
 */
#include <stdlib.h>
#include <string.h>

#include "consent/policy_inside.h"
#include "wire/digest.h"
#include "wire/policy_scan.h"
#include "wire/validate.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;

/* ---- sets of rules ---- */

static void rule_add(struct rule_set *set, size_t rule)
{
	set->words[rule / 64] |= UINT64_C(1) << (rule % 64);
}

/* Puts a rule into the set of each value that it names, or of every value when it names none. */
static void dimension_add(struct rule_set *sets, size_t set_count, size_t rule, const int *values,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((size_t)values[i] < set_count)
			rule_add(&sets[values[i]], rule);
	for (size_t i = 0; count == 0 && i < set_count; i++)
		rule_add(&sets[i], rule);
}

static uint32_t notices_of(const struct policy *policy, char *const *codes, size_t count)
{
	uint32_t notices = 0;

	for (size_t i = 0; i < count; i++) {
		int bit = policy_notice_bit(policy, codes[i]);

		if (bit >= 0)
			notices |= UINT32_C(1) << bit;
	}
	return notices;
}

static void compile_rule(struct policy *policy, size_t at)
{
	const release_rule *rule = policy->message->rules[at];
	uint32_t notices = notices_of(policy, rule->notices, rule->n_notices);

	dimension_add(policy->by_category, POLICY_CATEGORY_COUNT, at, (const int *)rule->categories,
		      rule->n_categories);
	dimension_add(policy->by_from, AGENCY_KIND_COUNT, at, (const int *)rule->from,
		      rule->n_from);
	dimension_add(policy->by_to, AGENCY_KIND_COUNT, at, (const int *)rule->to, rule->n_to);
	dimension_add(policy->by_purpose, POLICY_PURPOSE_COUNT, at, (const int *)rule->purposes,
		      rule->n_purposes);
	dimension_add(policy->by_basis, POLICY_BASIS_COUNT, at, (const int *)rule->bases,
		      rule->n_bases);
	if (rule->effect == THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY)
		rule_add(&policy->denying, at);
	for (uint32_t left = notices; left != 0; left &= left - 1)
		rule_add(&policy->with_notice[__builtin_ctz(left)], at);
	policy->notices |= notices;
}

static void compile_rules(struct policy *policy)
{
	for (size_t i = 0; i < policy->message->n_rules; i++)
		compile_rule(policy, i);
}

/* Codes that are new get bits in the order in which they first stand there. */
static void compile_notices(struct policy *policy)
{
	const release_policy *message = policy->message;
	size_t next = NOTICE_COUNT;

	_Static_assert((int)NOTICE_COUNT == TC_POLICY_NOTICES_BUILT_IN &&
			       (int)NOTICE_SCOPE_TEXT == TC_POLICY_NOTICES_OPEN &&
			       POLICY_NOTICES_MAX == TC_POLICY_NOTICES_MAX,
		       "the same notices here and there");
	for (int i = 0; i < NOTICE_COUNT; i++)
		policy->codes[i] = notice_get((enum notice_code)i)->code;
	for (size_t i = 0; i < message->n_notices && next < POLICY_NOTICES_MAX; i++)
		if (policy_notice_bit(policy, message->notices[i]->code) < 0)
			policy->codes[next++] = message->notices[i]->code;
}

/* ---- rows ---- */

static void compile_categories(struct policy *policy)
{
	const release_policy *message = policy->message;

	for (uint32_t i = 0; i < POLICY_CATEGORY_COUNT; i++) {
		bool bound = i < (uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE;

		policy->categories[i] = (struct policy_category){
			.name = policy_category_name(i),
			.stands_alone = bound,
			.sealed = bound,
			.restricted = bound,
		};
	}
	for (size_t i = 0; i < message->n_categories; i++) {
		const Throughcare__V1__ReleasePolicy__CategoryRule *row = message->categories[i];
		size_t at = (size_t)row->category;

		policy->categories[at] = (struct policy_category){
			.name = policy_category_name((uint32_t)at),
			.stands_alone = row->stands_alone != 0,
			.sealed = row->sealed != 0,
			.restricted = row->restricted != 0,
			.hold_days = row->hold_days,
		};
	}
}

static void compile_kinds(struct policy *policy)
{
	const release_policy *message = policy->message;

	for (size_t i = 0; i < AGENCY_KIND_COUNT; i++)
		policy->kinds[i].name = agency_kind_name((enum agency_kind)i);
	for (size_t i = 0; i < message->n_agency_kinds; i++) {
		const Throughcare__V1__ReleasePolicy__AgencyKindRule *row =
			message->agency_kinds[i];
		size_t at = (size_t)row->kind;

		policy->kinds[at] = (struct policy_agency_kind){
			.name = agency_kind_name((enum agency_kind)at),
			.treating = row->treating != 0,
			.criminal_justice = row->criminal_justice != 0,
			.orders = row->orders != 0,
			.consent_desk = row->consent_desk != 0,
			.identity_source = row->identity_source != 0,
		};
	}
}

static void compile_purposes(struct policy *policy)
{
	const release_policy *message = policy->message;

	for (uint32_t i = 0; i < POLICY_PURPOSE_COUNT; i++)
		policy->purposes[i] = (struct policy_purpose){
			.name = policy_purpose_name(i),
			.stands_alone = true,
		};
	for (size_t i = 0; i < message->n_purposes; i++) {
		const Throughcare__V1__ReleasePolicy__PurposeRule *row = message->purposes[i];
		size_t at = (size_t)row->purpose;

		policy->purposes[at].tpo = row->tpo != 0;
		policy->purposes[at].stands_alone = row->stands_alone != 0;
	}
}

static void compile_regimes(struct policy *policy)
{
	const release_policy *message = policy->message;

	for (size_t i = 0; i < message->n_regimes; i++) {
		const Throughcare__V1__ReleasePolicy__RegimeRule *row = message->regimes[i];
		size_t at = (size_t)row->regime;

		policy->regimes[at] = (struct policy_regime){
			.name = policy_regime_name((uint32_t)at),
			.required = (const char *const *)row->required,
			.required_count = row->n_required,
			.intermediary = (enum policy_intermediary)row->intermediary,
			.revocable_later = row->revocable_later != 0,
			.notices = notices_of(policy, row->notices, row->n_notices),
			.scope = row->scope != 0,
		};
	}
}

static void compile_bases(struct policy *policy)
{
	const release_policy *message = policy->message;

	for (uint32_t i = 0; i < POLICY_BASIS_COUNT; i++) {
		bool legal = i > POLICY_BASIS_CONSENT;

		policy->bases[i] = (struct policy_basis){
			.name = policy_basis_name(i),
			.needs_reference = legal,
			.needs_actor = legal,
		};
	}
	for (size_t i = 0; i < message->n_bases; i++) {
		const Throughcare__V1__ReleasePolicy__BasisRule *row = message->bases[i];
		size_t at = (size_t)row->basis;

		policy->bases[at] = (struct policy_basis){
			.name = policy_basis_name((uint32_t)at),
			.needs_reference = row->needs_reference != 0,
			.needs_actor = row->needs_actor != 0,
			.review_hours = row->review_hours,
			.lifts_redisclosure = row->lifts_redisclosure != 0,
		};
	}
}

static int compile_events(struct policy *policy)
{
	const release_policy *message = policy->message;

	if (message->n_events == 0)
		return 0;
	policy->events = calloc(message->n_events, sizeof(*policy->events));
	if (!policy->events)
		return TC_ENOMEM;
	for (size_t i = 0; i < message->n_events; i++) {
		const Throughcare__V1__ReleasePolicy__EventRule *row = message->events[i];
		struct policy_event *event = &policy->events[policy->event_count++];

		*event = (struct policy_event){
			.event_code = row->event_code,
			.type = row->type,
			.status = row->status ? row->status : "",
			.disposition_final = row->disposition_final != 0,
		};
		for (size_t k = 0; k < row->n_from; k++)
			event->from |= UINT32_C(1) << row->from[k];
	}
	return 0;
}

/* ---- the whole ---- */

/* The first finding stays. */
static void refuse_found(void *context, const char *path, const char *what)
{
	struct tc_refusal *refusal = context;

	if (refusal->code != TC_REFUSAL_POLICY_INVALID)
		(void)tc_refuse(refusal, TC_REFUSAL_POLICY_INVALID, "%s: %s", path, what);
}

static int compile_all(struct policy *policy, struct tc_refusal *refusal)
{
	*refusal = (struct tc_refusal){.code = TC_REFUSAL_NONE};
	if (tc_policy_scan(policy->message, refuse_found, refusal) > 0)
		return POLICY_REFUSED;
	compile_notices(policy);
	compile_categories(policy);
	compile_kinds(policy);
	compile_purposes(policy);
	compile_regimes(policy);
	compile_bases(policy);
	compile_rules(policy);
	return compile_events(policy);
}

int policy_compile(struct tc_slice packed, struct policy **ret, struct tc_refusal *refusal)
{
	struct policy *policy = NULL;
	int r;

	if (packed.len > POLICY_BYTES_MAX) {
		(void)tc_refuse(refusal, TC_REFUSAL_POLICY_INVALID, "over %d bytes",
				POLICY_BYTES_MAX);
		return POLICY_REFUSED;
	}
	r = tc_message_scan(packed, &throughcare__v1__release_policy__descriptor, refusal);
	if (r > 0) {
		refusal->code = TC_REFUSAL_POLICY_INVALID;
		return POLICY_REFUSED;
	}
	if (r < 0)
		return r;
	policy = calloc(1, sizeof(*policy) + packed.len);
	if (!policy)
		return TC_ENOMEM;
	memcpy(policy->packed, packed.data, packed.len);
	policy->packed_len = packed.len;
	policy->message = throughcare__v1__release_policy__unpack(NULL, packed.len, packed.data);
	r = policy->message ? tc_sha256(packed, policy->sha256) : TC_ENOMEM;
	if (r == 0)
		r = compile_all(policy, refusal);
	if (r != 0)
		policy_free(&policy);
	else
		*ret = policy;
	return r;
}

void policy_free(struct policy **policy)
{
	if (!*policy)
		return;
	if ((*policy)->message)
		throughcare__v1__release_policy__free_unpacked((*policy)->message, NULL);
	free((*policy)->events);
	free(*policy);
	*policy = NULL;
}
