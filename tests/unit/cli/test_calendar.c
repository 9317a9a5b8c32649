/* When a place changes its clocks. */
#include "cli/calendar_zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t at(const char *text)
{
	int64_t ms;

	assert_true(tc_time_parse(tc_slice_text(text), &ms));
	return ms;
}

static void new_york_changes_its_clocks_twice_a_year(void **state)
{
	struct tc_calendar_change changes[TC_CALENDAR_CHANGES_MAX];
	size_t count;

	(void)state;
	assert_int_equal(tc_calendar_zone("America/New_York", at("2026-01-01"), at("2027-12-31"),
					  changes, &count),
			 0);
	assert_int_equal(count, 5);
	assert_int_equal(changes[0].minutes, -300);
	assert_int_equal(changes[1].from_ms, at("2026-03-08T07:00:00Z"));
	assert_int_equal(changes[1].minutes, -240);
	assert_int_equal(changes[2].from_ms, at("2026-11-01T06:00:00Z"));
	assert_int_equal(changes[2].minutes, -300);
	assert_int_equal(changes[3].from_ms, at("2027-03-14T07:00:00Z"));
}

static void the_process_keeps_its_own_time_zone(void **state)
{
	struct tc_calendar_change changes[TC_CALENDAR_CHANGES_MAX];
	size_t count;

	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	assert_int_equal(
		tc_calendar_zone("Asia/Tokyo", at("2026-01-01"), at("2027-01-01"), changes, &count),
		0);
	assert_int_equal(count, 1);
	assert_int_equal(changes[0].minutes, 540);
	assert_string_equal(getenv("TZ"), "UTC");
}

static void a_zone_that_the_machine_does_not_know_is_not_utc(void **state)
{
	struct tc_calendar_change changes[TC_CALENDAR_CHANGES_MAX];
	size_t count;

	(void)state;
	assert_int_equal(tc_calendar_zone("America/Nowhere", 0, 1, changes, &count),
			 TC_CALENDAR_ZONE_UNKNOWN);
	assert_int_equal(tc_calendar_zone("../../etc/passwd", 0, 1, changes, &count),
			 TC_CALENDAR_ZONE_UNKNOWN);
	assert_int_equal(tc_calendar_zone("", 0, 1, changes, &count), TC_CALENDAR_ZONE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_york_changes_its_clocks_twice_a_year),
		cmocka_unit_test(the_process_keeps_its_own_time_zone),
		cmocka_unit_test(a_zone_that_the_machine_does_not_know_is_not_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
