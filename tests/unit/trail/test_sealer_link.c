/* sealer_link, checkpointer, tree_thread: with the real program at the other end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "journal/journal_lmdb.h"
#include "scratch.h"
#include "trail/tree_thread.h"
#include "wire/note.h"

#define ORIGIN      "example.org/trail"
#define MAP_BYTES   (64 * 1024 * 1024)
#define DEADLINE_MS 20000

struct place {
	char folder[PATH_MAX];
	char keys[PATH_MAX + 8];
	char state[PATH_MAX + 8];
	struct journal *journal;
	struct tree_store *store;
	struct tree_view *view;
	struct sealer_link *link;
	struct checkpointer *checkpointer;
	struct tree_figures figures;
};

static void key_write(const struct place *place, const char *name)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char path[PATH_MAX + 64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place->keys, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	EVP_PKEY_free(key);
}

static void open_link(struct place *place, const char *origin)
{
	const struct sealer_link_options options = {.socket = "",
						    .program = SEALER_PROGRAM,
						    .origin = origin,
						    .keys = place->keys,
						    .state = place->state};

	assert_int_equal(sealer_link_open(&options, &place->link), 0);
}

/* The journal `name` of the place, its tree and its checkpointer. */
static void open_log(struct place *place, const char *name)
{
	char path[PATH_MAX + 64];
	struct journal_lmdb_options journal = {
		.path = path, .map_bytes = MAP_BYTES, .clock = &tc_clock_real};
	struct tree_store_options tree = {.path = path, .map_bytes = MAP_BYTES, .origin = ORIGIN};
	struct checkpointer_options options = {.link = place->link, .figures = &place->figures};
	struct journal_usage usage;

	snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	assert_int_equal(journal_lmdb_open(&journal, &place->journal), 0);
	assert_int_equal(journal_usage(place->journal, &usage), 0);
	tree.log_id = usage.log_id;
	tree.tip = usage.tip;
	snprintf(path, sizeof(path), "%s/%s.tree", place->folder, name);
	assert_int_equal(tree_store_open(&tree, &place->store), 0);
	assert_int_equal(tree_view_open(place->store, &place->view), 0);
	options.store = place->store;
	options.journal = place->journal;
	assert_int_equal(checkpointer_open(&options, &place->checkpointer), 0);
}

static void close_log(struct place *place)
{
	checkpointer_close(&place->checkpointer);
	tree_view_close(&place->view);
	tree_store_close(&place->store);
	journal_close(&place->journal);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	scratch_make(place->folder);
	snprintf(place->keys, sizeof(place->keys), "%s/keys", place->folder);
	snprintf(place->state, sizeof(place->state), "%s/state", place->folder);
	assert_int_equal(mkdir(place->keys, 0700), 0);
	assert_int_equal(mkdir(place->state, 0700), 0);
	key_write(place, "1.pem");
	open_link(place, ORIGIN);
	open_log(place, "log");
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	close_log(place);
	sealer_link_close(&place->link);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

static void append(struct place *place, size_t count)
{
	struct record_batch batch = {0};

	for (size_t i = 0; i < count; i++) {
		struct record *record = record_new();

		record->body = tc_slice("body", 4);
		record_batch_push(&batch, &record);
	}
	assert_int_equal(journal_append(place->journal, &batch, tc_id_new(1)), 0);
	record_batch_free(&batch);
}

/* The newest checkpoint is of this size, has these many signatures, and its keys' are right. */
static void expect_checkpoint(struct place *place, uint64_t size, size_t signatures)
{
	struct tree_checkpoint found;
	struct tc_checkpoint read;
	struct tc_slice vkeys;
	struct tc_note_key key;
	const uint8_t *end;

	assert_int_equal(tree_view_renew(place->view), 0);
	assert_int_equal(tree_view_checkpoint(place->view, 0, &found), 0);
	assert_int_equal(found.size, size);
	assert_int_equal(tc_checkpoint_parse(found.note, &read), 0);
	assert_int_equal(read.size, size);
	assert_int_equal(read.note.signature_count, signatures);
	assert_int_equal(tree_view_vkeys(place->view, &vkeys), 0);
	for (size_t i = 0; i < signatures; i++) {
		end = memchr(vkeys.data, '\n', vkeys.len);
		assert_non_null(end);
		assert_int_equal(
			tc_note_vkey_parse(tc_slice(vkeys.data, (size_t)(end - vkeys.data)), &key),
			0);
		assert_int_equal(tc_note_verify(&read.note, &key), 0);
		vkeys = tc_slice(end + 1, vkeys.len - (size_t)(end + 1 - vkeys.data));
	}
	assert_int_equal(vkeys.len, 0);
	tree_view_reset(place->view);
	assert_int_equal(atomic_load(&place->figures.checkpoint_size), size);
}

static void each_round_signs_what_is_new(void **state)
{
	struct place *place = *state;

	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	assert_int_equal(atomic_load(&place->figures.checkpoint_size), 0);
	append(place, 3);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 3, 1);
	append(place, 700);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 703, 1);
}

static void a_sealer_that_was_killed_is_started_again(void **state)
{
	struct place *place = *state;
	FILE *children;
	int child = 0;

	append(place, 3);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	children = fopen("/proc/thread-self/children", "r");
	assert_non_null(children);
	assert_int_equal(fscanf(children, "%d", &child), 1);
	fclose(children);
	assert_int_equal(kill(child, SIGKILL), 0);
	append(place, 4);
	assert_int_equal(checkpointer_round(place->checkpointer), CHECKPOINTER_UNSIGNED);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 7, 1);
}

static void a_new_key_signs_after_a_renewal(void **state)
{
	struct place *place = *state;

	append(place, 3);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	key_write(place, "2.pem");
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 3, 1);
	checkpointer_renew(place->checkpointer);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 3, 2);
}

static void another_log_is_found_out_before_it_is_signed(void **state)
{
	struct place *place = *state;

	append(place, 50);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	close_log(place);
	open_log(place, "shorter");
	append(place, 20);
	assert_int_equal(checkpointer_round(place->checkpointer), CHECKPOINTER_SMALLER);
	assert_int_equal(checkpointer_signed_size(place->checkpointer), 50);
	append(place, 40);
	assert_int_equal(checkpointer_round(place->checkpointer), CHECKPOINTER_INCONSISTENT);
	close_log(place);
	open_log(place, "log");
	append(place, 1);
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 51, 1);
}

static void a_sealer_that_signs_under_another_name_is_not_asked_to(void **state)
{
	struct place *place = *state;

	append(place, 3);
	close_log(place);
	sealer_link_close(&place->link);
	open_link(place, ORIGIN "/1");
	open_log(place, "log");
	assert_int_equal(checkpointer_round(place->checkpointer), CHECKPOINTER_UNSIGNED);
	close_log(place);
	sealer_link_close(&place->link);
	open_link(place, ORIGIN);
	open_log(place, "log");
	assert_int_equal(checkpointer_round(place->checkpointer), 0);
	expect_checkpoint(place, 3, 1);
}

static void without_a_key_nothing_is_signed_and_the_tree_grows(void **state)
{
	struct place *place = *state;
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/1.pem", place->keys);
	assert_int_equal(remove(path), 0);
	append(place, 9);
	assert_int_equal(checkpointer_round(place->checkpointer), CHECKPOINTER_UNSIGNED);
	assert_int_equal(atomic_load(&place->figures.size), 9);
	assert_int_equal(atomic_load(&place->figures.checkpoint_size), 0);
}

/* Until the thread has signed that many. */
static void wait_for_checkpoint(struct place *place, uint64_t size)
{
	int64_t until_us = tc_clock_monotonic_us() + DEADLINE_MS * 1000LL;

	while (atomic_load(&place->figures.checkpoint_size) < size)
		assert_true(tc_clock_monotonic_us() < until_us);
}

static void the_thread_follows_the_journal_and_signs_its_end_when_it_stops(void **state)
{
	struct place *place = *state;
	struct tree_thread_options options = {.checkpointer = place->checkpointer,
					      .interval_ms = 20};
	struct thread *thread = NULL;
	struct bus_socket *sender = NULL;
	struct bus *bus = NULL;

	assert_int_equal(bus_open(&bus), 0);
	assert_int_equal(bus_bind_pull(bus, "tree", 16, &options.inbox), 0);
	assert_int_equal(bus_connect_push(bus, "tree", 16, &sender), 0);
	assert_int_equal(tree_thread_start(&options, &thread), 0);
	for (uint64_t size = 5; size <= 100; size += 5) {
		append(place, 5);
		wait_for_checkpoint(place, size);
	}
	assert_int_equal(bus_send(sender, BUS_RELOAD, NULL, DEADLINE_MS), 0);
	append(place, 1);
	assert_int_equal(bus_send(sender, BUS_STOP, NULL, DEADLINE_MS), 0);
	thread_join(&thread);
	bus_socket_close(&sender);
	bus_socket_close(&options.inbox);
	bus_close(&bus);
	expect_checkpoint(place, 101, 1);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_round_signs_what_is_new),
		TEST(a_sealer_that_was_killed_is_started_again),
		TEST(a_new_key_signs_after_a_renewal),
		TEST(another_log_is_found_out_before_it_is_signed),
		TEST(a_sealer_that_signs_under_another_name_is_not_asked_to),
		TEST(without_a_key_nothing_is_signed_and_the_tree_grows),
		TEST(the_thread_follows_the_journal_and_signs_its_end_when_it_stops),
	};

	return cmocka_run_group_tests_name("sealer_link", tests, NULL, NULL);
}
