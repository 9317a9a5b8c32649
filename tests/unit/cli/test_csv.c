/* Rows as comma-separated text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/csv.h"

static const struct tc_column columns[] = {{"a", "first"}, {"b", "second"}, {NULL, NULL}};

static void expect_row(const char *json, const char *wanted)
{
	json_t *row = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(row);
	assert_non_null(to);
	tc_csv_row(to, columns, row);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(row);
}

static void what_separates_is_quoted(void **state)
{
	(void)state;
	expect_row("{\"a\":\"one, two\",\"b\":\"say \\\"three\\\"\"}",
		   "\"one, two\",\"say \"\"three\"\"\"\r\n");
	expect_row("{\"a\":[\"x\",\"y\"],\"b\":3}", "\"x, y\",3\r\n");
	expect_row("{\"b\":\"last\"}", ",last\r\n");
}

static void no_cell_begins_like_a_formula(void **state)
{
	(void)state;
	expect_row("{\"a\":\"=HYPERLINK(0)\",\"b\":\"+1\"}", "\"'=HYPERLINK(0)\",\"'+1\"\r\n");
	expect_row("{\"a\":\"-2\",\"b\":\"@sum\"}", "\"'-2\",\"'@sum\"\r\n");
	expect_row("{\"a\":-2,\"b\":\"a=b\"}", "\"'-2\",a=b\r\n");
	expect_row("{\"a\":\"\\uff1d1\",\"b\":\"\\uff20sum\"}", "\"'\xef\xbc\x9d"
								"1\",\"'\xef\xbc\xa0sum\"\r\n");
}

static void control_characters_are_shown_and_not_sent(void **state)
{
	(void)state;
	expect_row("{\"a\":\"\\t=1\",\"b\":\"two\\r\\nlines\"}", "\\x09=1,two\\x0d\\x0alines\r\n");
}

static void the_titles_stand_first(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_non_null(to);
	tc_csv_head(to, columns);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, "first,second\r\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_separates_is_quoted),
		cmocka_unit_test(no_cell_begins_like_a_formula),
		cmocka_unit_test(control_characters_are_shown_and_not_sent),
		cmocka_unit_test(the_titles_stand_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
