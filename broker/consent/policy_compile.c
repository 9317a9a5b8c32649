/*
 * From a packed ReleasePolicy to sets of rules.
 *
 * The scan along the schema bounds and checks every field before anything is unpacked. What it
 * cannot know is checked here: values that say nothing, the same thing twice, notices that
 * nobody wrote.
 */
#include <stdlib.h>
#include <string.h>

#include "consent/policy_inside.h"
#include "wire/digest.h"
#include "wire/validate.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;

static int refuse(struct tc_refusal *refusal, const char *list, size_t at, const char *what)
{
	(void)tc_refuse(refusal, TC_REFUSAL_POLICY_INVALID, "%s[%zu]%s", list, at, what);
	return POLICY_REFUSED;
}

/* ---- sets of rules ---- */

static void rule_add(struct rule_set *set, size_t rule)
{
	set->words[rule / 64] |= UINT64_C(1) << (rule % 64);
}

/* Puts a rule into the set of each value that it names, or of every value when it names none. */
static bool dimension_add(struct rule_set *sets, size_t set_count, size_t rule, const int *values,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (values[i] <= 0 || (size_t)values[i] >= set_count)
			return false;
		rule_add(&sets[values[i]], rule);
	}
	for (size_t i = 0; count == 0 && i < set_count; i++)
		rule_add(&sets[i], rule);
	return true;
}

_Static_assert(sizeof(Throughcare__V1__Category) == sizeof(int) &&
		       sizeof(Throughcare__V1__AgencyKind) == sizeof(int) &&
		       sizeof(Throughcare__V1__Purpose) == sizeof(int) &&
		       sizeof(Throughcare__V1__ReleaseBasis) == sizeof(int),
	       "enumerations are read as int");

static int add_notices(const struct policy *policy, char *const *codes, size_t count, uint32_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		int bit = policy_notice_bit(policy, codes[i]);

		if (bit < 0)
			return POLICY_REFUSED;
		*ret |= UINT32_C(1) << bit;
	}
	return 0;
}

static int compile_rule(struct policy *policy, size_t at, struct tc_refusal *refusal)
{
	const release_rule *rule = policy->message->rules[at];
	uint32_t notices = 0;

	for (size_t i = 0; i < at; i++)
		if (strcmp(policy->message->rules[i]->rule_id, rule->rule_id) == 0)
			return refuse(refusal, "rules", at, ".rule_id: stands there twice");
	if (!dimension_add(policy->by_category, POLICY_CATEGORY_COUNT, at,
			   (const int *)rule->categories, rule->n_categories))
		return refuse(refusal, "rules", at, ".categories: not a category");
	if (!dimension_add(policy->by_from, AGENCY_KIND_COUNT, at, (const int *)rule->from,
			   rule->n_from))
		return refuse(refusal, "rules", at, ".from: not a kind of agency");
	if (!dimension_add(policy->by_to, AGENCY_KIND_COUNT, at, (const int *)rule->to, rule->n_to))
		return refuse(refusal, "rules", at, ".to: not a kind of agency");
	if (!dimension_add(policy->by_purpose, POLICY_PURPOSE_COUNT, at,
			   (const int *)rule->purposes, rule->n_purposes))
		return refuse(refusal, "rules", at, ".purposes: not a purpose");
	if (!dimension_add(policy->by_basis, POLICY_BASIS_COUNT, at, (const int *)rule->bases,
			   rule->n_bases))
		return refuse(refusal, "rules", at, ".bases: not a basis");
	if (add_notices(policy, rule->notices, rule->n_notices, &notices) != 0)
		return refuse(refusal, "rules", at, ".notices: no such notice");
	if (rule->effect == THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY) {
		if (notices)
			return refuse(refusal, "rules", at, ".notices: it denies");
		rule_add(&policy->denying, at);
	}
	for (uint32_t left = notices; left != 0; left &= left - 1)
		rule_add(&policy->with_notice[__builtin_ctz(left)], at);
	policy->notices |= notices;
	return 0;
}

static int compile_rules(struct policy *policy, struct tc_refusal *refusal)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->message->n_rules; i++)
		r = compile_rule(policy, i, refusal);
	return r;
}

/* ---- notices ---- */

static bool notice_same(const Throughcare__V1__ReleasePolicy__Notice *a,
			const Throughcare__V1__ReleasePolicy__Notice *b)
{
	const char *there = a->jurisdiction ? a->jurisdiction : "";
	const char *here = b->jurisdiction ? b->jurisdiction : "";

	return strcmp(a->code, b->code) == 0 && strcmp(there, here) == 0;
}

static int compile_notices(struct policy *policy, struct tc_refusal *refusal)
{
	const release_policy *message = policy->message;
	int next = NOTICE_COUNT;

	for (int i = 0; i < NOTICE_COUNT; i++)
		policy->codes[i] = notice_get((enum notice_code)i)->code;
	for (size_t i = 0; i < message->n_notices; i++) {
		const Throughcare__V1__ReleasePolicy__Notice *it = message->notices[i];
		int bit = policy_notice_bit(policy, it->code);

		for (size_t k = 0; k < i; k++)
			if (notice_same(message->notices[k], it))
				return refuse(refusal, "notices", i,
					      ".code: twice for one jurisdiction");
		if (bit >= NOTICE_SCOPE_TEXT && bit < NOTICE_COUNT)
			return refuse(refusal, "notices", i, ".code: the exchange writes this one");
		if (bit >= 0)
			continue;
		if (next == POLICY_NOTICES_MAX)
			return refuse(refusal, "notices", i, ".code: more than 24 codes");
		policy->codes[next++] = it->code;
	}
	return 0;
}

/* ---- rows ---- */

static int compile_categories(struct policy *policy, struct tc_refusal *refusal)
{
	const release_policy *message = policy->message;
	bool seen[POLICY_CATEGORY_COUNT] = {false};

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

		if (at == 0 || at >= POLICY_CATEGORY_COUNT || seen[at])
			return refuse(refusal, "categories", i,
				      ".category: none, or stands there twice");
		seen[at] = true;
		policy->categories[at] = (struct policy_category){
			.name = policy_category_name((uint32_t)at),
			.stands_alone = row->stands_alone != 0,
			.sealed = row->sealed != 0,
			.restricted = row->restricted != 0,
			.hold_days = row->hold_days,
		};
	}
	return 0;
}

static int compile_kinds(struct policy *policy, struct tc_refusal *refusal)
{
	const release_policy *message = policy->message;
	bool seen[AGENCY_KIND_COUNT] = {false};

	for (size_t i = 0; i < AGENCY_KIND_COUNT; i++)
		policy->kinds[i].name = agency_kind_name((enum agency_kind)i);
	for (size_t i = 0; i < message->n_agency_kinds; i++) {
		const Throughcare__V1__ReleasePolicy__AgencyKindRule *row =
			message->agency_kinds[i];
		size_t at = (size_t)row->kind;

		if (at == 0 || at >= AGENCY_KIND_COUNT || seen[at])
			return refuse(refusal, "agency_kinds", i,
				      ".kind: none, or stands there twice");
		seen[at] = true;
		policy->kinds[at] = (struct policy_agency_kind){
			.name = agency_kind_name((enum agency_kind)at),
			.treating = row->treating != 0,
			.criminal_justice = row->criminal_justice != 0,
			.orders = row->orders != 0,
			.consent_desk = row->consent_desk != 0,
		};
	}
	return 0;
}

static int compile_purposes(struct policy *policy, struct tc_refusal *refusal)
{
	const release_policy *message = policy->message;
	bool seen[POLICY_PURPOSE_COUNT] = {false};

	for (uint32_t i = 0; i < POLICY_PURPOSE_COUNT; i++)
		policy->purposes[i] = (struct policy_purpose){
			.name = policy_purpose_name(i),
			.stands_alone = true,
		};
	for (size_t i = 0; i < message->n_purposes; i++) {
		const Throughcare__V1__ReleasePolicy__PurposeRule *row = message->purposes[i];
		size_t at = (size_t)row->purpose;

		if (at == 0 || at >= POLICY_PURPOSE_COUNT || seen[at])
			return refuse(refusal, "purposes", i,
				      ".purpose: none, or stands there twice");
		seen[at] = true;
		policy->purposes[at].tpo = row->tpo != 0;
		policy->purposes[at].stands_alone = row->stands_alone != 0;
	}
	return 0;
}

static int compile_regimes(struct policy *policy, struct tc_refusal *refusal)
{
	const release_policy *message = policy->message;

	for (size_t i = 0; i < message->n_regimes; i++) {
		const Throughcare__V1__ReleasePolicy__RegimeRule *row = message->regimes[i];
		size_t at = (size_t)row->regime;
		struct policy_regime *regime;

		if (at == 0 || at >= POLICY_REGIME_COUNT || policy->regimes[at].name)
			return refuse(refusal, "regimes", i,
				      ".regime: none, or stands there twice");
		regime = &policy->regimes[at];
		*regime = (struct policy_regime){
			.name = policy_regime_name((uint32_t)at),
			.required = (const char *const *)row->required,
			.required_count = row->n_required,
			.intermediary = (enum policy_intermediary)row->intermediary,
			.revocable_later = row->revocable_later != 0,
			.scope = row->scope != 0,
		};
		if (add_notices(policy, row->notices, row->n_notices, &regime->notices) != 0)
			return refuse(refusal, "regimes", i, ".notices: no such notice");
	}
	return 0;
}

static int compile_bases(struct policy *policy, struct tc_refusal *refusal)
{
	const release_policy *message = policy->message;
	bool seen[POLICY_BASIS_COUNT] = {false};

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

		if (at == 0 || at >= POLICY_BASIS_COUNT || seen[at])
			return refuse(refusal, "bases", i, ".basis: none, or stands there twice");
		seen[at] = true;
		policy->bases[at] = (struct policy_basis){
			.name = policy_basis_name((uint32_t)at),
			.needs_reference = row->needs_reference != 0,
			.needs_actor = row->needs_actor != 0,
			.review_hours = row->review_hours,
			.lifts_redisclosure = row->lifts_redisclosure != 0,
		};
	}
	return 0;
}

static int compile_events(struct policy *policy, struct tc_refusal *refusal)
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
		for (size_t k = 0; k < row->n_from; k++) {
			size_t kind = (size_t)row->from[k];

			if (kind == 0 || kind >= AGENCY_KIND_COUNT)
				return refuse(refusal, "events", i, ".from: not a kind of agency");
			event->from |= UINT32_C(1) << kind;
		}
	}
	return 0;
}

/* ---- the whole ---- */

static int compile_version(struct policy *policy, struct tc_refusal *refusal)
{
	if (policy->message->version > 0)
		return 0;
	(void)tc_refuse(refusal, TC_REFUSAL_POLICY_INVALID, "version: not above 0");
	return POLICY_REFUSED;
}

static int compile_all(struct policy *policy, struct tc_refusal *refusal)
{
	static int (*const steps[])(struct policy * policy, struct tc_refusal * refusal) = {
		compile_version, compile_notices,  compile_categories,
		compile_kinds,   compile_purposes, compile_regimes,
		compile_bases,   compile_events,   compile_rules,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](policy, refusal);
	return r;
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
