#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/screen.h"

static void expect_escaped(const char *text, size_t len, const char *expected)
{
	char *escaped = tc_screen_escape(tc_slice(text, len));
	assert_non_null(escaped);
	assert_string_equal(escaped, expected);
	free(escaped);
}

static void what_a_terminal_would_act_on_is_shown_instead(void **state)
{
	(void)state;
	expect_escaped("\033[2J\007\r\n\t", 8, "\\x1b[2J\\x07\\x0d\\x0a\\x09");
	expect_escaped("a\0b\x7f", 4, "a\\x00b\\x7f");
	expect_escaped("\xc2\x9b"
		       "31m",
		       5, "\\u{9b}31m"); /* C1 control sequence */
	expect_escaped("\xe2\x80\xae"
		       "abc",
		       6, "\\u{202e}abc");                   /* right-to-left override */
	expect_escaped("\xf3\xa0\x81\x81", 4, "\\u{e0041}"); /* tag character */
	expect_escaped("\xe2\x80", 2, "\\xe2\\x80");         /* cut short */
	expect_escaped("\xc0\x8a", 2, "\\xc0\\x8a");         /* overlong line feed */
	expect_escaped("Zo\xc3\xab \xe4\xbd\xa0 \xf0\x9f\x98\x80", 13,
		       "Zo\xc3\xab \xe4\xbd\xa0 \xf0\x9f\x98\x80");
}

static struct tc_screen screen_open(char *text, size_t room, bool json)
{
	FILE *to = fmemopen(text, room, "w");
	assert_non_null(to);
	return (struct tc_screen){.out = to, .err = to, .json = json};
}

static void with_json_each_row_is_one_line_and_nothing_else(void **state)
{
	static const struct tc_column columns[] = {{"a", "A"}, {NULL, NULL}};
	char text[512] = "";
	struct tc_screen screen = screen_open(text, sizeof(text), true);
	json_t *rows = json_pack("[{s:s},{s:i}]", "a", "x\ny", "a", 2);
	struct tc_problem problem;

	(void)state;
	tc_screen_say(&screen, "not for programs");
	tc_screen_table(&screen, columns, rows);
	tc_problem_set(&problem, "code", "message", "hint", "detail");
	tc_screen_problem(&screen, &problem);
	fclose(screen.out);
	assert_string_equal(text, "{\"a\":\"x\\ny\"}\n{\"a\":2}\n"
				  "{\"error\":{\"code\":\"code\",\"message\":\"message\","
				  "\"detail\":\"detail\",\"hint\":\"hint\"}}\n");
	json_decref(rows);
}

static void tables_and_records_escape_their_cells(void **state)
{
	static const struct tc_column columns[] = {{"a", "FIRST"}, {"b.c", "SECOND"}, {NULL, NULL}};
	char text[512] = "";
	struct tc_screen screen = screen_open(text, sizeof(text), false);
	json_t *rows = json_pack("[{s:s,s:{s:[s,i]}}]", "a", "evil\033[31m", "b", "c", "x", 7);

	(void)state;
	tc_screen_table(&screen, columns, rows);
	tc_screen_record(&screen, columns, json_array_get(rows, 0));
	fclose(screen.out);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "evil\\x1b[31m"));
	assert_non_null(strstr(text, "x, 7"));
	json_decref(rows);
}

static void a_problem_has_three_lines_for_people(void **state)
{
	char text[512] = "";
	struct tc_screen screen = screen_open(text, sizeof(text), false);
	struct tc_problem problem;

	(void)state;
	tc_problem_set(&problem, "some_code", "it failed", "try this", "at %s", "\033");
	tc_screen_problem(&screen, &problem);
	fclose(screen.out);
	assert_string_equal(text,
			    "error: it failed (some_code)\ndetail: at \\x1b\nhint: try this\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_terminal_would_act_on_is_shown_instead),
		cmocka_unit_test(with_json_each_row_is_one_line_and_nothing_else),
		cmocka_unit_test(tables_and_records_escape_their_cells),
		cmocka_unit_test(a_problem_has_three_lines_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
