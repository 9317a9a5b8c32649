/* What `policy check` finds, and that it finds it exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/policy_check.h"
#include "cli/policy_reach.h"
#include "throughcare/v1/policy.pb-c.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;

#define DENY THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY

/* Rules behind a head that has no finding of its own but rows that are missing. */
#define HEAD "policy_id: p\nversion: 2\nrules:\n"

static struct tc_policy_findings check(const char *text)
{
	struct tc_yaml_document document;
	struct tc_yaml_error error = {0};
	struct tc_policy_findings findings;

	if (tc_yaml_message_read(tc_slice_text(text), &throughcare__v1__release_policy__descriptor,
				 &document, &error) != 0)
		fail_msg("%u:%u: %s: %s", error.line, error.column, error.message, error.detail);
	assert_int_equal(tc_policy_check(&document, &findings), 0);
	tc_yaml_document_done(&document);
	return findings;
}

static const struct tc_policy_finding *find(const struct tc_policy_findings *findings,
					    const char *code, const char *message)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->rows[i].code, code) == 0 &&
		    strstr(findings->rows[i].message, message))
			return &findings->rows[i];
	return NULL;
}

static void assert_found(const char *text, const char *code, unsigned line, const char *message,
			 const char *detail)
{
	struct tc_policy_findings findings = check(text);
	const struct tc_policy_finding *row = find(&findings, code, message);

	if (!row)
		fail_msg("no %s: %s in\n%s", code, message, text);
	assert_int_equal(row->line, line);
	if (!strstr(row->detail, detail))
		fail_msg("'%s' is not '%s'", row->detail, detail);
	assert_true(row->hint[0] != '\0');
	tc_policy_findings_free(&findings);
}

static void assert_errors(const char *text, size_t errors)
{
	struct tc_policy_findings findings = check(text);

	if (findings.errors != errors)
		for (size_t i = 0; i < findings.count; i++)
			print_message("%u: %s: %s\n", findings.rows[i].line, findings.rows[i].code,
				      findings.rows[i].message);
	assert_int_equal(findings.errors, errors);
	tc_policy_findings_free(&findings);
}

static void a_rule_that_lets_victim_information_go_by_consent_is_invalid(void **state)
{
	(void)state;
	assert_found(HEAD "  - {rule_id: a, effect: permit, categories: [housing]}\n"
			  "  - {rule_id: b, effect: permit, bases: [consent]}\n",
		     "invalid", 5, "the rule b lets victim_info go by consent", "rules[1]");
}

static void a_rule_that_others_decide_in_place_of_is_shadowed(void **state)
{
	(void)state;
	/* by a rule that denies, whichever comes first */
	assert_found(HEAD "  - {rule_id: a, effect: permit, categories: [hiv], to: [court]}\n"
			  "  - {rule_id: b, effect: deny, categories: [hiv]}\n",
		     "shadowed", 4, "the rule a", "b (denies)");
	/* by two that deny together */
	assert_found(HEAD
		     "  - {rule_id: a, effect: permit, categories: [hiv], bases: [consent]}\n"
		     "  - {rule_id: b, effect: deny, from: [court, police, treatment]}\n"
		     "  - {rule_id: c, effect: deny, from: [parole, probation, housing, employment,"
		     " education, victim_service, intake, lab, monitoring, other]}\n"
		     "  - {rule_id: d, effect: deny, categories: [hiv], to: [court]}\n"
		     "  - {rule_id: e, effect: deny, categories: [hiv], purposes: [research]}\n"
		     "  - {rule_id: f, effect: deny, categories: [hiv]}\n",
		     "shadowed", 4, "the rule a", "b (denies), c (denies), d (denies), e (denies)");
	/* by an earlier one that permits */
	assert_found(HEAD "  - {rule_id: a, effect: permit, categories: [hiv, housing]}\n"
			  "  - {rule_id: b, effect: permit, categories: [hiv], to: [court]}\n",
		     "shadowed", 5, "the rule b", "a (permits)");
	/* a rule that denies by one before it */
	assert_found(HEAD "  - {rule_id: a, effect: deny, categories: [hiv]}\n"
			  "  - {rule_id: b, effect: deny, categories: [hiv], to: [court]}\n",
		     "shadowed", 5, "the rule b", "a (denies)");
}

static void a_rule_that_decides_anything_is_not(void **state)
{
	(void)state;
	/* one more kind of agency */
	assert_errors(HEAD "  - {rule_id: a, effect: permit, categories: [hiv], to: [court]}\n"
			   "  - {rule_id: b, effect: permit, categories: [hiv]}\n",
		      0);
	/* a notice that the first does not send */
	assert_errors(HEAD "  - {rule_id: a, effect: permit, categories: [hiv]}\n"
			   "  - {rule_id: b, effect: permit, categories: [hiv], notices: [n]}\n"
			   "notices: [{code: n, version: '1', text: t}]\n",
		      0);
	/* but then a third with that notice decides nothing */
	assert_errors(HEAD "  - {rule_id: a, effect: permit, categories: [hiv]}\n"
			   "  - {rule_id: b, effect: permit, categories: [hiv], notices: [n]}\n"
			   "  - {rule_id: c, effect: permit, categories: [hiv], notices: [n]}\n"
			   "notices: [{code: n, version: '1', text: t}]\n",
		      1);
	/* an agency whose kind nobody knows is no agency of a kind */
	assert_errors(HEAD "  - {rule_id: a, effect: permit, categories: [hiv], from: [parole,"
			   " probation, treatment, housing, court, employment, education, police,"
			   " victim_service, intake, lab, monitoring, other]}\n"
			   "  - {rule_id: b, effect: permit, categories: [hiv]}\n",
		      0);
}

static void what_matches_nothing_and_what_nobody_wrote_is_found(void **state)
{
	(void)state;
	assert_found(HEAD "  - {rule_id: a, effect: permit, categories: [exchange, test]}\n",
		     "unreachable", 4, "the rule a", "exchange and test");
	assert_found(HEAD "  - {rule_id: a, effect: permit, categories: [hiv], notices: [n]}\n",
		     "invalid", 4, "no such notice", "rules[0].notices[0]");
	assert_found(HEAD "  - {rule_id: a, effect: permit, categories: [hiv]}\n"
			  "  - {rule_id: a, effect: permit, categories: [housing]}\n",
		     "invalid", 5, "another rule has this id", "rules[1].rule_id");
	assert_found("policy_id: p\nversion: 1\nregimes:\n  - regime: state\n", "invalid", 4,
		     "asks for no element", "regimes[0].required");
	assert_found("policy_id: p\nversion: 1\nregimes: [{regime: state, required: [shoe]}]\n",
		     "invalid", 3, "no such element", "regimes[0].required[0]");
	assert_found(HEAD "  - {rule_id: a, effect: deny, categories: [hiv]}\n", "never_permitted",
		     4, "the category hiv", "every rule about it denies");
	assert_found(HEAD "  - {rule_id: a, effect: deny, categories: [hiv]}\n", "not_spoken_of", 4,
		     "the category housing", "no rule speaks about it");
	assert_found(HEAD "  - {rule_id: a, effect: deny, categories: [hiv]}\n"
			  "purposes: [{purpose: treatment}]\n",
		     "row_missing", 5, "the purpose research", "nothing else");
	assert_found("policy_id: p\nversion: 1\nbases: [{basis: statute}]\n", "row_missing", 3,
		     "the basis court_order", "reference and an actor");
	assert_found("policy_id: p\nversion: 1\nagency_kinds: [{kind: lab}]\n", "row_missing", 3,
		     "the kind of agency parole", "");
	assert_found("policy_id: p\nversion: 1\nregimes: [{regime: state, required: [regime]}]\n",
		     "row_missing", 3, "the regime part2", "no consent can be recorded");
	assert_found("policy_id: p\nversion: 1\nnotices: [{code: n, version: '1', text: t}]\n",
		     "notice_unused", 3, "the notice n", "");
}

/* ---- exactly ---- */

static uint64_t random_state = 4711;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

#define RULES 12

struct random_policy {
	release_policy message;
	release_rule rules[RULES], *rows[RULES];
	int values[RULES][5][32];
};

static size_t random_values(int *to, int count, uint32_t one_in)
{
	size_t n = 0;

	for (int i = 1; i <= count; i++)
		if (random_below(one_in) == 0)
			to[n++] = i;
	return n;
}

static void make_random(struct random_policy *p)
{
	static char id[] = "r";

	memset(p, 0, sizeof(*p));
	throughcare__v1__release_policy__init(&p->message);
	p->message.rules = p->rows;
	p->message.n_rules = RULES;
	for (size_t i = 0; i < RULES; i++) {
		release_rule *rule = p->rows[i] = &p->rules[i];

		throughcare__v1__release_policy__rule__init(rule);
		rule->rule_id = id;
		rule->effect = (Throughcare__V1__RuleEffect)(1 + (random_below(3) == 0));
		rule->categories = (Throughcare__V1__Category *)p->values[i][0];
		rule->n_categories = random_values(p->values[i][0], 27, 9);
		rule->from = (Throughcare__V1__AgencyKind *)p->values[i][1];
		rule->to = (Throughcare__V1__AgencyKind *)p->values[i][2];
		rule->purposes = (Throughcare__V1__Purpose *)p->values[i][3];
		rule->bases = (Throughcare__V1__ReleaseBasis *)p->values[i][4];
		if (random_below(3) == 0)
			rule->n_from = random_values(p->values[i][1], 13, 2);
		if (random_below(3) == 0)
			rule->n_to = random_values(p->values[i][2], 13, 2);
		if (random_below(4) == 0)
			rule->n_purposes = random_values(p->values[i][3], 11, 2);
		if (random_below(2) == 0)
			rule->n_bases = random_values(p->values[i][4], 6, 2);
	}
}

static bool lists(const int *values, size_t count, int value)
{
	bool any = count == 0;

	for (size_t i = 0; i < count; i++)
		any = any || values[i] == value;
	return any;
}

/* The first rule that denies, or else the first that permits; -1. */
static int plain_decider(const release_policy *policy, const int at[5])
{
	int permit = -1;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const release_rule *rule = policy->rules[i];

		if (!lists((const int *)rule->categories, rule->n_categories, at[0]) ||
		    !lists((const int *)rule->from, rule->n_from, at[1]) ||
		    !lists((const int *)rule->to, rule->n_to, at[2]) ||
		    !lists((const int *)rule->purposes, rule->n_purposes, at[3]) ||
		    !lists((const int *)rule->bases, rule->n_bases, at[4]))
			continue;
		if (rule->effect == DENY)
			return (int)i;
		if (permit < 0)
			permit = (int)i;
	}
	return permit;
}

static void the_rules_that_decide_are_exactly_those_of_a_plain_reading(void **state)
{
	static struct random_policy random;
	static struct tc_policy_reach reach;
	unsigned idle = 0;

	(void)state;
	for (int round = 0; round < 8; round++) {
		bool decides[RULES] = {false};
		int at[5];

		make_random(&random);
		for (at[0] = 1; at[0] < 26; at[0]++)
			for (at[1] = 0; at[1] < 14; at[1]++)
				for (at[2] = 0; at[2] < 14; at[2]++)
					for (at[3] = 0; at[3] < 12; at[3]++)
						for (at[4] = 1; at[4] < 7; at[4]++) {
							int by = plain_decider(&random.message, at);

							if (by >= 0)
								decides[by] = true;
						}
		tc_policy_reach(&random.message, &reach);
		for (unsigned i = 0; i < RULES; i++) {
			assert_int_equal(tc_reach_has(&reach.deciding, i), decides[i]);
			idle += !decides[i];
		}
	}
	assert_true(idle > 0 && idle < 8 * RULES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_lets_victim_information_go_by_consent_is_invalid),
		cmocka_unit_test(a_rule_that_others_decide_in_place_of_is_shadowed),
		cmocka_unit_test(a_rule_that_decides_anything_is_not),
		cmocka_unit_test(what_matches_nothing_and_what_nobody_wrote_is_found),
		cmocka_unit_test(the_rules_that_decide_are_exactly_those_of_a_plain_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
