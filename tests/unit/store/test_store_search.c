#include "store/store_search.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store_cursor.h"
#include "store_fixture.h"

#define MAP_BYTES  (16 * 1024 * 1024)
#define PAGE_BYTES 4096
#define LOWER_AT   12 /* LMDB 0.9, MDB_page.mp_lower: the end of the node pointers */

static int setup(void **state)
{
	return fixture_setup(state, MAP_BYTES);
}

static void fill(struct fixture *f, unsigned rows)
{
	struct store_txn *txn = NULL;
	char key[32];

	assert_int_equal(store_begin(f->store, &txn), 0);
	for (unsigned i = 0; i < rows; i++) {
		snprintf(key, sizeof(key), "a row of number %06u", i);
		assert_int_equal(store_put(txn, f->rows, tc_slice_text(key), tc_slice_text(key)),
				 0);
	}
	assert_int_equal(store_commit(&txn), 0);
}

/* Takes the last row out of what the page with `key` says that it has. */
static void shorten_page_of(struct fixture *f, const char *key)
{
	char path[PATH_MAX + 32];
	struct stat about;
	uint8_t *file;
	size_t page;
	int fd;

	store_close(&f->store);
	snprintf(path, sizeof(path), "%s/data.mdb", f->path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &about) == 0);
	file = malloc((size_t)about.st_size);
	assert_non_null(file);
	assert_int_equal(pread(fd, file, (size_t)about.st_size, 0), about.st_size);
	const uint8_t *found = memmem(file, (size_t)about.st_size, key, strlen(key));
	assert_non_null(found);
	page = (size_t)(found - file) / PAGE_BYTES * PAGE_BYTES;
	file[page + LOWER_AT] -= 2;
	assert_int_equal(pwrite(fd, file + page, PAGE_BYTES, (off_t)page), PAGE_BYTES);
	assert_int_equal(close(fd), 0);
	free(file);
	fixture_open(f);
}

static uint64_t lost(struct fixture *f)
{
	uint64_t count = 99;

	assert_int_equal(store_search_check(f->store, &count), 0);
	return count;
}

static void what_is_whole_has_lost_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(lost(f), 0);
	fill(f, 1);
	assert_int_equal(lost(f), 0);
	fill(f, 20000);
	assert_int_equal(lost(f), 0);
}

static void a_row_that_only_a_walk_finds_is_lost(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = NULL;
	struct tc_slice key, value;

	fill(f, 1);
	shorten_page_of(f, "a row of number 000000");
	assert_int_equal(store_read_begin(f->store, &txn), 0);
	assert_int_equal(store_first(txn, f->rows, tc_slice(NULL, 0), &key, &value), 0);
	assert_int_equal(store_get(txn, f->rows, key, &value), STORE_NOT_FOUND);
	store_abort(&txn);
	assert_true(lost(f) > 0);
}

static void a_row_that_no_walk_finds_is_missed_by_the_count(void **state)
{
	struct fixture *f = *state;

	fill(f, 20000);
	shorten_page_of(f, "a row of number 010000");
	assert_true(lost(f) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_whole_has_lost_nothing, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_row_that_only_a_walk_finds_is_lost, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_row_that_no_walk_finds_is_missed_by_the_count,
						setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
