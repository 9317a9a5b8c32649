/* Counts of what came from one place in a window of time are forgotten when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger/standing_window.h"
#include "ledger/state.h"
#include "simulation/exchange.h"

#define WINDOW_MS 60000
#define PLACES    40

static uint64_t add(struct exchange *x, unsigned place, int64_t at_ms)
{
	const tc_agency auditor = {"auditor"};
	uint64_t before;
	char from[32];

	snprintf(from, sizeof(from), "192.0.2.%u", place);
	x->ledger->now_ms = at_ms;
	assert_int_equal(
		standing_window_add(x->ledger, &auditor, "burst", from, 2, WINDOW_MS, &before), 0);
	return before;
}

static uint64_t rows(struct exchange *x, enum ledger_table table)
{
	uint64_t count;

	assert_int_equal(store_count(x->ledger->txn, x->ledger->table[table], &count), 0);
	return count;
}

static void a_window_begins_with_the_first_and_ends_in_its_time(void **state)
{
	struct exchange x;

	(void)state;
	exchange_open(&x);
	assert_int_equal(add(&x, 1, 1000), 0);
	assert_int_equal(add(&x, 1, 1000 + WINDOW_MS), 2);
	assert_int_equal(add(&x, 2, 1000 + WINDOW_MS), 0);
	assert_int_equal(add(&x, 1, 1001 + WINDOW_MS), 0);
	assert_int_equal(add(&x, 2, 1001 + WINDOW_MS), 2);
	exchange_close(&x);
}

static void windows_that_are_over_do_not_pile_up(void **state)
{
	struct exchange x;

	(void)state;
	exchange_open(&x);
	for (unsigned i = 0; i < PLACES; i++)
		assert_int_equal(add(&x, i, 1000), 0);
	assert_int_equal(rows(&x, LEDGER_TABLE_STANDING_WINDOW), PLACES);
	for (unsigned i = 0; i < PLACES; i++)
		assert_int_equal(add(&x, 100, 2000 + WINDOW_MS), i * 2);
	assert_int_equal(rows(&x, LEDGER_TABLE_STANDING_WINDOW), 1);
	assert_int_equal(rows(&x, LEDGER_TABLE_STANDING_OVER), 1);
	exchange_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_begins_with_the_first_and_ends_in_its_time),
		cmocka_unit_test(windows_that_are_over_do_not_pile_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
