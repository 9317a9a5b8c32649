#include "store/store_cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

#define MAP_BYTES (16 * 1024 * 1024)

static int setup(void **state)
{
	int r = fixture_setup(state, MAP_BYTES);
	struct fixture *f = *state;

	assert_int_equal(store_begin(f->store, &f->txn), 0);
	return r;
}

static void put_all(struct fixture *f, const char *const *keys)
{
	for (; *keys; keys++)
		assert_int_equal(
			store_put(f->txn, f->rows, tc_slice_text(*keys), tc_slice_text(*keys)), 0);
}

static void begin(struct fixture *f, struct store_cursor *cursor, const char *prefix,
		  enum store_order order)
{
	assert_int_equal(store_cursor_init(cursor, f->txn, f->rows, tc_slice_text(prefix), order),
			 0);
}

static void assert_next(struct store_cursor *cursor, const char *key)
{
	struct tc_slice found_key, found_value;

	assert_int_equal(store_cursor_next(cursor, &found_key, &found_value), 0);
	assert_true(tc_slice_equal(found_key, tc_slice_text(key)));
	assert_true(tc_slice_equal(found_value, tc_slice_text(key)));
}

static void assert_end(struct store_cursor *cursor)
{
	assert_int_equal(store_cursor_next(cursor, NULL, NULL), STORE_NOT_FOUND);
	assert_int_equal(store_cursor_next(cursor, NULL, NULL), STORE_NOT_FOUND);
}

static const char *const keys[] = {"a", "b", "b1", "b2", "b\xff", "b\xff\xff", "c", NULL};

static void a_prefix_is_walked_in_both_orders_and_no_further(void **state)
{
	struct fixture *f = *state;
	struct store_cursor cursor;

	put_all(f, keys);
	begin(f, &cursor, "b", STORE_FORWARD);
	assert_next(&cursor, "b");
	assert_next(&cursor, "b1");
	assert_next(&cursor, "b2");
	assert_next(&cursor, "b\xff");
	assert_next(&cursor, "b\xff\xff");
	assert_end(&cursor);
	store_cursor_done(&cursor);
	begin(f, &cursor, "b\xff", STORE_BACKWARD);
	assert_next(&cursor, "b\xff\xff");
	assert_next(&cursor, "b\xff");
	assert_end(&cursor);
	store_cursor_done(&cursor);
	begin(f, &cursor, "", STORE_BACKWARD);
	assert_next(&cursor, "c");
	store_cursor_done(&cursor);
	begin(f, &cursor, "bb", STORE_FORWARD);
	assert_end(&cursor);
	store_cursor_done(&cursor);
	begin(f, &cursor, "bb", STORE_BACKWARD);
	assert_end(&cursor);
	store_cursor_done(&cursor);
}

static void a_prefix_of_all_ones_has_its_last_row(void **state)
{
	static const char *const ones[] = {"\xfe", "\xff", "\xff\xff", NULL};
	struct tc_slice key, value;
	struct fixture *f = *state;

	put_all(f, ones);
	assert_int_equal(store_last(f->txn, f->rows, tc_slice_text("\xff"), &key, &value), 0);
	assert_true(tc_slice_equal(key, tc_slice_text("\xff\xff")));
	assert_int_equal(store_first(f->txn, f->rows, tc_slice_text("\xff"), &key, &value), 0);
	assert_true(tc_slice_equal(key, tc_slice_text("\xff")));
}

static void the_edges_of_an_empty_table_are_not_found(void **state)
{
	struct fixture *f = *state;
	struct tc_slice key, value;

	assert_int_equal(store_first(f->txn, f->rows, tc_slice(NULL, 0), &key, &value),
			 STORE_NOT_FOUND);
	assert_int_equal(store_last(f->txn, f->rows, tc_slice_text("x"), &key, &value),
			 STORE_NOT_FOUND);
}

static void what_follows_a_row_is_found_whether_that_is_there_or_not(void **state)
{
	static const char *const rows[] = {"a", "b1", "b3", "c", NULL};
	static const struct {
		const char *after, *then;
	} cases[] = {{"", "b1"}, {"b", "b1"}, {"b1", "b3"}, {"b2", "b3"}, {"b3", NULL}};
	struct fixture *f = *state;
	struct tc_slice key;

	put_all(f, rows);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = store_after(f->txn, f->rows, tc_slice_text("b"),
				    tc_slice_text(cases[i].after), &key, NULL);

		assert_int_equal(r, cases[i].then ? 0 : STORE_NOT_FOUND);
		if (cases[i].then)
			assert_true(tc_slice_equal(key, tc_slice_text(cases[i].then)));
	}
}

static void one_row_is_found_at_a_key_or_on_either_side_of_it(void **state)
{
	static const char *const rows[] = {"a", "b1", "b3", "c", NULL};
	static const struct {
		const char *at, *from, *upto;
	} cases[] = {{"b", "b1", NULL}, {"b1", "b1", "b1"}, {"b2", "b3", "b1"}, {"b4", NULL, "b3"}};
	struct fixture *f = *state;
	struct tc_slice b = tc_slice_text("b"), key;

	put_all(f, rows);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tc_slice at = tc_slice_text(cases[i].at);

		assert_int_equal(store_from(f->txn, f->rows, b, at, &key, NULL),
				 cases[i].from ? 0 : STORE_NOT_FOUND);
		if (cases[i].from)
			assert_true(tc_slice_equal(key, tc_slice_text(cases[i].from)));
		assert_int_equal(store_upto(f->txn, f->rows, b, at, &key, NULL),
				 cases[i].upto ? 0 : STORE_NOT_FOUND);
		if (cases[i].upto)
			assert_true(tc_slice_equal(key, tc_slice_text(cases[i].upto)));
	}
}

static void seek_goes_to_the_row_or_its_neighbour(void **state)
{
	struct fixture *f = *state;
	struct store_cursor cursor;

	put_all(f, keys);
	begin(f, &cursor, "b", STORE_FORWARD);
	assert_int_equal(store_cursor_seek(&cursor, tc_slice_text("b2")), 0);
	assert_next(&cursor, "b2");
	assert_int_equal(store_cursor_seek(&cursor, tc_slice_text("b11")), 0);
	assert_next(&cursor, "b2");
	assert_next(&cursor, "b\xff");
	assert_int_equal(store_cursor_seek(&cursor, tc_slice_text("a")), TC_EINVAL);
	store_cursor_done(&cursor);
	begin(f, &cursor, "b", STORE_BACKWARD);
	assert_int_equal(store_cursor_seek(&cursor, tc_slice_text("b2")), 0);
	assert_next(&cursor, "b2");
	assert_int_equal(store_cursor_seek(&cursor, tc_slice_text("b11")), 0);
	assert_next(&cursor, "b1");
	assert_next(&cursor, "b");
	assert_end(&cursor);
	assert_int_equal(store_cursor_seek(&cursor, tc_slice_text("b\xff\xff\xff")), 0);
	assert_next(&cursor, "b\xff\xff");
	store_cursor_done(&cursor);
}

static void deleting_each_row_under_the_cursor_empties_the_table(void **state)
{
	struct fixture *f = *state;
	enum store_order orders[] = {STORE_FORWARD, STORE_BACKWARD};
	struct store_cursor cursor;
	struct tc_slice key;
	uint8_t bytes[8];
	uint64_t count;

	for (size_t o = 0; o < 2; o++) {
		for (uint64_t i = 0; i < 3000; i++) {
			tc_put_be64(bytes, i * 7919 % 3001);
			assert_int_equal(
				store_put(f->txn, f->rows, tc_slice(bytes, 8), tc_slice(bytes, 8)),
				0);
		}
		begin(f, &cursor, "", orders[o]);
		count = 0;
		while (store_cursor_next(&cursor, &key, NULL) == 0) {
			memcpy(bytes, key.data, 8);
			assert_int_equal(store_del(f->txn, f->rows, tc_slice(bytes, 8)), 0);
			count++;
		}
		store_cursor_done(&cursor);
		assert_int_equal(count, 3000);
		assert_int_equal(store_count(f->txn, f->rows, &count), 0);
		assert_int_equal(count, 0);
	}
}

/* A model in memory: a cursor walks while rows before, at and after it come and go. */
static void a_cursor_keeps_its_place_through_random_changes(void **state)
{
	enum { KEYS = 2000, ROUNDS = 60 };
	struct fixture *f = *state;
	static bool there[KEYS];
	struct store_cursor cursor;
	struct tc_slice key;
	uint8_t bytes[8];
	unsigned seed = 20261121;
	int64_t at, expected;
	bool backward;
	int r;

	memset(there, 0, sizeof(there));
	for (int round = 0; round < ROUNDS; round++) {
		backward = round % 2;
		begin(f, &cursor, "", backward ? STORE_BACKWARD : STORE_FORWARD);
		at = backward ? KEYS : -1;
		do {
			for (int i = rand_r(&seed) % 8; i > 0; i--) {
				int which = rand_r(&seed) % KEYS;

				tc_put_be64(bytes, (uint64_t)which);
				r = there[which] ? store_del(f->txn, f->rows, tc_slice(bytes, 8))
						 : store_put(f->txn, f->rows, tc_slice(bytes, 8),
							     tc_slice(bytes, 8));
				assert_int_equal(r, 0);
				there[which] = !there[which];
			}
			expected = at;
			do
				expected += backward ? -1 : 1;
			while (expected >= 0 && expected < KEYS && !there[expected]);
			r = store_cursor_next(&cursor, &key, NULL);
			if (expected < 0 || expected >= KEYS) {
				assert_int_equal(r, STORE_NOT_FOUND);
			} else {
				assert_int_equal(r, 0);
				assert_int_equal(tc_get_be64(key.data), expected);
			}
			at = expected;
		} while (r == 0);
		store_cursor_done(&cursor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_prefix_is_walked_in_both_orders_and_no_further,
						setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_prefix_of_all_ones_has_its_last_row, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(the_edges_of_an_empty_table_are_not_found, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_follows_a_row_is_found_whether_that_is_there_or_not, setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(one_row_is_found_at_a_key_or_on_either_side_of_it,
						setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(seek_goes_to_the_row_or_its_neighbour, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			deleting_each_row_under_the_cursor_empties_the_table, setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(a_cursor_keeps_its_place_through_random_changes,
						setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
