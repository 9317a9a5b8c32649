#include "cli/bench_load.h"
#include "cli/bench_message.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/bench_gauge.h"

static void percentiles_are_within_two_per_cent(void **state)
{
	static struct tc_bench_histogram histogram;

	(void)state;
	for (int64_t us = 1; us <= 100000; us++)
		tc_bench_histogram_add(&histogram, us, 1);
	assert_true(fabs(tc_bench_histogram_ms(&histogram, 0.5) - 50.0) < 1.0);
	assert_true(fabs(tc_bench_histogram_ms(&histogram, 0.99) - 99.0) < 2.0);
	assert_true(fabs(tc_bench_histogram_ms(&histogram, 0.999) - 99.9) < 2.0);
	/* Neither end of the scale is out of bounds. */
	tc_bench_histogram_add(&histogram, -5, 1);
	tc_bench_histogram_add(&histogram, INT64_MAX, 1);
	assert_true(tc_bench_histogram_ms(&histogram, 0) >= 0);
	assert_true(tc_bench_histogram_ms(&histogram, 1) > 1e6);
}

static void a_histogram_of_nothing_has_no_percentile(void **state)
{
	static const struct tc_bench_histogram histogram;

	(void)state;
	assert_true(isnan(tc_bench_histogram_ms(&histogram, 0.5)));
}

static void a_tally_tells_what_it_saw_before_and_what_is_missing(void **state)
{
	struct tc_bench_tally accepted = {0};
	struct tc_bench_tally seen = {0};

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(tc_bench_tally_add(&accepted, i), 0);
	for (uint64_t i = 0; i < 99999; i += 3)
		assert_int_equal(tc_bench_tally_add(&seen, i), 0);
	assert_int_equal(tc_bench_tally_add(&seen, 3), 1);
	assert_int_equal(tc_bench_tally_add(&seen, 4), 0);
	assert_int_equal(tc_bench_tally_missing(&accepted, &seen), 100000 - 33333 - 1);
	assert_int_equal(tc_bench_tally_missing(&seen, &accepted), 0);
	tc_bench_tally_free(&accepted);
	tc_bench_tally_free(&seen);
}

static void a_mark_is_read_back_from_a_message_of_the_planned_size(void **state)
{
	struct tc_bench_queue queue = {.agency = "parole-bench-1",
				       .subject = "00000000-0000-7000-8000-000000000001",
				       .grant = "00000000-0000-7000-8000-000000000002"};
	struct tc_bench_plan plan = {.bytes = 700};
	struct tc_bench_mark mark = {
		.run = 0xdeadbeef, .producer = 7, .number = 123456789, .sent_us = 9876543210};
	struct tc_message *message = NULL;
	size_t large, least;

	(void)state;
	large = tc_bench_message_remark_bytes(&plan, "treatment-bench", &queue);
	plan.bytes = 64;
	least = tc_bench_message_remark_bytes(&plan, "treatment-bench", &queue);
	assert_int_equal(least, TC_BENCH_REMARK_BYTES_MIN);
	plan.bytes = 701;
	assert_true(tc_bench_message_remark_bytes(&plan, "treatment-bench", &queue) - large <= 1);
	assert_true(large > 250 && large < 600);
	assert_int_equal(tc_bench_message_new(&mark, &queue, large, &message), 0);
	assert_string_equal(tc_message_type(message), "AttendanceRecord");
	tc_message_free(&message);
}

static void what_is_no_message_of_the_bench_is_not_taken_for_one(void **state)
{
	struct tc_bench_mark mark;
	uint8_t junk[64];

	(void)state;
	memset(junk, 0xff, sizeof(junk));
	assert_false(tc_bench_message_read(junk, sizeof(junk), &mark));
	assert_false(tc_bench_message_read(junk, 0, &mark));
}

static void a_gauge_reads_this_process_and_no_other(void **state)
{
	struct tc_bench_gauge own = tc_bench_gauge_read(getpid());

	(void)state;
	assert_true(own.cpu_s >= 0);
	assert_true(own.rss_peak_mib > 0.1);
	assert_true(isnan(tc_bench_gauge_read(0).cpu_s));
	assert_true(isnan(tc_bench_gauge_read(0).disk_bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_within_two_per_cent),
		cmocka_unit_test(a_histogram_of_nothing_has_no_percentile),
		cmocka_unit_test(a_tally_tells_what_it_saw_before_and_what_is_missing),
		cmocka_unit_test(a_mark_is_read_back_from_a_message_of_the_planned_size),
		cmocka_unit_test(what_is_no_message_of_the_bench_is_not_taken_for_one),
		cmocka_unit_test(a_gauge_reads_this_process_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
