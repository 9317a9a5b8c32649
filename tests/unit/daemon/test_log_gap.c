/* log_gap: whether a log is all that was signed. */
#include "daemon/log_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "journal/journal_lmdb.h"
#include "scratch.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define MAP_BYTES  (16 * 1024 * 1024)
#define DOMAIN     "county.example"
#define RECORDS    40

/* The tree of a log of RECORDS. */
struct place {
	char folder[PATH_MAX];
	struct tree_store *store;
	struct tree_view *tree;
};

static struct journal *journal_make(const char *path)
{
	struct journal_lmdb_options options = {
		.path = path, .map_bytes = MAP_BYTES, .clock = &tc_clock_real};
	struct journal *journal = NULL;
	struct record_batch batch = {0};

	assert_int_equal(journal_lmdb_open(&options, &journal), 0);
	for (size_t i = 0; i < RECORDS; i++) {
		struct record *record = record_new();

		assert_non_null(record);
		assert_int_equal(tc_bytes_append(&record->owned, "body", 4), 0);
		record->body = tc_bytes_slice(&record->owned);
		record_batch_push(&batch, &record);
	}
	assert_int_equal(journal_append(journal, &batch, tc_id_new(1)), 0);
	record_batch_free(&batch);
	return journal;
}

static int setup(void **state)
{
	struct tree_store_options options = {
		.map_bytes = MAP_BYTES, .origin = DOMAIN "/trail", .tip = RECORDS};
	struct place *place = calloc(1, sizeof(*place));
	char journal_path[PATH_MAX + 16], tree_path[PATH_MAX + 16];
	struct journal_reader *reader = NULL;
	struct journal *journal;

	assert_non_null(place);
	scratch_make(place->folder);
	snprintf(journal_path, sizeof(journal_path), "%s/journal", place->folder);
	snprintf(tree_path, sizeof(tree_path), "%s/tree", place->folder);
	journal = journal_make(journal_path);
	options.path = tree_path;
	assert_int_equal(tree_store_open(&options, &place->store), 0);
	assert_int_equal(journal_reader_open(journal, &reader), 0);
	assert_int_equal(tree_store_grow(place->store, reader, UINT64_MAX), 0);
	journal_reader_close(&reader);
	journal_close(&journal);
	assert_int_equal(tree_view_open(place->store, &place->tree), 0);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	tree_view_close(&place->tree);
	tree_store_close(&place->store);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

/* What was signed under this name: the log's own tree of that size, or another one. */
static struct sealer_origin known_of(struct place *place, const char *name, uint64_t size,
				     bool other)
{
	struct sealer_origin known = {.size = size};
	struct tree_hash root = {{0}};

	if (size <= RECORDS)
		assert_int_equal(tree_view_root(place->tree, size, &root), 0);
	memcpy(known.root.bytes, root.bytes, sizeof(root.bytes));
	known.root.bytes[0] ^= other;
	snprintf(known.name, sizeof(known.name), "%s", name);
	return known;
}

static enum log_gap_kind kind_of(struct place *place, uint32_t origin, const char *name,
				 uint64_t size, bool other)
{
	struct sealer_origin known = known_of(place, name, size, other);
	struct log_gap gap;

	log_gap_begin(&gap, origin, RECORDS, NULL);
	assert_int_equal(log_gap_hold(&gap, place->tree, origin, DOMAIN, &known), 0);
	return gap.kind;
}

static void a_log_with_all_that_was_signed_has_no_gap(void **state)
{
	for (uint64_t size = 0; size <= RECORDS; size++)
		assert_int_equal(kind_of(*state, 0, DOMAIN "/trail", size, false), LOG_GAP_NONE);
	assert_int_equal(kind_of(*state, 1, DOMAIN "/trail", 7, false), LOG_GAP_NONE);
	assert_int_equal(kind_of(*state, 0, "other.example/trail", 99, true), LOG_GAP_NONE);
}

static void a_shorter_one_and_another_one_have(void **state)
{
	assert_int_equal(kind_of(*state, 0, DOMAIN "/trail", RECORDS + 1, false), LOG_GAP_SHORT);
	assert_int_equal(kind_of(*state, 0, DOMAIN "/trail", 7, true), LOG_GAP_OTHER);
	/* The log went on without this one. */
	assert_int_equal(kind_of(*state, 0, DOMAIN "/trail/1", 7, false), LOG_GAP_OTHER);
	assert_int_equal(kind_of(*state, 1, DOMAIN "/trail/1", 7, false), LOG_GAP_NONE);
}

static void the_largest_of_several_is_told(void **state)
{
	static const struct {
		const char *name;
		uint64_t size;
	} all[] = {{DOMAIN "/trail", 50}, {DOMAIN "/trail/2", 90}, {DOMAIN "/trail/1", 70}};
	struct place *place = *state;
	struct log_gap gap;

	log_gap_begin(&gap, 0, RECORDS, NULL);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct sealer_origin known = known_of(place, all[i].name, all[i].size, false);

		assert_int_equal(log_gap_hold(&gap, place->tree, 0, DOMAIN, &known), 0);
	}
	assert_int_equal(gap.kind, LOG_GAP_SHORT);
	assert_int_equal(gap.size, 90);
	assert_int_equal(gap.origin_most, 2);
	assert_string_equal(gap.origin, DOMAIN "/trail/2");
}

/* After 30 records the log went on without 20 more that were signed. */
static void what_the_log_tells_to_be_missing_is_no_gap(void **state)
{
	struct place *place = *state;
	struct log_answered answered = {
		.count = 1, .answers = {{.origin = DOMAIN "/trail/1", .have = 30, .size = 50}}};
	static const struct {
		const char *name;
		uint64_t size;
		enum log_gap_kind kind;
	} all[] = {
		{DOMAIN "/trail", 50, LOG_GAP_NONE},    {DOMAIN "/trail", 35, LOG_GAP_NONE},
		{DOMAIN "/trail", 30, LOG_GAP_OTHER},   {DOMAIN "/trail", 51, LOG_GAP_SHORT},
		{DOMAIN "/trail/1", 45, LOG_GAP_SHORT}, {DOMAIN "/trail/1", 35, LOG_GAP_OTHER},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct sealer_origin known = known_of(place, all[i].name, all[i].size, true);
		struct log_gap gap;

		log_gap_begin(&gap, 1, RECORDS, &answered);
		assert_int_equal(log_gap_hold(&gap, place->tree, 1, DOMAIN, &known), 0);
		assert_int_equal(gap.kind, all[i].kind);
	}
}

static void origins_are_read_as_they_are_written(void **state)
{
	static const uint32_t numbers[] = {0, 1, 9, 10, UINT32_MAX};
	static const char *const wrong[] = {
		"county.example/trail/",   "county.example/trail/0",
		"county.example/trail/01", "county.example/trail/-1",
		"county.example/trail/1x", "county.example/trail/4294967296",
		"county.example/trailer",  "county.example.org/trail",
		"county.exampl",           "",
	};
	uint32_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char *origin = NULL;

		assert_int_equal(log_origin_format(DOMAIN, numbers[i], &origin), 0);
		assert_true(log_origin_parse(DOMAIN, origin, &number));
		assert_int_equal(number, numbers[i]);
		free(origin);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(log_origin_parse(DOMAIN, wrong[i], &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_with_all_that_was_signed_has_no_gap),
		TEST(a_shorter_one_and_another_one_have),
		TEST(the_largest_of_several_is_told),
		TEST(what_the_log_tells_to_be_missing_is_no_gap),
		cmocka_unit_test(origins_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
