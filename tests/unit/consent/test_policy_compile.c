/* What becomes of any ReleasePolicy: it is refused, or rules as a plain reading of it would. */
#include "unit/consent/policy_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consent/consent_check.h"
#include "consent/consent_element.h"
#include "consent/notice.h"
#include "wire/policy_scan.h"

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
	policy = default_policy();
	rename_to(policy->events[0]->type, "Hearing");
	assert_invalid(policy, "events[0].type");
}

static void a_retention_rule_that_cannot_be_meant_is_refused(void **state)
{
	release_policy *policy = default_policy();

	(void)state;
	assert_true(policy->n_retention > 2 && policy->retention[0]->n_categories > 1);
	rename_to(policy->retention[1]->name, policy->retention[0]->name);
	assert_invalid(policy, "retention[1].name");
	policy = default_policy();
	policy->retention[1]->categories[0] = policy->retention[0]->categories[1];
	assert_invalid(policy, "retention[1].categories[0]: an earlier rule");
	policy = default_policy();
	policy->retention[0]->categories[0] = (Throughcare__V1__Category)99;
	assert_invalid(policy, "retention[0].categories[0]");
	policy = default_policy();
	policy->retention[0]->categories[0] = THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE;
	assert_invalid(policy, "retention[0].categories[0]: the exchange");
	policy = default_policy();
	policy->retention[0]->days = 0;
	assert_invalid(policy, "retention[0].days");
	policy = default_policy();
	policy->retention[0]->n_categories = 0;
	assert_invalid(policy, "retention[0].name: the rule names nothing");
}

static void kinds_of_records_that_retention_does_not_know_are_refused(void **state)
{
	release_policy *policy = default_policy();
	size_t at = 0;

	(void)state;
	while (policy->retention[at]->n_records == 0)
		at++;
	rename_to(policy->retention[at]->records[0], "x");
	assert_invalid(policy, ".records[0]: there is no such kind");
}

static void check_victim(const release_policy *message, bool refused)
{
	struct tc_refusal refusal = {0};
	struct policy *policy = NULL;
	uint8_t packed[256];
	size_t len = throughcare__v1__release_policy__pack(message, packed);

	assert_int_equal(policy_compile(tc_slice(packed, len), &policy, &refusal),
			 refused ? POLICY_REFUSED : 0);
	if (refused)
		assert_non_null(strstr(refusal.detail, "careless lets victim_info go by consent"));
	policy_free(&policy);
}

/* 34 U.S.C. 12291(b)(2): whoever signs is not the one whom it is about, whatever else denies it. */
static void a_rule_that_lets_victim_information_go_by_consent_is_refused(void **state)
{
	Throughcare__V1__Category categories[] = {
		THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING,
		THROUGHCARE__V1__CATEGORY__CATEGORY_VICTIM_INFO,
	};
	Throughcare__V1__ReleaseBasis bases[] = {
		THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_COURT_ORDER,
		THROUGHCARE__V1__RELEASE_BASIS__RELEASE_BASIS_CONSENT,
	};
	/* How many of each list a permitting rule names; none: all. */
	static const struct {
		size_t categories, bases;
		bool refused;
	} cases[] = {
		{2, 2, true},  {2, 0, true},  {0, 2, true},  {0, 0, true},
		{1, 0, false}, {2, 1, false}, {0, 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		release_rule rule = THROUGHCARE__V1__RELEASE_POLICY__RULE__INIT, *rules[] = {&rule};
		release_policy message = THROUGHCARE__V1__RELEASE_POLICY__INIT;
		char id[] = "p", rule_id[] = "careless";

		message.policy_id = id;
		message.has_version = 1;
		message.version = 1;
		message.rules = rules;
		message.n_rules = 1;
		rule.rule_id = rule_id;
		rule.has_effect = 1;
		rule.effect = THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_PERMIT;
		rule.categories = categories;
		rule.n_categories = cases[i].categories;
		rule.bases = bases;
		rule.n_bases = cases[i].bases;
		check_victim(&message, cases[i].refused);
		rule.effect = THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY;
		check_victim(&message, false);
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

static void the_built_in_notices_are_those_that_the_scan_knows(void **state)
{
	(void)state;
	for (int i = 0; i < TC_POLICY_NOTICES_BUILT_IN; i++)
		assert_string_equal(notice_get((enum notice_code)i)->code, tc_policy_notices[i]);
}

static void every_element_that_a_regime_may_require_is_checked(void **state)
{
	size_t count = 0;

	(void)state;
	for (; tc_policy_elements[count]; count++)
		assert_true(consent_element_known(tc_policy_elements[count]));
	assert_int_equal(count, consent_document_element_count + consent_grant_element_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_policy_are_refused),
		cmocka_unit_test(a_policy_over_its_size_is_refused),
		cmocka_unit_test(numbers_without_a_meaning_are_refused),
		cmocka_unit_test(what_stands_there_twice_is_refused),
		cmocka_unit_test(a_notice_that_nobody_wrote_is_refused),
		cmocka_unit_test(a_retention_rule_that_cannot_be_meant_is_refused),
		cmocka_unit_test(kinds_of_records_that_retention_does_not_know_are_refused),
		cmocka_unit_test(a_rule_that_lets_victim_information_go_by_consent_is_refused),
		cmocka_unit_test(a_policy_adds_at_most_24_notices),
		cmocka_unit_test(a_notice_is_taken_for_the_disclosers_jurisdiction),
		cmocka_unit_test(what_a_policy_leaves_out_is_most_restrictive),
		cmocka_unit_test(the_built_in_notices_are_those_that_the_scan_knows),
		cmocka_unit_test(every_element_that_a_regime_may_require_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
