/* space: how full something is, and when that is told. */
#include "daemon/space.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_share_is_never_more_than_all(void **state)
{
	(void)state;
	assert_int_equal(space_percent(0, 1000), 0);
	assert_int_equal(space_percent(699, 1000), 69);
	assert_int_equal(space_percent(700, 1000), 70);
	assert_int_equal(space_percent(1001, 1000), 100);
	assert_int_equal(space_percent(UINT64_MAX / 2, UINT64_MAX), 50);
}

static void what_cannot_be_measured_counts_as_full(void **state)
{
	(void)state;
	assert_int_equal(space_percent(0, 0), 100);
	assert_int_equal(space_alarm(space_percent(0, 0), 0), 95);
}

static void an_alarm_rises_at_70_85_and_95(void **state)
{
	static const struct {
		unsigned percent, alarm;
	} rising[] = {{0, 0}, {69, 0}, {70, 70}, {84, 70}, {85, 85}, {94, 85}, {95, 95}, {100, 95}};
	unsigned told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
		assert_int_equal(space_alarm(rising[i].percent, 0), rising[i].alarm);
		told = space_alarm(rising[i].percent, told);
		assert_int_equal(told, rising[i].alarm);
	}
}

static void an_alarm_falls_back_only_when_there_is_some_room_again(void **state)
{
	(void)state;
	assert_int_equal(space_alarm(94, 95), 95);
	assert_int_equal(space_alarm(92, 95), 95);
	assert_int_equal(space_alarm(91, 95), 85);
	assert_int_equal(space_alarm(82, 85), 85);
	assert_int_equal(space_alarm(81, 85), 70);
	assert_int_equal(space_alarm(67, 70), 70);
	assert_int_equal(space_alarm(66, 70), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_is_never_more_than_all),
		cmocka_unit_test(what_cannot_be_measured_counts_as_full),
		cmocka_unit_test(an_alarm_rises_at_70_85_and_95),
		cmocka_unit_test(an_alarm_falls_back_only_when_there_is_some_room_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
