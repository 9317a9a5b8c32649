/*
 * How a decision is made.
 *
 * 1. The policy rules on each category among the parts for the basis that is named
 *    (consent, when none is): a part is free (the exchange's own business, synthetic
 *    tests), denied, or permitted.
 * 2. With a legal basis named, what the policy permits goes, if the basis has what it needs.
 * 3. Otherwise each permitted part needs a grant (weighing.h). What no grant covers is held,
 *    with the most telling reason among the grants that would have covered it; one in force
 *    for another proceeding denies it.
 * 4. Of a message whose leading part stays, nothing goes.
 */
#include "consent/decision.h"

#include <string.h>

#include "consent/weighing.h"
#include "throughcare/v1/options.pb-c.h"
#include "wire/actor.h"

#define CATEGORY(name) ((uint32_t)THROUGHCARE__V1__CATEGORY__CATEGORY_##name)

/* The parts, as bits, by what becomes of them. */
struct sorting {
	struct weighing weighing;
	uint64_t all;
	uint64_t free;
	uint64_t wanted;    /* the policy permits it on this basis */
	uint64_t forbidden; /* it came with a rule that forbids to pass it on so */
	uint64_t rest;      /* the policy does not */
	uint32_t notices[POLICY_CATEGORY_COUNT]; /* of the rules that permit */
};

const char *decision_kind_name(enum decision_kind kind)
{
	static const char *const names[] = {
		[DECISION_PERMIT] = "permit",
		[DECISION_PERMIT_PARTS] = "permit_parts",
		[DECISION_HOLD] = "hold",
		[DECISION_DENY] = "deny",
	};

	return names[kind];
}

void decision_hold(struct decision *decision, enum tc_refusal_code code)
{
	if (decision->kind == DECISION_HOLD || decision->kind == DECISION_DENY)
		return;
	*decision = (struct decision){
		.kind = DECISION_HOLD,
		.code = code,
		.basis = "none",
		.rule_version = decision->rule_version,
	};
}

/* 00000000-0000-7000-8000-*: made up. */
static bool subject_synthetic(struct tc_id subject)
{
	static const uint8_t range[] = {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0};

	return memcmp(subject.bytes, range, sizeof(range)) == 0;
}

static bool part_free(const struct decision_request *request, uint32_t category)
{
	return category == CATEGORY(EXCHANGE) ||
	       (category == CATEGORY(TEST) && subject_synthetic(request->subject));
}

/* ---- what the policy says ---- */

static void sort_part(struct sorting *sorting, uint32_t basis, size_t i, struct decision *ret)
{
	const struct decision_request *request = sorting->weighing.request;
	struct weighing *weighing = &sorting->weighing;
	uint32_t category = request->categories[i];
	uint64_t bit = UINT64_C(1) << i;
	struct policy_ruling ruling;

	ret->rules[i] = -1;
	sorting->all |= bit;
	if (part_free(request, category)) {
		sorting->free |= bit;
		return;
	}
	sorting->rest |= bit;
	if (tc_id_is_none(request->subject) || category >= POLICY_CATEGORY_COUNT)
		return;
	policy_rule(weighing->policy, category, request->sender_kind, request->recipient_kind,
		    request->purpose, basis, &ruling);
	ret->rules[i] = (int16_t)ruling.rule;
	if (!ruling.permitted)
		return;
	sorting->rest &= ~bit;
	if (request->forbidden & bit) {
		sorting->forbidden |= bit;
		return;
	}
	sorting->wanted |= bit;
	sorting->notices[category] = ruling.notices;
	weighing->asked |= UINT64_C(1) << category;
	weighing->parts[category] |= bit;
}

/* ---- what becomes of it ---- */

/* The reason that tells the sender most about what to do. */
static enum tc_refusal_code told_most(const struct sorting *sorting, uint64_t held,
				      struct tc_id *ret_by)
{
	const struct weighing *weighing = &sorting->weighing;
	unsigned most = WEIGHING_MISSING;

	for (uint64_t left = weighing->asked; left != 0; left &= left - 1) {
		unsigned category = (unsigned)__builtin_ctzll(left);

		if (weighing->parts[category] & held && weighing->told[category] > most) {
			most = weighing->told[category];
			*ret_by = weighing->told_by[category];
		}
	}
	return weighing_code((enum weighing_reason)most);
}

static int64_t first_coming_ms(const struct sorting *sorting, uint64_t held)
{
	const struct weighing *weighing = &sorting->weighing;
	int64_t first_ms = 0;

	for (uint64_t left = weighing->asked; left != 0; left &= left - 1) {
		unsigned category = (unsigned)__builtin_ctzll(left);
		int64_t coming_ms = weighing->coming_ms[category];

		if (weighing->parts[category] & held && coming_ms != 0 &&
		    (first_ms == 0 || coming_ms < first_ms))
			first_ms = coming_ms;
	}
	return first_ms;
}

/* Of what is wanted and no grant covers: what a grant in force for another proceeding denies. */
static uint64_t elsewhere(const struct sorting *sorting, uint64_t uncovered)
{
	const struct weighing *weighing = &sorting->weighing;
	uint64_t parts = 0;

	for (uint64_t left = weighing->elsewhere; left != 0; left &= left - 1)
		parts |= weighing->parts[__builtin_ctzll(left)];
	return parts & uncovered;
}

/* Nothing goes, or some stays: why, of the parts that the answer is about. */
static void withhold(const struct sorting *sorting, uint64_t about, struct decision *ret)
{
	bool consent = sorting->weighing.request->legal == 0;
	uint64_t uncovered = consent ? sorting->wanted & ~ret->parts_mask & about : 0;
	uint64_t other = elsewhere(sorting, uncovered), held = uncovered & ~other;

	if (held != 0)
		ret->code = told_most(sorting, held, &ret->telling);
	else if (other != 0)
		ret->code = TC_REFUSAL_CONSENT_OTHER_PROCEEDING;
	else if (sorting->forbidden & about)
		ret->code = TC_REFUSAL_REDISCLOSURE_FORBIDDEN;
	else
		ret->code = TC_REFUSAL_BASIS_INSUFFICIENT;
	ret->kind = held != 0 ? DECISION_HOLD : DECISION_DENY;
	ret->recheck_ms = first_coming_ms(sorting, held);
}

static void conclude(const struct sorting *sorting, struct decision *ret)
{
	bool leads = !sorting->weighing.request->message || ret->parts_mask & 1;

	if (ret->parts_mask == sorting->all) {
		ret->kind = DECISION_PERMIT;
		return;
	}
	if (leads && ret->parts_mask != 0) {
		withhold(sorting, sorting->all & ~ret->parts_mask, ret);
		ret->kind = DECISION_PERMIT_PARTS;
		ret->recheck_ms = 0;
		return;
	}
	withhold(sorting, leads ? sorting->all : 1, ret);
	ret->parts_mask = 0;
	ret->grant_count = 0;
	ret->obligations = 0;
	if (sorting->weighing.request->legal == 0)
		ret->basis[0] = '\0';
}

/* ---- on what basis ---- */

static bool basis_complete(const struct decision_request *request, const struct policy_basis *basis)
{
	return (!basis->needs_reference || request->reference.len > 0) &&
	       (!basis->needs_actor || tc_actor_named(request->actor));
}

static void decide_by_basis(const struct sorting *sorting, const struct policy_basis *basis,
			    struct decision *ret)
{
	if (!basis)
		return;
	strncpy(ret->basis, basis->name, sizeof(ret->basis) - 1);
	if (basis_complete(sorting->weighing.request, basis))
		ret->parts_mask |= sorting->wanted;
}

/* What the rules add to what is released. */
static void note_rules(const struct sorting *sorting, struct decision *ret)
{
	const struct weighing *weighing = &sorting->weighing;

	for (uint64_t left = weighing->asked; left != 0; left &= left - 1) {
		unsigned category = (unsigned)__builtin_ctzll(left);

		if (weighing->parts[category] & ret->parts_mask)
			ret->obligations |= sorting->notices[category];
	}
}

int decision_take(struct store_txn *txn, const struct consent_tables *tables,
		  const struct policy *policy, const struct decision_request *request,
		  struct decision *ret)
{
	struct decision_request asked = *request;
	struct sorting sorting = {.weighing = {.request = &asked, .policy = policy}};
	uint32_t number = request->legal ? policy_basis_of(request->legal) : POLICY_BASIS_CONSENT;
	const struct policy_basis *basis = policy_basis(policy, number);
	int r = 0;

	if (request->part_count > TC_PARTS_MAX)
		return TC_EINVAL;
	*ret = (struct decision){.rule_version = policy_version(policy)};
	if (request->legal != 0 && basis && basis->lifts_redisclosure)
		asked.forbidden = 0;
	for (size_t i = 0; i < request->part_count; i++)
		sort_part(&sorting, number, i, ret);
	ret->parts_mask = sorting.free;
	if (request->legal != 0) {
		decide_by_basis(&sorting, basis, ret);
	} else if (sorting.wanted != 0) {
		r = weighing_weigh(txn, tables, &sorting.weighing);
		if (r != 0)
			return r;
		weighing_choose(&sorting.weighing, ret);
	}
	note_rules(&sorting, ret);
	conclude(&sorting, ret);
	if (ret->basis[0] == '\0')
		memcpy(ret->basis, "none", sizeof("none"));
	return 0;
}
