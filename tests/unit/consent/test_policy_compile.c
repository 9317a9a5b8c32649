/* What becomes of any ReleasePolicy: it is refused, or rules as a plain reading of it would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consent/notice.h"
#include "consent/policy.h"
#include "throughcare/v1/policy.pb-c.h"
#include "wire/policy_scan.h"

typedef Throughcare__V1__ReleasePolicy release_policy;
typedef Throughcare__V1__ReleasePolicy__Rule release_rule;
typedef Throughcare__V1__ReleasePolicy__Notice release_notice;

#define PERMIT THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_PERMIT
#define DENY   THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY

/* The default, to be changed by the test; released with its own call. */
static release_policy *default_policy(void)
{
	release_policy *policy = throughcare__v1__release_policy__unpack(NULL, policy_default().len,
									 policy_default().data);

	assert_non_null(policy);
	return policy;
}

/* In the room of a text that is at least as long. */
static void rename_to(char *text, const char *name)
{
	assert_true(strlen(name) <= strlen(text));
	memcpy(text, name, strlen(name) + 1);
}

static int compile(const release_policy *message, struct policy **ret, struct tc_refusal *refusal)
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

/* Takes the message. */
static void assert_invalid(release_policy *message, const char *detail)
{
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;

	assert_int_equal(compile(message, &policy, &refusal), POLICY_REFUSED);
	assert_string_equal(tc_refusal_name(refusal.code), "policy_invalid");
	if (!strstr(refusal.detail, detail))
		fail_msg("detail is '%s', not '%s'", refusal.detail, detail);
	assert_null(policy);
	throughcare__v1__release_policy__free_unpacked(message, NULL);
}

static void bytes_that_are_no_policy_are_refused(void **state)
{
	const struct tc_slice whole = policy_default();
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	uint8_t *bytes = malloc(whole.len + 1);

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(policy_compile(tc_slice(NULL, 0), &policy, &refusal), POLICY_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_POLICY_INVALID);
	/* one byte changed, or all after it cut: never more than a refusal */
	for (size_t i = 0; i < whole.len; i++) {
		memcpy(bytes, whole.data, whole.len);
		bytes[i] ^= 0x55;
		if (policy_compile(tc_slice(bytes, whole.len), &policy, &refusal) == 0)
			policy_free(&policy);
		if (i % 16 == 0 && policy_compile(tc_slice(bytes, i), &policy, &refusal) == 0)
			policy_free(&policy);
	}
	free(bytes);
}

static void a_policy_over_its_size_is_refused(void **state)
{
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	uint8_t *bytes = calloc(1, POLICY_BYTES_MAX + 1);

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(policy_compile(tc_slice(bytes, POLICY_BYTES_MAX + 1), &policy, &refusal),
			 POLICY_REFUSED);
	assert_string_equal(tc_refusal_name(refusal.code), "policy_invalid");
	free(bytes);
}

static void numbers_without_a_meaning_are_refused(void **state)
{
	release_policy *policy = default_policy();

	(void)state;
	policy->rules[2]->categories[0] = (Throughcare__V1__Category)99;
	assert_invalid(policy, "rules[2].categories[0]");
	policy = default_policy();
	policy->rules[2]->categories[0] = (Throughcare__V1__Category)0;
	assert_invalid(policy, "rules[2].categories[0]");
	policy = default_policy();
	policy->agency_kinds[3]->kind = (Throughcare__V1__AgencyKind)0;
	assert_invalid(policy, "agency_kinds[3].kind");
	policy = default_policy();
	policy->rules[0]->effect = (Throughcare__V1__RuleEffect)0;
	assert_invalid(policy, "rules[0].effect");
	policy = default_policy();
	policy->version = 0;
	assert_invalid(policy, "version");
	policy = default_policy();
	policy->events[0]->from[0] = (Throughcare__V1__AgencyKind)0;
	assert_invalid(policy, "events[0].from[0]");
}

static void what_stands_there_twice_is_refused(void **state)
{
	release_policy *policy = default_policy();

	(void)state;
	rename_to(policy->rules[1]->rule_id, "x");
	rename_to(policy->rules[4]->rule_id, "x");
	assert_invalid(policy, "rules[4].rule_id");
	policy = default_policy();
	policy->categories[5]->category = policy->categories[2]->category;
	assert_invalid(policy, "categories[5].category");
	policy = default_policy();
	policy->purposes[5]->purpose = policy->purposes[2]->purpose;
	assert_invalid(policy, "purposes[5].purpose");
	policy = default_policy();
	policy->regimes[1]->regime = policy->regimes[0]->regime;
	assert_invalid(policy, "regimes[1].regime");
	policy = default_policy();
	policy->bases[1]->basis = policy->bases[0]->basis;
	assert_invalid(policy, "bases[1].basis");
	policy = default_policy();
	policy->rules[0]->categories[1] = policy->rules[0]->categories[0];
	assert_invalid(policy, "rules[0].categories[1]");
	policy = default_policy();
	rename_to(policy->notices[1]->code, policy->notices[0]->code);
	assert_invalid(policy, "notices[1].code");
}

static void a_notice_that_nobody_wrote_is_refused(void **state)
{
	release_policy *policy = default_policy();
	size_t rule = 0;

	(void)state;
	while (policy->rules[rule]->n_notices == 0)
		rule++;
	rename_to(policy->rules[rule]->notices[0], "nowhere");
	assert_invalid(policy, "notices[0]: there is no such notice");
	policy = default_policy();
	rename_to(policy->regimes[0]->notices[0], "nowhere");
	assert_invalid(policy, "regimes[0].notices[0]");
	policy = default_policy();
	rename_to(policy->regimes[0]->required[0], "subject_shoe_size");
	assert_invalid(policy, "regimes[0].required[0]");
}

/* A policy of nothing but `count` notices. */
static void make_notices(release_policy *policy, release_notice *notices, release_notice **rows,
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

static void a_policy_adds_at_most_24_notices(void **state)
{
	release_notice notices[25], *rows[25];
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	struct notice notice;
	release_policy message;
	char codes[25][16];

	(void)state;
	make_notices(&message, notices, rows, codes, 24);
	assert_int_equal(compile(&message, &policy, &refusal), 0);
	assert_true(policy_notice(policy, 8, NULL, &notice));
	assert_string_equal(notice.code, "n0");
	assert_true(policy_notice(policy, 31, "us", &notice));
	assert_string_equal(notice.code, "n23");
	assert_false(policy_notice(policy, 32, NULL, &notice));
	policy_free(&policy);
	make_notices(&message, notices, rows, codes, 25);
	assert_int_equal(compile(&message, &policy, &refusal), POLICY_REFUSED);
	assert_non_null(strstr(refusal.detail, "notices[24].code"));
}

static void a_notice_is_taken_for_the_disclosers_jurisdiction(void **state)
{
	release_notice notices[3], *rows[3];
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	struct notice notice;
	release_policy message;
	char codes[3][16];

	(void)state;
	make_notices(&message, notices, rows, codes, 3);
	notices[0].code = notices[1].code = notices[2].code =
		(char *)(uintptr_t)tc_policy_notices[NOTICE_PART2_SHORT];
	notices[0].jurisdiction = (char *)(uintptr_t) "us-wa";
	notices[0].text = (char *)(uintptr_t) "Washington";
	notices[1].text = (char *)(uintptr_t) "anywhere";
	notices[2].jurisdiction = (char *)(uintptr_t) "us-or";
	notices[2].text = (char *)(uintptr_t) "Oregon";
	assert_int_equal(compile(&message, &policy, &refusal), 0);
	assert_true(policy_notice(policy, NOTICE_PART2_SHORT, "us-wa", &notice));
	assert_string_equal(notice.text, "Washington");
	assert_true(policy_notice(policy, NOTICE_PART2_SHORT, "us-or", &notice));
	assert_string_equal(notice.text, "Oregon");
	assert_true(policy_notice(policy, NOTICE_PART2_SHORT, "us-ca", &notice));
	assert_string_equal(notice.text, "anywhere");
	assert_true(policy_notice(policy, NOTICE_PART2_SHORT, NULL, &notice));
	assert_string_equal(notice.text, "anywhere");
	/* those of the exchange are there without any policy */
	assert_true(policy_notice(policy, NOTICE_REDISCLOSE_NONE, NULL, &notice));
	assert_string_equal(notice.code, "redisclose-none");
	assert_false(policy_notice(policy, 8, NULL, &notice));
	policy_free(&policy);
	notices[1].code = (char *)(uintptr_t) "redisclose-none";
	assert_int_equal(compile(&message, &policy, &refusal), POLICY_REFUSED);
}

static void what_a_policy_leaves_out_is_most_restrictive(void **state)
{
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	release_policy message;
	struct policy_ruling ruling;

	(void)state;
	make_notices(&message, NULL, NULL, NULL, 0);
	assert_int_equal(compile(&message, &policy, &refusal), 0);
	for (uint32_t i = 1; i < 26; i++) {
		policy_rule(policy, i, AGENCY_KIND_PAROLE, AGENCY_KIND_COURT, 1, 1, &ruling);
		assert_false(ruling.permitted);
		assert_int_equal(ruling.rule, -1);
		assert_true(policy_category(policy, i)->stands_alone);
		assert_true(policy_category(policy, i)->sealed);
	}
	assert_true(policy_basis(policy, 2)->needs_reference);
	assert_true(policy_basis(policy, 2)->needs_actor);
	assert_false(policy_agency_kind(policy, AGENCY_KIND_TREATMENT)->treating);
	assert_true(policy_purpose(policy, 2)->stands_alone);
	assert_null(policy_regime(policy, 1));
	assert_null(policy_event(policy, 0));
	policy_free(&policy);
}

/* ---- against a plain reading of the rules ---- */

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
		rule->notices = p->notices[i];
		rule->n_notices = rule->effect == PERMIT ? random_below(3) : 0;
		for (size_t k = 0; k < rule->n_notices; k++)
			p->notices[i][k] = p->codes[(random_below(2) + 2 * k) % 4];
		p->rule_rows[i] = rule;
	}
}

static bool lists(const int *values, size_t count, uint32_t value)
{
	bool any = count == 0;

	for (size_t i = 0; i < count; i++)
		any = any || (uint32_t)values[i] == value;
	return any;
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

static void the_built_in_notices_are_those_that_the_scan_knows(void **state)
{
	(void)state;
	for (int i = 0; i < TC_POLICY_NOTICES_BUILT_IN; i++)
		assert_string_equal(notice_get((enum notice_code)i)->code, tc_policy_notices[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_policy_are_refused),
		cmocka_unit_test(a_policy_over_its_size_is_refused),
		cmocka_unit_test(numbers_without_a_meaning_are_refused),
		cmocka_unit_test(what_stands_there_twice_is_refused),
		cmocka_unit_test(a_notice_that_nobody_wrote_is_refused),
		cmocka_unit_test(a_policy_adds_at_most_24_notices),
		cmocka_unit_test(a_notice_is_taken_for_the_disclosers_jurisdiction),
		cmocka_unit_test(what_a_policy_leaves_out_is_most_restrictive),
		cmocka_unit_test(rulings_are_those_of_a_plain_reading),
		cmocka_unit_test(the_order_of_rules_changes_no_outcome),
		cmocka_unit_test(the_built_in_notices_are_those_that_the_scan_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
