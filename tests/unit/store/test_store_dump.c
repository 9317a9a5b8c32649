#include "store/store_dump.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "store/store_cursor.h"

#define MAP_BYTES (4 * 1024 * 1024)

struct fixture {
	char folder[PATH_MAX];
	char path[PATH_MAX + 8];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	scratch_make(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/dump", f->folder);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void row(struct store_dump *dump, const char *key, const char *value)
{
	assert_int_equal(store_dump_row(dump, tc_slice_text(key), tc_slice_text(value)), 0);
}

static void write_dump(struct fixture *f, const char *head, const char *value, uint8_t sha256[32])
{
	struct store_dump *dump;

	assert_int_equal(store_dump_open(f->path, tc_slice_text(head), &dump), 0);
	assert_int_equal(store_dump_table(dump, "one/a"), 0);
	row(dump, "k1", value);
	row(dump, "k3", "");
	row(dump, "k2", "out of order");
	assert_int_equal(store_dump_table(dump, "two/b"), 0);
	row(dump, "k", "of another store");
	assert_int_equal(store_dump_end(dump, sha256), 0);
	store_dump_free(&dump);
}

static bool exists(const struct fixture *f, const char *ending)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s%s", f->path, ending);
	return access(path, F_OK) == 0;
}

static void what_was_written_is_loaded_into_a_store(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];
	struct store_options options = {
		.path = path, .map_bytes = MAP_BYTES, .sync = STORE_SYNC_LAZY, .tables_max = 2};
	struct store *store;
	struct store_table table;
	struct store_load *load;
	struct store_txn *txn;
	struct tc_slice value;
	uint8_t sha256[32];
	uint64_t count;

	snprintf(path, sizeof(path), "%s/store", f->folder);
	write_dump(f, "head", "v1", sha256);
	assert_int_equal(store_load_open(f->path, &load), 0);
	assert_memory_equal(store_load_sha256(load), sha256, 32);
	assert_true(tc_slice_equal(store_load_head(load), tc_slice_text("head")));
	assert_int_equal(store_open(&options, &store), 0);
	assert_int_equal(store_load_into(load, "one/", store), 0);
	assert_int_equal(store_table_open(store, "a", &table), 0);
	assert_int_equal(store_read_begin(store, &txn), 0);
	assert_int_equal(store_count(txn, table, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(store_get(txn, table, tc_slice_text("k2"), &value), 0);
	assert_true(tc_slice_equal(value, tc_slice_text("out of order")));
	store_abort(&txn);
	store_close(&store);
	store_load_close(&load);
}

static void a_new_one_takes_the_place_of_the_old_one(void **state)
{
	struct fixture *f = *state;
	struct store_load *load;
	uint8_t first[32], second[32];

	write_dump(f, "head", "v1", first);
	write_dump(f, "head", "v2", second);
	assert_memory_not_equal(first, second, 32);
	assert_int_equal(store_load_open(f->path, &load), 0);
	assert_memory_equal(store_load_sha256(load), second, 32);
	store_load_close(&load);
	assert_false(exists(f, ".old"));
	assert_false(exists(f, ".new"));
}

static void one_that_was_not_ended_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_dump *dump;
	struct store_load *load;

	assert_int_equal(store_dump_open(f->path, tc_slice_text("head"), &dump), 0);
	row(dump, "k", "v");
	assert_true(exists(f, ".new"));
	store_dump_free(&dump);
	assert_false(exists(f, ".new"));
	assert_int_equal(store_load_open(f->path, &load), STORE_LOAD_NONE);
}

static void a_crash_between_two_names_loses_neither_file(void **state)
{
	struct fixture *f = *state;
	char old[PATH_MAX + 16];
	struct store_load *load;
	uint8_t sha256[32];

	snprintf(old, sizeof(old), "%s.old", f->path);
	write_dump(f, "head", "v1", sha256);
	assert_int_equal(link(f->path, old), 0);
	assert_int_equal(store_dump_clean(f->path), 0);
	assert_false(exists(f, ".old"));
	assert_int_equal(store_load_open(f->path, &load), 0);
	store_load_close(&load);
}

static int checked(const struct fixture *f)
{
	struct store_load *load = NULL;
	int r = store_load_open(f->path, &load);

	if (r == 0)
		r = store_load_check(load);
	store_load_close(&load);
	return r;
}

static void every_changed_byte_is_found(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32], byte;
	off_t size;
	int file;

	write_dump(f, "head", "v1", sha256);
	file = open(f->path, O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	size = lseek(file, 0, SEEK_END);
	for (off_t at = 0; at < size; at++) {
		assert_int_equal(pread(file, &byte, 1, at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(file, &byte, 1, at), 1);
		assert_int_equal(checked(f), TC_ECORRUPT);
		byte ^= 1;
		assert_int_equal(pwrite(file, &byte, 1, at), 1);
	}
	assert_int_equal(ftruncate(file, size - 1), 0);
	assert_int_equal(checked(f), TC_ECORRUPT);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_loaded_into_a_store, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_new_one_takes_the_place_of_the_old_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_was_not_ended_leaves_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_crash_between_two_names_loses_neither_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(every_changed_byte_is_found, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
