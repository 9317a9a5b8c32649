#include "cli/policy_reach.h"

#include <string.h>

#include "wire/policy_scan.h"

#define KINDS    14
#define PURPOSES 12
#define BASES    7

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;

/* For each value of each dimension the rules that match it. */
struct reach_table {
	struct tc_reach_set category[TC_REACH_CATEGORIES];
	struct tc_reach_set from[KINDS], to[KINDS];
	struct tc_reach_set purpose[PURPOSES];
	struct tc_reach_set basis[BASES];
	struct tc_reach_set denying;
	struct tc_reach_set notice[TC_POLICY_NOTICES_MAX];
	const char *code[TC_POLICY_NOTICES_MAX];
	size_t codes;
};

typedef void (*reach_visit)(const struct reach_table *table, unsigned category,
			    const struct tc_reach_set *match, struct tc_policy_reach *reach);

bool tc_reach_has(const struct tc_reach_set *set, unsigned rule)
{
	return set->words[rule / 64] >> (rule % 64) & 1;
}

static void set_add(struct tc_reach_set *set, unsigned rule)
{
	set->words[rule / 64] |= UINT64_C(1) << (rule % 64);
}

static struct tc_reach_set set_both(const struct tc_reach_set *a, const struct tc_reach_set *b)
{
	struct tc_reach_set both;

	for (int i = 0; i < TC_REACH_WORDS; i++)
		both.words[i] = a->words[i] & b->words[i];
	return both;
}

static struct tc_reach_set set_without(const struct tc_reach_set *a, const struct tc_reach_set *b)
{
	struct tc_reach_set left;

	for (int i = 0; i < TC_REACH_WORDS; i++)
		left.words[i] = a->words[i] & ~b->words[i];
	return left;
}

static void set_join(struct tc_reach_set *to, const struct tc_reach_set *from)
{
	for (int i = 0; i < TC_REACH_WORDS; i++)
		to->words[i] |= from->words[i];
}

/* -1 when it is empty. */
static int set_first(const struct tc_reach_set *set)
{
	for (int i = 0; i < TC_REACH_WORDS; i++)
		if (set->words[i] != 0)
			return i * 64 + __builtin_ctzll(set->words[i]);
	return -1;
}

/* ---- the table ---- */

static void dimension_add(struct tc_reach_set *sets, size_t set_count, unsigned rule,
			  const int *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((size_t)values[i] < set_count)
			set_add(&sets[values[i]], rule);
	for (size_t i = 0; count == 0 && i < set_count; i++)
		set_add(&sets[i], rule);
}

static void notice_add(struct reach_table *table, unsigned rule, const char *code)
{
	size_t at = 0;

	while (at < table->codes && strcmp(table->code[at], code) != 0)
		at++;
	if (at == TC_POLICY_NOTICES_MAX)
		return;
	if (at == table->codes)
		table->code[table->codes++] = code;
	set_add(&table->notice[at], rule);
}

static void table_fill(struct reach_table *table, const release_policy *policy)
{
	for (unsigned i = 0; i < policy->n_rules && i < TC_REACH_RULES_MAX; i++) {
		const release_rule *rule = policy->rules[i];

		dimension_add(table->category, TC_REACH_CATEGORIES, i,
			      (const int *)rule->categories, rule->n_categories);
		dimension_add(table->from, KINDS, i, (const int *)rule->from, rule->n_from);
		dimension_add(table->to, KINDS, i, (const int *)rule->to, rule->n_to);
		dimension_add(table->purpose, PURPOSES, i, (const int *)rule->purposes,
			      rule->n_purposes);
		dimension_add(table->basis, BASES, i, (const int *)rule->bases, rule->n_bases);
		if (rule->effect == THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY)
			set_add(&table->denying, i);
		for (size_t k = 0; k < rule->n_notices; k++)
			notice_add(table, i, rule->notices[k]);
	}
}

/* ---- every question ---- */

/* The rules that decide this question: one that denies, or those that permit and give notice. */
static struct tc_reach_set deciders(const struct reach_table *table,
				    const struct tc_reach_set *match, bool *ret_permitted)
{
	struct tc_reach_set denies = set_both(match, &table->denying);
	struct tc_reach_set permits = set_without(match, &table->denying);
	struct tc_reach_set decide = {{0}};
	int first = set_first(&denies);

	*ret_permitted = false;
	if (first >= 0) {
		set_add(&decide, (unsigned)first);
		return decide;
	}
	first = set_first(&permits);
	if (first < 0)
		return decide;
	*ret_permitted = true;
	set_add(&decide, (unsigned)first);
	for (size_t i = 0; i < table->codes; i++) {
		struct tc_reach_set giving = set_both(&permits, &table->notice[i]);

		first = set_first(&giving);
		if (first >= 0)
			set_add(&decide, (unsigned)first);
	}
	return decide;
}

static void visit_deciding(const struct reach_table *table, unsigned category,
			   const struct tc_reach_set *match, struct tc_policy_reach *reach)
{
	bool permitted;
	struct tc_reach_set decide = deciders(table, match, &permitted);

	set_join(&reach->matching, match);
	set_join(&reach->deciding, &decide);
	reach->spoken[category] = reach->spoken[category] || set_first(match) >= 0;
	reach->permitted[category] = reach->permitted[category] || permitted;
}

static void visit_instead(const struct reach_table *table, unsigned category,
			  const struct tc_reach_set *match, struct tc_policy_reach *reach)
{
	struct tc_reach_set idle = set_without(match, &reach->deciding);
	bool permitted;
	struct tc_reach_set decide;
	int rule = set_first(&idle);

	(void)category;
	if (rule < 0)
		return;
	decide = deciders(table, match, &permitted);
	for (; rule >= 0; rule = set_first(&idle)) {
		set_join(&reach->instead[rule], &decide);
		idle.words[rule / 64] &= idle.words[rule / 64] - 1;
	}
}

static void each_question(const struct reach_table *table, reach_visit visit,
			  struct tc_policy_reach *reach)
{
	for (unsigned c = 1; c < TC_REACH_CATEGORIES; c++)
		for (unsigned b = 1; b < BASES; b++) {
			struct tc_reach_set cb = set_both(&table->category[c], &table->basis[b]);

			for (unsigned p = 0; p < PURPOSES; p++) {
				struct tc_reach_set cbp = set_both(&cb, &table->purpose[p]);

				for (unsigned f = 0; f < KINDS; f++) {
					struct tc_reach_set cbpf = set_both(&cbp, &table->from[f]);

					for (unsigned t = 0; t < KINDS; t++) {
						struct tc_reach_set match =
							set_both(&cbpf, &table->to[t]);

						visit(table, c, &match, reach);
					}
				}
			}
		}
}

void tc_policy_reach(const release_policy *policy, struct tc_policy_reach *ret)
{
	struct reach_table table = {.codes = 0};

	memset(ret, 0, sizeof(*ret));
	table_fill(&table, policy);
	each_question(&table, visit_deciding, ret);
	each_question(&table, visit_instead, ret);
}
