/* retention_mark: kept, and not believed when they are about something else. */
#include "daemon/retention_mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "scratch.h"

static const uint8_t policy[32] = {1, 2, 3};
static const uint8_t other_policy[32] = {1, 2, 4};
static const struct tc_id log_id = {{9}};
static const struct tc_id other_log = {{8}};

static void marks_are_of_one_log_and_one_policy(void **state)
{
	char folder[PATH_MAX];
	struct config config = {.data_dir = folder};
	struct retention_marks marks;

	(void)state;
	scratch_make(folder);
	retention_marks_load(&config, log_id, policy, &marks);
	assert_int_equal(marks.before[0], 0);
	marks.before[0] = 77;
	marks.before[RETENTION_MARKS_MAX - 1] = UINT64_MAX;
	assert_int_equal(retention_marks_save(&config, &marks), 0);
	retention_marks_load(&config, log_id, policy, &marks);
	assert_true(marks.before[0] == 77 && marks.before[1] == 0);
	assert_true(marks.before[RETENTION_MARKS_MAX - 1] == UINT64_MAX);
	retention_marks_load(&config, other_log, policy, &marks);
	assert_int_equal(marks.before[0], 0);
	retention_marks_load(&config, log_id, other_policy, &marks);
	assert_int_equal(marks.before[0], 0);
	scratch_remove(folder);
}

static void what_cannot_be_kept_is_said(void **state)
{
	struct config config = {.data_dir = (char[]){"/nowhere/at/all"}};
	struct retention_marks marks;

	(void)state;
	retention_marks_load(&config, log_id, policy, &marks);
	assert_int_equal(marks.before[0], 0);
	assert_int_equal(retention_marks_save(&config, &marks), TC_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_of_one_log_and_one_policy),
		cmocka_unit_test(what_cannot_be_kept_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
