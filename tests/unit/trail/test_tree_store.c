/* tree_store: grows with the journal, is made anew when it is another's, keeps checkpoints. */
#include "trail/tree_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal/journal_lmdb.h"
#include "scratch.h"
#include "wire/merkle.h"

#define MAP_BYTES (64 * 1024 * 1024)

struct place {
	char folder[PATH_MAX];
	struct tc_clock clock;
	int64_t now_ms;
	struct journal *journal;
	struct journal_reader *reader;
	struct tree_store *store;
	struct tree_view *view;
};

static int64_t place_now_ms(void *context)
{
	return ((struct place *)context)->now_ms;
}

static void tree_open(struct place *place, const char *origin, uint8_t log, uint64_t tip)
{
	char path[PATH_MAX + 8];
	struct tree_store_options options = {.path = path,
					     .map_bytes = MAP_BYTES,
					     .log_id = {.bytes = {log}},
					     .origin = origin,
					     .tip = tip};

	snprintf(path, sizeof(path), "%s/tree", place->folder);
	assert_int_equal(tree_store_open(&options, &place->store), 0);
	assert_int_equal(tree_view_open(place->store, &place->view), 0);
}

static void tree_close(struct place *place)
{
	tree_view_close(&place->view);
	tree_store_close(&place->store);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	char path[PATH_MAX + 8];
	struct journal_lmdb_options options = {
		.path = path, .map_bytes = MAP_BYTES, .clock = &place->clock};

	scratch_make(place->folder);
	place->clock = (struct tc_clock){.now_ms = place_now_ms, .context = place};
	place->now_ms = 1795000000000LL;
	snprintf(path, sizeof(path), "%s/journal", place->folder);
	assert_int_equal(journal_lmdb_open(&options, &place->journal), 0);
	assert_int_equal(journal_reader_open(place->journal, &place->reader), 0);
	tree_open(place, "example.org/trail", 1, 0);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	tree_close(place);
	journal_reader_close(&place->reader);
	journal_close(&place->journal);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

static void append(struct place *place, size_t count)
{
	struct record_batch batch = {0};
	struct tc_id id = tc_id_new(place->now_ms);

	for (size_t i = 0; i < count; i++) {
		struct record *record = record_new();

		assert_non_null(record);
		record->body = tc_slice("body", 4);
		record_batch_push(&batch, &record);
	}
	assert_int_equal(journal_append(place->journal, &batch, id), 0);
	record_batch_free(&batch);
	journal_reader_renew(place->reader);
}

/* The root over the journal as the verifier's code makes it. */
static struct tc_merkle_hash journal_root(struct place *place, uint64_t start, uint64_t count)
{
	struct tc_merkle_hash left, right;
	uint64_t split = 1;

	if (count == 1) {
		uint8_t bytes[RECORD_LEAF_BYTES];
		struct journal_entry entry;

		assert_int_equal(journal_read(place->reader, start, &entry), 0);
		record_leaf_entry(entry.time_ms, start, entry.commitment, bytes);
		assert_int_equal(tc_merkle_leaf(tc_slice(bytes, sizeof(bytes)), &left), 0);
		return left;
	}
	while (split * 2 < count)
		split *= 2;
	left = journal_root(place, start, split);
	right = journal_root(place, start + split, count - split);
	assert_int_equal(tc_merkle_node(&left, &right, &left), 0);
	return left;
}

static void expect_root(struct place *place, uint64_t size)
{
	struct tc_merkle_hash expected = journal_root(place, 0, size);
	struct tree_hash root;

	assert_int_equal(tree_view_renew(place->view), 0);
	assert_int_equal(tree_view_size(place->view), size);
	assert_int_equal(tree_view_root(place->view, size, &root), 0);
	assert_memory_equal(root.bytes, expected.bytes, sizeof(root.bytes));
}

static void it_grows_with_the_journal_in_steps_of_any_size(void **state)
{
	static const size_t steps[] = {1, 1, 253, 1, 1, 300, 5000, 1};
	struct place *place = *state;
	uint64_t size = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		append(place, steps[i]);
		size += steps[i];
		assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
		assert_int_equal(tree_store_size(place->store), size);
		expect_root(place, size);
	}
	assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
	assert_int_equal(tree_store_size(place->store), size);
}

static void it_grows_no_further_than_it_is_told(void **state)
{
	struct place *place = *state;

	append(place, 600);
	assert_int_equal(tree_store_grow(place->store, place->reader, 257), 0);
	expect_root(place, 257);
	assert_int_equal(tree_store_grow(place->store, place->reader, 100), 0);
	expect_root(place, 257);
}

static void it_goes_on_after_reopening(void **state)
{
	struct place *place = *state;

	append(place, 700);
	assert_int_equal(tree_store_grow(place->store, place->reader, 650), 0);
	tree_close(place);
	tree_open(place, "example.org/trail", 1, 700);
	assert_int_equal(tree_store_size(place->store), 650);
	assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
	expect_root(place, 700);
}

static void of_another_log_or_origin_or_ahead_of_the_journal_it_is_made_anew(void **state)
{
	static const struct {
		const char *origin;
		uint8_t log;
		uint64_t tip;
		uint64_t size;
	} cases[] = {
		{"example.org/trail", 1, 300, 300}, {"example.org/trail", 2, 300, 0},
		{"example.org/trail", 2, 300, 300}, {"example.org/trail/1", 2, 300, 0},
		{"example.org/trail/1", 2, 299, 0},
	};
	struct place *place = *state;
	struct tree_checkpoint checkpoint;

	append(place, 300);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
		assert_int_equal(
			tree_store_checkpoint_put(place->store, 300, 1, tc_slice_text("note")), 0);
		tree_close(place);
		tree_open(place, cases[i].origin, cases[i].log, cases[i].tip);
		assert_int_equal(tree_store_size(place->store), cases[i].size);
		assert_int_equal(tree_view_checkpoint(place->view, 0, &checkpoint),
				 cases[i].size > 0 ? 0 : TREE_UNKNOWN);
	}
	assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
	expect_root(place, 300);
}

static void tiles_are_given_as_a_tree_of_the_size_asked_for_has_them(void **state)
{
	struct place *place = *state;
	struct tc_slice tile;

	append(place, 600);
	assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
	assert_int_equal(tree_view_renew(place->view), 0);
	assert_int_equal(tree_view_tile(place->view, 0, 0, 600, &tile), 0);
	assert_int_equal(tile.len, 256 * 32);
	assert_int_equal(tree_view_tile(place->view, 0, 2, 600, &tile), 0);
	assert_int_equal(tile.len, 88 * 32);
	assert_int_equal(tree_view_tile(place->view, 0, 2, 513, &tile), 0);
	assert_int_equal(tile.len, 32);
	assert_int_equal(tree_view_tile(place->view, 0, 2, 512, &tile), TREE_UNKNOWN);
	assert_int_equal(tree_view_tile(place->view, 1, 0, 600, &tile), 0);
	assert_int_equal(tile.len, 2 * 32);
	assert_int_equal(tree_view_tile(place->view, 1, 0, 255, &tile), TREE_UNKNOWN);
	assert_int_equal(tree_view_tile(place->view, 8, 0, 600, &tile), TREE_UNKNOWN);
	assert_int_equal(tree_view_tile(place->view, 0, UINT64_MAX, 600, &tile), TREE_UNKNOWN);
	assert_int_equal(tree_view_tile(place->view, 0, 0, 601, &tile), TREE_UNKNOWN);
}

static void what_is_beyond_the_tree_is_not_proved(void **state)
{
	struct tree_hash hashes[TREE_PROOF_MAX];
	struct place *place = *state;
	size_t count;

	append(place, 10);
	assert_int_equal(tree_store_grow(place->store, place->reader, UINT64_MAX), 0);
	assert_int_equal(tree_view_renew(place->view), 0);
	assert_int_equal(tree_view_inclusion(place->view, 9, 10, hashes, &count), 0);
	assert_int_equal(tree_view_inclusion(place->view, 10, 10, hashes, &count), TREE_UNKNOWN);
	assert_int_equal(tree_view_inclusion(place->view, 9, 11, hashes, &count), TREE_UNKNOWN);
	assert_int_equal(tree_view_consistency(place->view, 3, 11, hashes, &count), TREE_UNKNOWN);
	assert_int_equal(tree_view_consistency(place->view, 9, 3, hashes, &count), TREE_UNKNOWN);
	assert_int_equal(tree_view_root(place->view, 11, hashes), TREE_UNKNOWN);
}

static void the_newest_checkpoint_up_to_a_size_is_found(void **state)
{
	struct place *place = *state;
	struct tree_checkpoint found;

	assert_int_equal(tree_view_checkpoint(place->view, 0, &found), TREE_UNKNOWN);
	for (uint64_t size = 10; size <= 50; size += 10)
		assert_int_equal(tree_store_checkpoint_put(place->store, size, (int64_t)size,
							   tc_slice_text("note")),
				 0);
	assert_int_equal(tree_store_checkpoint_put(place->store, 20, 21, tc_slice_text("again")),
			 0);
	assert_int_equal(tree_view_renew(place->view), 0);
	assert_int_equal(tree_view_checkpoint(place->view, 0, &found), 0);
	assert_int_equal(found.size, 50);
	assert_int_equal(tree_view_checkpoint(place->view, 29, &found), 0);
	assert_int_equal(found.size, 20);
	assert_int_equal(found.time_ms, 21);
	assert_true(tc_slice_equal(found.note, tc_slice_text("again")));
	assert_int_equal(tree_view_checkpoint(place->view, 9, &found), TREE_UNKNOWN);
}

static void of_old_checkpoints_the_first_of_each_hour_stays(void **state)
{
	struct place *place = *state;
	struct tree_checkpoint found;
	uint64_t size = 0;

	tree_view_reset(place->view); /* or it would keep every page from being used again */
	/* One in 20 minutes, so three an hour; reopened in the middle of it. */
	for (unsigned i = 0; i < TREE_CHECKPOINTS_KEPT + 30; i++) {
		size++;
		assert_int_equal(tree_store_checkpoint_put(place->store, size,
							   (int64_t)i * 20 * 60 * 1000,
							   tc_slice_text("note")),
				 0);
		if (i == TREE_CHECKPOINTS_KEPT + 10) {
			tree_close(place);
			tree_open(place, "example.org/trail", 1, 0);
			tree_view_reset(place->view);
		}
	}
	assert_int_equal(tree_view_renew(place->view), 0);
	for (uint64_t at = 1; at <= 30; at++) {
		assert_int_equal(tree_view_checkpoint(place->view, at, &found), 0);
		assert_int_equal(found.size, (at - 1) / 3 * 3 + 1);
	}
	for (uint64_t at = 31; at <= size; at++) {
		assert_int_equal(tree_view_checkpoint(place->view, at, &found), 0);
		assert_int_equal(found.size, at);
	}
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_grows_with_the_journal_in_steps_of_any_size),
		TEST(it_grows_no_further_than_it_is_told),
		TEST(it_goes_on_after_reopening),
		TEST(of_another_log_or_origin_or_ahead_of_the_journal_it_is_made_anew),
		TEST(tiles_are_given_as_a_tree_of_the_size_asked_for_has_them),
		TEST(what_is_beyond_the_tree_is_not_proved),
		TEST(the_newest_checkpoint_up_to_a_size_is_found),
		TEST(of_old_checkpoints_the_first_of_each_hour_stays),
	};

	return cmocka_run_group_tests_name("tree_store", tests, NULL, NULL);
}
