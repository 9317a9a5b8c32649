/* YAML that people write, read strictly as a message of the schema, and printed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throughcare/v1/policy.pb-c.h"
#include "yaml/yaml_message.h"
#include "yaml/yaml_print.h"

#define TYPE &throughcare__v1__release_policy__descriptor

typedef Throughcare__V1__ReleasePolicy release_policy;

static void assert_wrong(const char *text, unsigned line, unsigned column, const char *message)
{
	struct tc_yaml_document document;
	struct tc_yaml_error error = {0};
	int r = tc_yaml_message_read(tc_slice_text(text), TYPE, &document, &error);

	if (r != TC_YAML_WRONG)
		fail_msg("%d for:\n%s", r, text);
	if (!strstr(error.message, message))
		fail_msg("'%s' is not '%s' for:\n%s", error.message, message, text);
	if (error.line != line || error.column != column)
		fail_msg("%u:%u is not %u:%u for:\n%s", error.line, error.column, line, column,
			 text);
	assert_true(error.hint[0] != '\0');
}

static void a_policy_is_read_by_the_schemas_names(void **state)
{
	static const char text[] = "# a comment\n"
				   "policy_id: county\n"
				   "version: 7\n"
				   "rules:\n"
				   "  - rule_id: first\n"
				   "    effect: deny\n"
				   "    categories: [hiv, sud_treatment]\n"
				   "    to:\n"
				   "      - court\n"
				   "categories:\n"
				   "  - { category: hiv, sealed: true, hold_days: 14 }\n";
	struct tc_yaml_document document;
	struct tc_yaml_error error = {0};
	const release_policy *policy;

	(void)state;
	assert_int_equal(tc_yaml_message_read(tc_slice_text(text), TYPE, &document, &error), 0);
	policy = (const release_policy *)document.message;
	assert_string_equal(policy->policy_id, "county");
	assert_int_equal(policy->version, 7);
	assert_int_equal(policy->rules[0]->effect, THROUGHCARE__V1__RULE_EFFECT__RULE_EFFECT_DENY);
	assert_int_equal(policy->rules[0]->n_categories, 2);
	assert_int_equal(policy->rules[0]->categories[1],
			 THROUGHCARE__V1__CATEGORY__CATEGORY_SUD_TREATMENT);
	assert_int_equal(policy->rules[0]->to[0], THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_COURT);
	assert_true(policy->categories[0]->sealed);
	assert_int_equal(policy->categories[0]->hold_days, 14);
	assert_int_equal(tc_yaml_document_find(&document, "rules[0].categories[1]")->column, 23);
	assert_int_equal(tc_yaml_document_find(&document, "rules[0].to[0]")->line, 9);
	assert_int_equal(tc_yaml_document_find(&document, "rules[0].nothing")->line, 5);
	assert_int_equal(tc_yaml_document_find(&document, "rules[9]")->line, 5);
	assert_int_equal(tc_yaml_document_find(&document, "policyId")->line, 2);
	assert_int_equal(tc_yaml_document_find(&document, "")->line, 2);
	tc_yaml_document_done(&document);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
	(void)state;
	assert_wrong("", 1, 1, "the file is empty");
	assert_wrong("policy_id: [", 2, 1, "did not find expected");
	assert_wrong("- a\n", 1, 1, "a mapping is wanted");
	assert_wrong("policy_id: x\nversion: 1\nshoe: 3\n", 3, 1, "there is no shoe here");
	assert_wrong("policy_id: x\nversion: 1\npolicy_id: y\n", 3, 1, "stands there twice");
	assert_wrong("policy_id: x\nversion: one\n", 2, 10, "value is not allowed");
	assert_wrong("policy_id: x\nversion: -1\n", 2, 10, "value is not allowed");
	assert_wrong("policy_id: x\nversion:\n", 2, 9, "a value is missing");
	assert_wrong("policy_id: x\nversion: [1]\n", 2, 10, "a single value is wanted");
	assert_wrong("policy_id: x\nversion: 1\nrules: {}\n", 3, 8, "a list is wanted");
	assert_wrong("policy_id: x\nversion: 1\nrules: [a]\n", 3, 9, "a mapping is wanted");
	assert_wrong("policy_id: x\nversion: 1\nrules:\n  - rule_id: r\n", 4, 5,
		     "a required field is missing");
	assert_wrong("policy_id: X Y\nversion: 1\n", 1, 12, "value is not allowed");
	assert_wrong("policy_id: x\nversion: 1\ncategories: [{category: shoe}]\n", 3, 25,
		     "there is no shoe here");
	assert_wrong("policy_id: x\nversion: 1\ncategories: [{category: unspecified}]\n", 3, 25,
		     "there is no unspecified here");
	assert_wrong("policy_id: x\nversion: 1\ncategories: [{category: hiv, sealed: 1}]\n", 3, 38,
		     "neither true nor false");
	assert_wrong("version: 1\n", 1, 1, "a required field is missing");
}

static void what_only_clever_yaml_has_is_refused(void **state)
{
	(void)state;
	assert_wrong("policy_id: &a x\nversion: 1\n", 1, 12, "an anchor");
	assert_wrong("policy_id: *a\nversion: 1\n", 1, 12, "an alias");
	assert_wrong("policy_id: !!str x\nversion: 1\n", 1, 12, "a tag");
	assert_wrong("rules: &r []\n", 1, 8, "an anchor");
	assert_wrong("policy_id: x\nversion: 1\n---\npolicy_id: y\n", 3, 1, "a second document");
	assert_wrong("policy_id: \"a\\0b\"\n", 1, 12, "a NUL");
	assert_wrong("? [a]\n: b\n", 1, 3, "a name is not a text");
	assert_wrong("policy_id: \xff\n", 1, 1, "");
}

static void depth_and_number_are_bounded(void **state)
{
	struct tc_yaml_node tree;
	struct tc_yaml_error error;
	size_t room = TC_YAML_BYTES_MAX + 2;
	char *text = malloc(room);

	(void)state;
	assert_non_null(text);
	memset(text, '[', 100);
	text[100] = '\0';
	assert_int_equal(tc_yaml_tree_read(tc_slice_text(text), &tree, &error), TC_YAML_WRONG);
	assert_non_null(strstr(error.message, "nested too deeply"));
	text[0] = '[';
	for (size_t i = 0; i < 1025; i++)
		memcpy(text + 1 + i * 2, "a,", 3);
	assert_int_equal(tc_yaml_tree_read(tc_slice_text(text), &tree, &error), TC_YAML_WRONG);
	assert_non_null(strstr(error.message, "more than 1024 entries"));
	memset(text, '#', room);
	assert_int_equal(tc_yaml_tree_read(tc_slice(text, room), &tree, &error), TC_YAML_WRONG);
	assert_non_null(strstr(error.message, "over"));
	free(text);
}

static void what_is_printed_reads_as_the_same_message(void **state)
{
	static const char text[] =
		"policy_id: county\nversion: 3\ntitle: \"On: a \\\"title\\\" # with\\nlines "
		"\\u00e9\"\n"
		"categories: [{category: hiv, hold_days: 0, sealed: false}, {category: housing}]\n"
		"regimes: [{regime: state, required: [subject_name_as_signed], intermediary: "
		"always}]\n"
		"rules: [{rule_id: \"true\", effect: permit, bases: [consent], from: [court, "
		"lab]}]\n"
		"notices: [{code: 42cfr2.32-2, version: \"2024-04-16\", text: 'it is: {so} - "
		"#1'}]\n";
	struct tc_yaml_document first, again;
	struct tc_yaml_error error = {0};
	struct tc_bytes printed = {0};

	(void)state;
	assert_int_equal(tc_yaml_message_read(tc_slice_text(text), TYPE, &first, &error), 0);
	assert_int_equal(tc_yaml_print(first.message, &printed), 0);
	if (tc_yaml_message_read(tc_bytes_slice(&printed), TYPE, &again, &error) != 0)
		fail_msg("%u:%u: %s in\n%.*s", error.line, error.column, error.message,
			 (int)printed.len, printed.data);
	assert_true(tc_slice_equal(tc_bytes_slice(&first.packed), tc_bytes_slice(&again.packed)));
	tc_bytes_free(&printed);
	tc_yaml_document_done(&again);
	tc_yaml_document_done(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_is_read_by_the_schemas_names),
		cmocka_unit_test(what_is_wrong_is_told_with_its_place),
		cmocka_unit_test(what_only_clever_yaml_has_is_refused),
		cmocka_unit_test(depth_and_number_are_bounded),
		cmocka_unit_test(what_is_printed_reads_as_the_same_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
