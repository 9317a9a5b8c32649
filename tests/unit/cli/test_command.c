#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/help.h"

#define ARGUMENTS_MAX 16

/* Parses a NULL-ended list of words. The words must outlive the invocation. */
static int parse(struct tc_invocation *ret, char **words)
{
	int count = 0;

	while (words[count])
		count++;
	return tc_command_parse(count, words, ret);
}

#define PARSE(ret, ...) parse(ret, (char *[ARGUMENTS_MAX]){"throughcare", __VA_ARGS__, NULL})

static void options_stand_before_and_behind_the_command(void **state)
{
	struct tc_invocation invocation;
	int64_t max = 0;

	(void)state;
	assert_int_equal(PARSE(&invocation, "--profile", "p", "--json", "message", "collect",
			       "--max", "3", "--no-ack"),
			 0);
	assert_string_equal(invocation.command->verb, "collect");
	assert_string_equal(invocation.profile, "p");
	assert_true(invocation.screen.json);
	assert_non_null(tc_invocation_option(&invocation, "no-ack"));
	assert_null(tc_invocation_option(&invocation, "wait"));
	assert_int_equal(tc_invocation_number(&invocation, "max", 1, 10, 7, &max), 0);
	assert_int_equal(max, 3);

	assert_int_equal(
		PARSE(&invocation, "message", "send", "file.json", "--profile=q", "--json"), 0);
	assert_string_equal(invocation.profile, "q");
	assert_true(invocation.screen.json);
	assert_int_equal(invocation.operand_count, 1);
	assert_string_equal(invocation.operands[0], "file.json");
}

static void a_dash_alone_is_an_operand(void **state)
{
	struct tc_invocation invocation;

	(void)state;
	assert_int_equal(PARSE(&invocation, "message", "send", "-"), 0);
	assert_string_equal(invocation.operands[0], "-");
}

static void a_commands_own_option_goes_before_a_global_one(void **state)
{
	struct tc_invocation invocation;

	(void)state;
	assert_int_equal(PARSE(&invocation, "policy", "publish", "use.txt", "--version", "3"), 0);
	assert_string_equal(tc_invocation_option(&invocation, "version"), "3");
	assert_false(invocation.version);
	assert_int_equal(PARSE(&invocation, "policy", "text", "--version"), 0);
	assert_true(invocation.version);
}

static void what_is_wrong_is_named(void **state)
{
	static char *const lines[][ARGUMENTS_MAX] = {
		{"throughcare", NULL},
		{"throughcare", "message", NULL},
		{"throughcare", "mesage", "send", NULL},
		{"throughcare", "message", "sned", NULL},
		{"throughcare", "message", "send", "a", "b", NULL},
		{"throughcare", "message", "show", NULL},
		{"throughcare", "message", "collect", "--maximum", "1", NULL},
		{"throughcare", "message", "collect", "--max", NULL},
		{"throughcare", "--wrong", "message", "send", NULL},
		{"throughcare", "network", "add", "dir", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct tc_invocation invocation;
		char *words[ARGUMENTS_MAX];
		memcpy(words, lines[i], sizeof(words));
		assert_int_equal(parse(&invocation, words), TC_EINVAL);
		assert_string_equal(invocation.problem.code, "usage");
		assert_true(invocation.problem.detail[0] && invocation.problem.hint[0]);
	}
}

static void a_noun_alone_is_told_where_its_verbs_are(void **state)
{
	struct tc_invocation invocation;

	(void)state;
	assert_int_equal(PARSE(&invocation, "order"), TC_EINVAL);
	assert_string_equal(invocation.problem.detail, "\"order\" needs one of its verbs");
	assert_string_equal(invocation.problem.hint, "see `throughcare help order`");
}

static void numbers_and_times_out_of_bounds_are_usage_errors(void **state)
{
	struct tc_invocation invocation;
	int64_t value = 0;

	(void)state;
	assert_int_equal(PARSE(&invocation, "message", "collect", "--max", "0", "--wait", "1x"), 0);
	assert_int_equal(tc_invocation_number(&invocation, "max", 1, 10, 7, &value), TC_EINVAL);
	assert_int_equal(tc_invocation_number(&invocation, "wait", 0, 10, 7, &value), TC_EINVAL);
	assert_int_equal(PARSE(&invocation, "trail", "find", "--since", "yesterday", "--until",
			       "2026-11-21"),
			 0);
	assert_int_equal(tc_invocation_time(&invocation, "since", &value), TC_EINVAL);
	assert_int_equal(tc_invocation_time(&invocation, "until", &value), 0);
	assert_int_equal(value, 1795219200000);
}

static void help_is_asked_for_anywhere(void **state)
{
	struct tc_invocation invocation;

	(void)state;
	assert_int_equal(PARSE(&invocation, "--help"), 0);
	assert_true(invocation.help && !invocation.command);
	assert_int_equal(PARSE(&invocation, "message", "--help"), 0);
	assert_true(invocation.help && !invocation.command);
	assert_int_equal(PARSE(&invocation, "message", "show", "--help"), 0);
	assert_true(invocation.help && invocation.command);
	assert_int_equal(PARSE(&invocation, "message", "show", "-h"), 0);
	assert_true(invocation.help);
	assert_int_equal(PARSE(&invocation, "--version"), 0);
	assert_true(invocation.version);
}

/* No line of prose is wider than a screen; examples are to be copied as they are. */
static void assert_fits(const char *text)
{
	const char *end = strstr(text, "\nExamples:\n");

	for (; text < end; text += strcspn(text, "\n") + 1) {
		if (strcspn(text, "\n") > 80)
			fail_msg("%.*s", (int)strcspn(text, "\n"), text);
	}
}

static void every_command_explains_itself_with_examples(void **state)
{
	(void)state;
	for (const struct tc_command *command = tc_command_table; command->noun; command++) {
		char text[8192] = "";
		FILE *to = fmemopen(text, sizeof(text), "w");
		assert_non_null(to);
		tc_help_command(command, &(struct tc_screen){.out = to});
		fclose(to);
		assert_fits(text);
		assert_non_null(strstr(text, command->noun));
		assert_non_null(strstr(text, "\nUsage: throughcare "));
		assert_non_null(strstr(text, "\nExamples:\n  throughcare"));
		assert_ptr_equal(tc_command_find(command->noun, command->verb), command);
		assert_non_null(command->run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_before_and_behind_the_command),
		cmocka_unit_test(a_dash_alone_is_an_operand),
		cmocka_unit_test(a_commands_own_option_goes_before_a_global_one),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_noun_alone_is_told_where_its_verbs_are),
		cmocka_unit_test(numbers_and_times_out_of_bounds_are_usage_errors),
		cmocka_unit_test(help_is_asked_for_anywhere),
		cmocka_unit_test(every_command_explains_itself_with_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
