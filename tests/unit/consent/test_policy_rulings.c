/* A compiled policy rules as a plain reading of its rules would, and quickly. */
#include "unit/consent/policy_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define PERMIT THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_PERMIT
#define DENY   THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY

#define RULES_MAX 40

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

struct random_policy {
	release_policy message;
	release_rule rules[RULES_MAX], *rule_rows[RULES_MAX];
	int values[RULES_MAX][5][32];
	char ids[RULES_MAX][16];
	char *notices[RULES_MAX][2];
	release_notice texts[4], *text_rows[4];
	char codes[4][16];
};

/* Some values of 1..count, each at most once; none: the rule matches any. */
static size_t random_values(int *to, int count)
{
	size_t n = 0;

	if (random_below(3) == 0)
		return 0;
	for (int i = 1; i <= count; i++)
		if (random_below(3) == 0)
			to[n++] = i;
	return n;
}

static bool lists(const int *values, size_t count, uint32_t value)
{
	bool any = count == 0;

	for (size_t i = 0; i < count; i++)
		any = any || (uint32_t)values[i] == value;
	return any;
}

/* No policy lets victim information go by consent: then for every other basis. */
static void keep_lawful(release_rule *rule)
{
	const uint32_t victim = THROUGHCARE__V1__CATEGORY__CATEGORY_VICTIM_INFO;

	if (rule->effect != PERMIT ||
	    !lists((const int *)rule->categories, rule->n_categories, victim) ||
	    !lists((const int *)rule->bases, rule->n_bases, POLICY_BASIS_CONSENT))
		return;
	rule->n_bases = 0;
	for (int i = POLICY_BASIS_CONSENT + 1; i < POLICY_BASIS_COUNT; i++)
		rule->bases[rule->n_bases++] = (Throughcare__V1__ReleaseBasis)i;
}

static void make_random(struct random_policy *p)
{
	memset(p, 0, sizeof(*p));
	make_notices(&p->message, p->texts, p->text_rows, p->codes, 4);
	p->message.rules = p->rule_rows;
	p->message.n_rules = 1 + random_below(RULES_MAX);
	for (size_t i = 0; i < p->message.n_rules; i++) {
		release_rule *rule = &p->rules[i];

		throughcare__v1__release_policy__rule__init(rule);
		snprintf(p->ids[i], sizeof(p->ids[i]), "r%u", (unsigned)(i % 100));
		rule->rule_id = p->ids[i];
		rule->has_effect = 1;
		rule->effect = random_below(4) == 0 ? DENY : PERMIT;
		rule->categories = (Throughcare__V1__Category *)p->values[i][0];
		rule->n_categories = random_values(p->values[i][0], 27);
		rule->from = (Throughcare__V1__AgencyKind *)p->values[i][1];
		rule->n_from = random_values(p->values[i][1], AGENCY_KIND_COUNT - 1);
		rule->to = (Throughcare__V1__AgencyKind *)p->values[i][2];
		rule->n_to = random_values(p->values[i][2], AGENCY_KIND_COUNT - 1);
		rule->purposes = (Throughcare__V1__Purpose *)p->values[i][3];
		rule->n_purposes = random_values(p->values[i][3], 11);
		rule->bases = (Throughcare__V1__ReleaseBasis *)p->values[i][4];
		rule->n_bases = random_values(p->values[i][4], 6);
		keep_lawful(rule);
		rule->notices = p->notices[i];
		rule->n_notices = rule->effect == PERMIT ? random_below(3) : 0;
		for (size_t k = 0; k < rule->n_notices; k++)
			p->notices[i][k] = p->codes[(random_below(2) + 2 * k) % 4];
		p->rule_rows[i] = rule;
	}
}

static void plain_reading(const release_policy *message, const uint32_t at[5],
			  struct policy_ruling *ret)
{
	int permit = -1, deny = -1;
	uint32_t notices = 0;

	for (size_t i = 0; i < message->n_rules; i++) {
		const release_rule *rule = message->rules[i];

		if (!lists((const int *)rule->categories, rule->n_categories, at[0]) ||
		    !lists((const int *)rule->from, rule->n_from, at[1]) ||
		    !lists((const int *)rule->to, rule->n_to, at[2]) ||
		    !lists((const int *)rule->purposes, rule->n_purposes, at[3]) ||
		    !lists((const int *)rule->bases, rule->n_bases, at[4]))
			continue;
		if (rule->effect == DENY && deny < 0)
			deny = (int)i;
		if (rule->effect == PERMIT && permit < 0)
			permit = (int)i;
		for (size_t k = 0; k < rule->n_notices; k++)
			notices |= UINT32_C(1) << (8 + (rule->notices[k][1] - '0'));
	}
	*ret = (struct policy_ruling){
		.permitted = deny < 0 && permit >= 0,
		.rule = deny >= 0 ? deny : permit,
		.notices = deny < 0 ? notices : 0,
	};
}

static void rulings_are_those_of_a_plain_reading(void **state)
{
	static struct random_policy random;

	(void)state;
	random_state = 20261122;
	for (int round = 0; round < 300; round++) {
		struct tc_refusal refusal = {0};
		struct policy *policy = NULL;

		make_random(&random);
		if (compile(&random.message, &policy, &refusal) != 0)
			fail_msg("round %d: %s", round, refusal.detail);
		for (int i = 0; i < 2000; i++) {
			const uint32_t at[5] = {1 + random_below(25),
						random_below(AGENCY_KIND_COUNT),
						random_below(AGENCY_KIND_COUNT), random_below(12),
						1 + random_below(6)};
			struct policy_ruling ruling, plain;

			plain_reading(&random.message, at, &plain);
			policy_rule(policy, at[0], (enum agency_kind)at[1], (enum agency_kind)at[2],
				    at[3], at[4], &ruling);
			if (ruling.permitted != plain.permitted || ruling.rule != plain.rule ||
			    ruling.notices != plain.notices)
				fail_msg("round %d, question %d: rule %d for %d", round, i,
					 ruling.rule, plain.rule);
		}
		policy_free(&policy);
	}
}

/* Whatever the order of the rules, the same goes with the same notices. */
static void the_order_of_rules_changes_no_outcome(void **state)
{
	static struct random_policy random;

	(void)state;
	random_state = 7;
	for (int round = 0; round < 100; round++) {
		struct policy *policy = NULL, *turned = NULL;
		struct tc_refusal refusal = {0};

		make_random(&random);
		assert_int_equal(compile(&random.message, &policy, &refusal), 0);
		for (size_t i = 0; i < random.message.n_rules / 2; i++) {
			size_t other = random.message.n_rules - 1 - i;
			release_rule *rule = random.rule_rows[i];

			random.rule_rows[i] = random.rule_rows[other];
			random.rule_rows[other] = rule;
		}
		assert_int_equal(compile(&random.message, &turned, &refusal), 0);
		for (int i = 0; i < 1000; i++) {
			struct policy_ruling a, b;
			uint32_t category = 1 + random_below(25), purpose = random_below(12);
			uint32_t basis = 1 + random_below(6);
			enum agency_kind from = (enum agency_kind)random_below(AGENCY_KIND_COUNT);
			enum agency_kind to = (enum agency_kind)random_below(AGENCY_KIND_COUNT);

			policy_rule(policy, category, from, to, purpose, basis, &a);
			policy_rule(turned, category, from, to, purpose, basis, &b);
			assert_int_equal(a.permitted, b.permitted);
			assert_int_equal(a.notices, b.notices);
		}
		policy_free(&turned);
		policy_free(&policy);
	}
}

/* Not a benchmark: prints what a ruling costs with the most rules and notices that there may be,
 * and fails only when it is absurd. */
static void the_most_rules_are_ruled_on_quickly(void **state)
{
	static release_rule rules[POLICY_RULES_MAX], *rows[POLICY_RULES_MAX];
	static char ids[POLICY_RULES_MAX][16];
	release_notice notices[24], *texts[24];
	char codes[24][16], *named[POLICY_RULES_MAX];
	Throughcare__V1__ReleaseBasis order =
		THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_COURT_ORDER;
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	release_policy message;
	const int rounds = 1000000;
	int64_t start, spent;

	(void)state;
	make_notices(&message, notices, texts, codes, 24);
	for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
		throughcare__v1__release_policy__rule__init(&rules[i]);
		snprintf(ids[i], sizeof(ids[i]), "r%u", i);
		named[i] = codes[i % 24];
		rules[i].rule_id = ids[i];
		rules[i].has_effect = 1;
		rules[i].effect = PERMIT;
		rules[i].bases = &order;
		rules[i].n_bases = 1;
		rules[i].notices = &named[i];
		rules[i].n_notices = 1;
		rows[i] = &rules[i];
	}
	message.rules = rows;
	message.n_rules = POLICY_RULES_MAX;
	assert_int_equal(compile(&message, &policy, &refusal), 0);
	start = tc_clock_monotonic_us();
	for (int i = 0; i < rounds; i++) {
		struct policy_ruling ruling;

		policy_rule(policy, 1 + (uint32_t)i % 25, AGENCY_KIND_PAROLE, AGENCY_KIND_COURT, 1,
			    (uint32_t)order, &ruling);
		assert_int_equal(ruling.notices, 0xffffff00);
	}
	spent = tc_clock_monotonic_us() - start;
	print_message("%lld ns a ruling by %d rules and 24 notices\n",
		      (long long)(spent * 1000 / rounds), POLICY_RULES_MAX);
	assert_true(spent * 1000 / rounds < 20000);
	policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rulings_are_those_of_a_plain_reading),
		cmocka_unit_test(the_order_of_rules_changes_no_outcome),
		cmocka_unit_test(the_most_rules_are_ruled_on_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
