#include "store/store_wipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

#define MAP_BYTES (64 * 1024 * 1024)
#define MARKER    "Planted-Name-9f3c"
#define ROWS      400

static unsigned seed;

static int setup(void **state)
{
	return fixture_setup(state, MAP_BYTES);
}

static unsigned dice(unsigned below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % below;
}

/* Row `i`, of any size up to several pages; `marked` ones are full of the marker. */
static void put(struct fixture *f, struct store_txn *txn, unsigned i, size_t size, bool marked)
{
	static uint8_t value[20000];
	char key[16];

	snprintf(key, sizeof(key), "row %04u", i);
	for (size_t at = 0; at < size; at++)
		value[at] = marked ? (uint8_t)MARKER[at % strlen(MARKER)] : (uint8_t)('a' + i % 26);
	assert_int_equal(store_put(txn, f->rows, tc_slice_text(key), tc_slice(value, size)), 0);
}

static size_t size_of(void)
{
	return dice(4) == 0 ? 2000 + dice(18000) : 20 + dice(900);
}

static size_t markers(const struct fixture *f)
{
	char path[PATH_MAX + 32];
	size_t found = 0, size;
	uint8_t *data;
	FILE *file;

	snprintf(path, sizeof(path), "%s/data.mdb", f->path);
	file = fopen(path, "rb");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	size = (size_t)ftell(file);
	rewind(file);
	data = malloc(size);
	assert_non_null(data);
	assert_int_equal(fread(data, size, 1, file), 1);
	fclose(file);
	for (const uint8_t *at = data;
	     (at = memmem(at, (size_t)(data + size - at), MARKER, strlen(MARKER))) != NULL; at++)
		found++;
	free(data);
	return found;
}

/* Marked rows among others, in many transactions; the marked ones then go, shrink or change. */
static void play(struct fixture *f)
{
	struct store_txn *txn;
	char key[16];

	for (unsigned i = 0; i < ROWS;) {
		assert_int_equal(store_begin(f->store, &txn), 0);
		for (unsigned n = 1 + dice(30); n > 0 && i < ROWS; n--, i++)
			put(f, txn, i, size_of(), i % 3 == 0);
		assert_int_equal(store_commit(&txn), 0);
	}
	for (unsigned i = 0; i < ROWS; i += 3) {
		snprintf(key, sizeof(key), "row %04u", i);
		assert_int_equal(store_begin(f->store, &txn), 0);
		switch (dice(3)) {
		case 0:
			assert_int_equal(store_del(txn, f->rows, tc_slice_text(key)), 0);
			break;
		case 1:
			put(f, txn, i, 10, false);
			break;
		default:
			put(f, txn, i, size_of(), false);
			break;
		}
		assert_int_equal(store_commit(&txn), 0);
	}
}

static void check_rest(struct fixture *f)
{
	struct store_txn *txn;
	struct tc_slice value;
	char key[16];

	assert_int_equal(store_read_begin(f->store, &txn), 0);
	for (unsigned i = 0; i < ROWS; i++) {
		int r;

		snprintf(key, sizeof(key), "row %04u", i);
		r = store_get(txn, f->rows, tc_slice_text(key), &value);
		assert_true(r == 0 || (i % 3 == 0 && r == STORE_NOT_FOUND));
		for (size_t at = 0; r == 0 && at < value.len; at++)
			assert_int_equal(value.data[at], 'a' + i % 26);
	}
	store_abort(&txn);
}

static void nothing_that_was_removed_is_left_in_the_file(void **state)
{
	struct fixture *f = *state;
	struct store_wiped wiped;
	size_t before = 0;

	for (unsigned round = 0; round < 12; round++) {
		seed = round;
		play(f);
		before += markers(f);
		assert_int_equal(store_wipe(f->store, f->meta, &wiped), 0);
		assert_int_equal(markers(f), 0);
		check_rest(f);
		store_close(&f->store);
		fixture_open(f);
		check_rest(f);
	}
	assert_true(before > 0);
}

static void what_buffers_held_is_not_written_again(void **state)
{
	struct fixture *f = *state;
	struct store_wiped wiped;
	struct store_txn *txn;

	play(f);
	store_close(&f->store);
	fixture_open(f);
	assert_int_equal(store_wipe(f->store, f->meta, &wiped), 0);
	for (unsigned i = 1; i < ROWS; i += 30) {
		assert_int_equal(store_begin(f->store, &txn), 0);
		put(f, txn, i, size_of(), false);
		assert_int_equal(store_commit(&txn), 0);
	}
	assert_int_equal(markers(f), 0);
}

static void what_is_clean_is_not_written_again(void **state)
{
	struct fixture *f = *state;
	struct store_wiped wiped;

	play(f);
	assert_int_equal(store_wipe(f->store, f->meta, &wiped), 0);
	assert_true(wiped.written > 10);
	assert_int_equal(store_wipe(f->store, f->meta, &wiped), 0);
	assert_true(wiped.written < 20);
}

static void an_empty_store_can_be_wiped(void **state)
{
	struct fixture *f = *state;
	struct store_wiped wiped;

	assert_int_equal(store_wipe(f->store, f->meta, &wiped), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_that_was_removed_is_left_in_the_file, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(what_buffers_held_is_not_written_again, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(what_is_clean_is_not_written_again, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(an_empty_store_can_be_wiped, setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
