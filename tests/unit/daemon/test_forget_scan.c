#include "daemon/forget_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* There is no log to read: it must not be asked. */
static void a_plan_without_ids_and_records_reads_nothing(void **state)
{
	struct stores nowhere = {.journal = NULL};
	struct forget_what what = {.records = {0}};

	(void)state;
	assert_int_equal(forget_scan(&nowhere, &what), 0);
	assert_int_equal(what.records.count, 0);
	forget_what_done(&what);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_without_ids_and_records_reads_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
