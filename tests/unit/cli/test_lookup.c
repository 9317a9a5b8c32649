/* What is looked up, and which of several is beyond doubt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/lookup.h"

static json_t *parsed(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static void what_is_absent_and_known_is_wanted(void **state)
{
	static const struct {
		const char *message;
		bool wanted;
	} rows[] = {
		{"{\"type\":\"ReferralResponse\",\"subject\":\"p\"}", true},
		{"{\"subject\":\"p\",\"parts\":[{\"type\":\"LoopClosed\"}]}", true},
		{"{\"type\":\"ReferralResponse\",\"subject\":\"p\",\"referralId\":\"r\"}", false},
		{"{\"type\":\"ReferralResponse\",\"subject\":\"p\",\"referral_id\":\"r\"}", false},
		{"{\"type\":\"ReferralResponse\"}", false},
		{"{\"type\":\"Referral\",\"subject\":\"p\"}", false},
		{"{\"type\":\"AttendanceRecord\",\"subject\":\"p\"}", false},
		{"{\"type\":7,\"subject\":\"p\"}", false},
		{"[1]", false},
		{"{\"type\":\"ConsentRevoke\",\"subject\":\"p\",\"parts\":[{\"content\":{}}]}",
		 true},
		{"{\"type\":\"ConsentRevoke\",\"subject\":\"p\",\"parts\":[]}", false},
		{"{\"type\":\"ConsentRevoke\",\"subject\":\"p\",\"parts\":[{\"content\":"
		 "{\"consentId\":\"c\"}}]}",
		 false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *message = parsed(rows[i].message);

		if (tc_lookup_wanted(message) != rows[i].wanted)
			fail_msg("%s", rows[i].message);
		json_decref(message);
	}
}

static bool is_open(const json_t *row)
{
	return json_is_true(json_object_get(row, "open"));
}

static const char *chosen(const char *text, size_t count)
{
	static char id[8];
	json_t *rows = parsed(text);
	size_t found = 0;
	const json_t *row = tc_lookup_choose(rows, is_open, &found);

	assert_int_equal(found, count);
	snprintf(id, sizeof(id), "%s", row ? json_string_value(json_object_get(row, "id")) : "");
	json_decref(rows);
	return id;
}

static void only_the_one_beyond_doubt_is_chosen(void **state)
{
	(void)state;
	assert_string_equal(chosen("[]", 0), "");
	assert_string_equal(chosen("[{\"id\":\"a\",\"open\":false}]", 1), "a");
	assert_string_equal(
		chosen("[{\"id\":\"a\",\"open\":false},{\"id\":\"b\",\"open\":true}]", 2), "b");
	assert_string_equal(
		chosen("[{\"id\":\"a\",\"open\":true},{\"id\":\"b\",\"open\":true}]", 2), "");
	assert_string_equal(
		chosen("[{\"id\":\"a\",\"open\":false},{\"id\":\"b\",\"open\":false}]", 2), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_and_known_is_wanted),
		cmocka_unit_test(only_the_one_beyond_doubt_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
