#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store_fixture.h"

#define MAP_BYTES (4 * 1024 * 1024)

static int setup(void **state)
{
	return fixture_setup(state, MAP_BYTES);
}

static void assert_row(struct store_txn *txn, struct store_table table, const char *key,
		       const char *value)
{
	struct tc_slice found;

	assert_int_equal(store_get(txn, table, tc_slice_text(key), &found), 0);
	assert_true(tc_slice_equal(found, tc_slice_text(value)));
}

static void put(struct fixture *f, const char *key, const char *value)
{
	struct store_txn *txn;

	assert_int_equal(store_begin(f->store, &txn), 0);
	assert_int_equal(store_put(txn, f->rows, tc_slice_text(key), tc_slice_text(value)), 0);
	assert_int_equal(store_commit(&txn), 0);
	assert_null(txn);
}

static void committed_rows_are_there_after_reopening(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn;

	put(f, "a", "one");
	store_close(&f->store);
	fixture_open(f);
	assert_int_equal(store_read_begin(f->store, &txn), 0);
	assert_row(txn, f->rows, "a", "one");
	store_abort(&txn);
}

static void an_aborted_transaction_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	struct tc_slice found;
	struct store_txn *txn;

	assert_int_equal(store_begin(f->store, &txn), 0);
	assert_int_equal(store_put(txn, f->rows, tc_slice_text("a"), tc_slice_text("1")), 0);
	assert_row(txn, f->rows, "a", "1");
	store_abort(&txn);
	assert_int_equal(store_begin(f->store, &txn), 0);
	assert_int_equal(store_get(txn, f->rows, tc_slice_text("a"), &found), STORE_NOT_FOUND);
	store_abort(&txn);
}

static void add_append_and_del_tell_what_they_found(void **state)
{
	struct tc_slice b = tc_slice_text("b");
	struct fixture *f = *state;
	struct store_txn *txn;
	uint8_t *space;
	uint64_t count;

	assert_int_equal(store_begin(f->store, &txn), 0);
	assert_int_equal(store_add(txn, f->rows, b, tc_slice_text("1")), 0);
	assert_int_equal(store_add(txn, f->rows, b, tc_slice_text("2")), STORE_EXISTS);
	assert_row(txn, f->rows, "b", "1");
	assert_int_equal(store_append(txn, f->rows, tc_slice_text("a"), b), STORE_EXISTS);
	assert_int_equal(store_append(txn, f->rows, tc_slice_text("c"), b), 0);
	assert_int_equal(store_append_space(txn, f->rows, tc_slice_text("d"), 3, &space), 0);
	memcpy(space, "xyz", 3);
	assert_row(txn, f->rows, "d", "xyz");
	assert_int_equal(store_count(txn, f->rows, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(store_del(txn, f->rows, b), 0);
	assert_int_equal(store_del(txn, f->rows, b), STORE_NOT_FOUND);
	assert_int_equal(store_clear(txn, f->rows), 0);
	assert_int_equal(store_count(txn, f->rows, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_commit(&txn), 0);
}

static void empty_and_too_long_keys_are_refused(void **state)
{
	static const uint8_t block[STORE_KEY_BYTES_MAX + 1];
	struct tc_slice bad[] = {tc_slice(block, 0), tc_slice(block, sizeof(block))};
	struct fixture *f = *state;
	struct store_txn *txn;
	struct tc_slice found;

	assert_int_equal(store_begin(f->store, &txn), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(store_put(txn, f->rows, bad[i], bad[0]), TC_EINVAL);
		assert_int_equal(store_get(txn, f->rows, bad[i], &found), TC_EINVAL);
		assert_int_equal(store_del(txn, f->rows, bad[i]), TC_EINVAL);
	}
	assert_int_equal(store_put(txn, f->rows, tc_slice(block, STORE_KEY_BYTES_MAX), bad[0]), 0);
	store_abort(&txn);
}

static void a_reader_sees_its_snapshot_until_it_renews(void **state)
{
	struct fixture *f = *state;
	struct store_txn *reader;

	put(f, "a", "old");
	assert_int_equal(store_read_begin(f->store, &reader), 0);
	put(f, "a", "new");
	assert_row(reader, f->rows, "a", "old");
	assert_int_equal(store_read_renew(reader), 0);
	assert_row(reader, f->rows, "a", "new");
	store_read_reset(reader);
	put(f, "a", "newer");
	assert_int_equal(store_read_renew(reader), 0);
	assert_row(reader, f->rows, "a", "newer");
	store_abort(&reader);
}

static void a_second_open_is_refused_here_and_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct store_options options = fixture_options(f);
	struct store *second = NULL;
	int status;
	pid_t child;

	assert_int_equal(store_open(&options, &second), STORE_LOCKED);
	assert_null(second);
	assert_int_equal(store_remove(f->path), STORE_LOCKED);
	child = fork();
	if (child == 0)
		_exit(store_open(&options, &second) == STORE_LOCKED ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *commit_elsewhere(void *txn)
{
	int r = store_commit((struct store_txn **)txn);

	_exit(r == 0 ? 0 : 1);
}

static void committing_in_another_thread_than_began_ends_the_process(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn;
	pthread_t thread;
	int status;
	pid_t child;

	store_close(&f->store);
	child = fork();
	if (child == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		fixture_open(f);
		if (store_begin(f->store, &txn) == 0 &&
		    pthread_create(&thread, NULL, commit_elsewhere, &txn) == 0)
			pthread_join(thread, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	fixture_open(f);
}

static void a_full_map_is_an_outcome_and_keeps_what_was_there(void **state)
{
	struct fixture *f = *state;
	static uint8_t block[2000];
	struct store_txn *txn;
	struct tc_slice found;
	uint8_t key[8];
	uint64_t i = 0;
	int r;

	put(f, "kept", "kept");
	assert_int_equal(store_begin(f->store, &txn), 0);
	do {
		tc_put_be64(key, i++);
		r = store_put(txn, f->rows, tc_slice(key, 8), tc_slice(block, sizeof(block)));
	} while (r == 0 && i < MAP_BYTES);
	assert_int_equal(r, STORE_FULL);
	assert_int_equal(store_put(txn, f->rows, tc_slice(key, 8), tc_slice(block, 1)), STORE_FULL);
	assert_int_equal(store_commit(&txn), STORE_FULL);
	assert_null(txn);
	put(f, "after", "it goes on");
	assert_int_equal(store_read_begin(f->store, &txn), 0);
	assert_row(txn, f->rows, "kept", "kept");
	tc_put_be64(key, 0);
	assert_int_equal(store_get(txn, f->rows, tc_slice(key, 8), &found), STORE_NOT_FOUND);
	store_abort(&txn);
}

static void usage_counts_what_deleting_gives_back(void **state)
{
	struct store_usage before, full, after;
	static uint8_t block[2000];
	struct fixture *f = *state;
	struct store_txn *txn;
	uint8_t key[8];

	assert_int_equal(store_usage(f->store, &before), 0);
	assert_int_equal(store_begin(f->store, &txn), 0);
	for (uint64_t i = 0; i < 500; i++) {
		tc_put_be64(key, i);
		assert_int_equal(store_append(txn, f->rows, tc_slice(key, 8),
					      tc_slice(block, sizeof(block))),
				 0);
	}
	assert_int_equal(store_commit(&txn), 0);
	assert_int_equal(store_usage(f->store, &full), 0);
	assert_true(full.bytes_used >= before.bytes_used + 500 * sizeof(block));
	assert_int_equal(full.bytes_limit, MAP_BYTES);
	assert_int_equal(full.commits, before.commits + 1);
	assert_true(full.disk_free_bytes > 0);
	assert_int_equal(store_begin(f->store, &txn), 0);
	assert_int_equal(store_clear(txn, f->rows), 0);
	assert_int_equal(store_commit(&txn), 0);
	put(f, "a", "1");
	assert_int_equal(store_usage(f->store, &after), 0);
	assert_true(after.bytes_used < full.bytes_used - 400 * sizeof(block));
	assert_int_equal(store_reader_check(f->store), 0);
	assert_int_equal(store_flush(f->store), 0);
}

static void removing_leaves_nothing_and_can_be_repeated(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	assert_int_equal(store_remove(f->path), 0);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(store_remove(f->path), 0);
}

static void a_file_that_is_no_store_is_a_fault(void **state)
{
	struct fixture *f = *state;
	struct store_options options = fixture_options(f);
	char file[PATH_MAX + 32];
	char junk[8192];
	FILE *data;

	store_close(&f->store);
	snprintf(file, sizeof(file), "%s/data.mdb", f->path);
	data = fopen(file, "wb");
	assert_non_null(data);
	memset(junk, 'x', sizeof(junk));
	assert_int_equal(fwrite(junk, 1, sizeof(junk), data), sizeof(junk));
	fclose(data);
	assert_int_equal(store_open(&options, &f->store), TC_ECORRUPT);
	assert_null(f->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(committed_rows_are_there_after_reopening, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(an_aborted_transaction_leaves_no_trace, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(add_append_and_del_tell_what_they_found, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(empty_and_too_long_keys_are_refused, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_reader_sees_its_snapshot_until_it_renews, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_second_open_is_refused_here_and_elsewhere, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			committing_in_another_thread_than_began_ends_the_process, setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(a_full_map_is_an_outcome_and_keeps_what_was_there,
						setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(usage_counts_what_deleting_gives_back, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(removing_leaves_nothing_and_can_be_repeated, setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_store_is_a_fault, setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
