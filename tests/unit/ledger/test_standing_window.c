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

static const struct standing_burst burst = {.threshold = 10, .window_ms = WINDOW_MS};

static bool add(struct exchange *x, unsigned place, unsigned count, int64_t at_ms)
{
	const tc_agency auditor = {"auditor"};
	char from[32];
	bool told;

	snprintf(from, sizeof(from), "192.0.2.%u", place);
	x->ledger->now_ms = at_ms;
	assert_int_equal(
		standing_window_add(x->ledger, &auditor, "burst", from, count, &burst, &told), 0);
	return told;
}

static uint64_t rows(struct exchange *x, enum ledger_table table)
{
	uint64_t count;

	assert_int_equal(store_count(x->ledger->txn, x->ledger->table[table], &count), 0);
	return count;
}

static void a_burst_is_found_whenever_it_begins(void **state)
{
	struct exchange x;

	(void)state;
	exchange_open(&x);
	/* One a while before, and then ten within two seconds: anywhere within its window. */
	for (unsigned place = 1; place <= 60; place++) {
		int64_t at_ms = place * INT64_C(10) * WINDOW_MS, then_ms = at_ms + place * 1000;

		assert_false(add(&x, place, 1, at_ms));
		assert_false(add(&x, place, 8, then_ms));
		assert_true(add(&x, place, 2, then_ms + 2000));
	}
	exchange_close(&x);
}

static void few_are_no_burst_however_long_they_go_on(void **state)
{
	struct exchange x;

	(void)state;
	exchange_open(&x);
	for (unsigned i = 0; i < 100; i++)
		assert_false(add(&x, 1, 1, 1000 + i * (WINDOW_MS / 8)));
	exchange_close(&x);
}

static void one_that_lasts_is_told_of_once_a_window(void **state)
{
	struct exchange x;
	unsigned told = 0;

	(void)state;
	exchange_open(&x);
	for (unsigned i = 0; i < 5 * WINDOW_MS / 1000; i++)
		told += add(&x, 1, 1, WINDOW_MS + i * INT64_C(1000));
	assert_int_equal(told, 5);
	assert_true(add(&x, 2, 50, 10 * WINDOW_MS));
	assert_false(add(&x, 2, 50, 10 * WINDOW_MS + 1));
	exchange_close(&x);
}

static void windows_that_are_over_do_not_pile_up(void **state)
{
	struct exchange x;

	(void)state;
	exchange_open(&x);
	for (unsigned i = 0; i < PLACES; i++)
		(void)add(&x, i, 2, 1000);
	assert_int_equal(rows(&x, LEDGER_TABLE_STANDING_WINDOW), PLACES);
	for (unsigned i = 0; i < PLACES; i++)
		(void)add(&x, 100, 2, 3 * WINDOW_MS + i * INT64_C(1000));
	assert_int_equal(rows(&x, LEDGER_TABLE_STANDING_WINDOW), 1);
	assert_int_equal(rows(&x, LEDGER_TABLE_STANDING_OVER), 1);
	exchange_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_found_whenever_it_begins),
		cmocka_unit_test(few_are_no_burst_however_long_they_go_on),
		cmocka_unit_test(one_that_lasts_is_told_of_once_a_window),
		cmocka_unit_test(windows_that_are_over_do_not_pile_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
