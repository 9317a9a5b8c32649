/* What people type becomes the content of a part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/form.h"

static bool puts_as(const struct tc_form_field *field, const char *value, const char *expected)
{
	json_t *content = json_object();
	bool put = tc_form_put(field, value, content);
	char *text = json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS);
	bool same = expected ? put && strcmp(text, expected) == 0 : !put;

	free(text);
	json_decref(content);
	return same;
}

static void a_value_stands_where_its_path_leads(void **state)
{
	const struct tc_form_field worker = {.path = "worker.id", .kind = TC_FORM_TEXT};
	const struct tc_form_field count = {.path = "position", .kind = TC_FORM_NUMBER};
	const struct tc_form_field when = {.path = "offer.expires", .kind = TC_FORM_TIME};

	(void)state;
	assert_true(puts_as(&worker, "w-1", "{\"worker\":{\"id\":\"w-1\"}}"));
	assert_true(puts_as(&count, "3", "{\"position\":3}"));
	assert_true(puts_as(&when, "2026-12-01",
			    "{\"offer\":{\"expires\":\"2026-12-01T00:00:00.000Z\"}}"));
}

static void lists_are_taken_apart_at_commas(void **state)
{
	const struct tc_form_field items = {.path = "items", .kind = TC_FORM_LIST, .key = "code"};
	const struct tc_form_field scores = {
		.path = "outcomes", .kind = TC_FORM_PAIRS, .key = "id", .value = "is"};
	const struct tc_form_field texts = {.path = "ids", .kind = TC_FORM_TEXTS};

	(void)state;
	assert_true(puts_as(&items, "a,b", "{\"items\":[{\"code\":\"a\"},{\"code\":\"b\"}]}"));
	assert_true(puts_as(&scores, "a=x,b=y=z",
			    "{\"outcomes\":[{\"id\":\"a\",\"is\":\"x\"},"
			    "{\"id\":\"b\",\"is\":\"y=z\"}]}"));
	assert_true(puts_as(&texts, "a,b", "{\"ids\":[\"a\",\"b\"]}"));
}

static void what_cannot_be_read_is_not_put(void **state)
{
	static const char *const pairs[] = {"a", "a=", "=x", "a=x,,b=y"};
	const struct tc_form_field count = {.path = "n", .kind = TC_FORM_NUMBER};
	const struct tc_form_field when = {.path = "at", .kind = TC_FORM_TIME};
	const struct tc_form_field id = {.path = "id", .kind = TC_FORM_ID};
	const struct tc_form_field scores = {
		.path = "o", .kind = TC_FORM_PAIRS, .key = "id", .value = "is"};

	(void)state;
	assert_true(puts_as(&count, "three", NULL));
	assert_true(puts_as(&count, "", NULL));
	assert_true(puts_as(&when, "tomorrow", NULL));
	assert_true(puts_as(&id, "no-id", NULL));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_true(puts_as(&scores, pairs[i], NULL));
}

static void all_that_is_missing_is_named_at_once(void **state)
{
	static const struct tc_command_option options[] = {
		{"worker", "ID", ""}, {"reason", "CODE", ""}, {NULL, NULL, NULL}};
	static const struct tc_command command = {.noun = "referral", .options = options};
	const struct tc_form_field form[] = {
		{"worker", "worker.id", "whose case it is", TC_FORM_TEXT, true, NULL, NULL},
		{"reason", "reasonCode", "why", TC_FORM_TEXT, true, NULL, NULL},
		{.option = NULL}};
	struct tc_invocation invocation = {.command = &command, .screen = tc_screen_standard(true)};
	json_t *content = json_object();

	(void)state;
	assert_int_equal(tc_form_fill(&invocation, form, content), TC_EXIT_USAGE);
	assert_non_null(strstr(invocation.problem.detail, "--worker: whose case it is"));
	assert_non_null(strstr(invocation.problem.detail, "--reason: why"));
	invocation.values[0] = "w-1";
	invocation.values[1] = "duplicate";
	assert_int_equal(tc_form_fill(&invocation, form, content), TC_EXIT_DONE);
	json_decref(content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_stands_where_its_path_leads),
		cmocka_unit_test(lists_are_taken_apart_at_commas),
		cmocka_unit_test(what_cannot_be_read_is_not_put),
		cmocka_unit_test(all_that_is_missing_is_named_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
