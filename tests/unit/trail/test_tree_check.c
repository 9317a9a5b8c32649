/* tree_check: whatever is changed in the stored tree is found. */
#include "trail/tree_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "journal/journal_lmdb.h"
#include "scratch.h"
#include "trail/tree_store_internal.h"
#include "wire/note.h"

#define ORIGIN    "example.org/trail"
#define MAP_BYTES (64 * 1024 * 1024)
#define RECORDS   600

struct place {
	char folder[PATH_MAX];
	char tree[PATH_MAX + 8];
	struct journal *journal;
	EVP_PKEY *key;
};

static void checkpoint_make(struct place *place, struct tree_store *store, struct tree_view *view,
			    uint64_t size)
{
	struct tc_bytes text = {0}, line = {0};
	struct tc_merkle_hash hash;
	struct tree_hash root;

	assert_int_equal(tree_view_root(view, size, &root), 0);
	memcpy(hash.bytes, root.bytes, sizeof(hash.bytes));
	assert_int_equal(tc_checkpoint_format(ORIGIN, size, &hash, &text), 0);
	assert_int_equal(tc_note_sign(place->key, ORIGIN, tc_bytes_slice(&text), &line), 0);
	assert_int_equal(tc_bytes_append(&text, "\n", 1), 0);
	assert_int_equal(tc_bytes_append(&text, line.data, line.len), 0);
	assert_int_equal(tree_store_checkpoint_put(store, size, 1, tc_bytes_slice(&text)), 0);
	tc_bytes_free(&text);
	tc_bytes_free(&line);
}

static void tree_make(struct place *place)
{
	struct tree_store_options options = {
		.path = place->tree, .map_bytes = MAP_BYTES, .origin = ORIGIN, .tip = RECORDS};
	struct journal_reader *reader = NULL;
	struct tree_store *store = NULL;
	struct tree_view *view = NULL;
	struct journal_usage usage;
	struct tc_note_key key;
	char vkey[TC_NOTE_VKEY_BYTES], line[TC_NOTE_VKEY_BYTES + 1];

	assert_int_equal(journal_usage(place->journal, &usage), 0);
	options.log_id = usage.log_id;
	assert_int_equal(tree_store_open(&options, &store), 0);
	assert_int_equal(journal_reader_open(place->journal, &reader), 0);
	assert_int_equal(tree_store_grow(store, reader, UINT64_MAX), 0);
	assert_int_equal(tc_note_key_of(place->key, ORIGIN, TC_NOTE_ED25519, &key), 0);
	tc_note_vkey_format(&key, vkey);
	snprintf(line, sizeof(line), "%s\n", vkey);
	assert_int_equal(tree_store_vkeys_add(store, tc_slice_text(line)), 0);
	assert_int_equal(tree_view_open(store, &view), 0);
	checkpoint_make(place, store, view, 7);
	checkpoint_make(place, store, view, 256);
	checkpoint_make(place, store, view, RECORDS);
	tree_view_close(&view);
	journal_reader_close(&reader);
	tree_store_close(&store);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	char path[PATH_MAX + 16];
	struct journal_lmdb_options options = {
		.path = path, .map_bytes = MAP_BYTES, .clock = &tc_clock_real};
	struct record_batch batch = {0};

	scratch_make(place->folder);
	snprintf(place->tree, sizeof(place->tree), "%s/tree", place->folder);
	snprintf(path, sizeof(path), "%s/journal", place->folder);
	place->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_int_equal(journal_lmdb_open(&options, &place->journal), 0);
	for (size_t i = 0; i < RECORDS; i++) {
		struct record *record = record_new();

		record->body = tc_slice("body", 4);
		record_batch_push(&batch, &record);
	}
	assert_int_equal(journal_append(place->journal, &batch, tc_id_new(1)), 0);
	record_batch_free(&batch);
	tree_make(place);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	journal_close(&place->journal);
	EVP_PKEY_free(place->key);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

static struct tree_findings check(struct place *place)
{
	struct tree_check_options options = {.journal = place->journal,
					     .path = place->tree,
					     .map_bytes = MAP_BYTES,
					     .origin = ORIGIN};
	struct tree_findings findings;

	assert_int_equal(tree_check(&options, &findings), 0);
	return findings;
}

/* Puts `value` under `key` of one table, behind everybody's back; with NULL data removes it. */
static void put(struct place *place, const char *name, struct tc_slice key, struct tc_slice value)
{
	struct store_options options = {.path = place->tree,
					.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_DURABLE,
					.tables_max = 3};
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct store_table table;

	assert_int_equal(store_open(&options, &store), 0);
	assert_int_equal(store_table_open(store, name, &table), 0);
	assert_int_equal(store_begin(store, &txn), 0);
	assert_int_equal(
		value.data ? store_put(txn, table, key, value) : store_del(txn, table, key), 0);
	assert_int_equal(store_commit(&txn), 0);
	store_close(&store);
}

static struct tc_bytes get(struct place *place, const char *name, struct tc_slice key)
{
	struct store_options options = {.path = place->tree,
					.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_DURABLE,
					.tables_max = 3};
	struct tc_bytes copy = {0};
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct store_table table;
	struct tc_slice value;

	assert_int_equal(store_open(&options, &store), 0);
	assert_int_equal(store_table_open(store, name, &table), 0);
	assert_int_equal(store_read_begin(store, &txn), 0);
	assert_int_equal(store_get(txn, table, key, &value), 0);
	assert_int_equal(tc_bytes_append(&copy, value.data, value.len), 0);
	store_abort(&txn);
	store_close(&store);
	return copy;
}

/* Flips every `step`-th byte of a row, one at a time. */
static void expect_flips_found(struct place *place, const char *name, struct tc_slice key,
			       size_t from, size_t step)
{
	struct tc_bytes row = get(place, name, key);

	for (size_t i = from; i < row.len; i += step) {
		row.data[i] ^= 0x04;
		put(place, name, key, tc_bytes_slice(&row));
		assert_true(check(place).wrong > 0);
		row.data[i] ^= 0x04;
	}
	put(place, name, key, tc_bytes_slice(&row));
	assert_int_equal(check(place).wrong, 0);
	tc_bytes_free(&row);
}

static void a_tree_as_it_was_made_is_right(void **state)
{
	struct tree_findings findings = check(*state);

	assert_int_equal(findings.size, RECORDS);
	assert_int_equal(findings.checkpoints, 3);
	assert_int_equal(findings.wrong, 0);
}

static void a_flipped_byte_of_any_tile_is_found(void **state)
{
	static const struct {
		uint8_t level;
		uint64_t number;
	} tiles[] = {{0, 0}, {0, 1}, {0, 2}, {1, 0}};

	for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		struct store_key key = tree_tile_key(tiles[i].level, tiles[i].number);

		expect_flips_found(*state, "tiles", store_key_slice(&key), i % 32,
				   tiles[i].level == 0 ? 509 : 7);
	}
}

static void a_flipped_byte_of_a_checkpoints_text_or_signature_is_found(void **state)
{
	uint8_t key[8];

	tc_put_be64(key, 256);
	expect_flips_found(*state, "checkpoints", tc_slice(key, sizeof(key)), 8, 11);
}

static void a_tile_too_few_too_many_or_too_short_is_found(void **state)
{
	struct place *place = *state;
	struct store_key key = tree_tile_key(0, 1);
	struct tc_bytes row = get(place, "tiles", store_key_slice(&key));

	put(place, "tiles", store_key_slice(&key), tc_slice(NULL, 0));
	assert_true(check(place).wrong > 0);
	put(place, "tiles", store_key_slice(&key), tc_slice(row.data, row.len - 32));
	assert_true(check(place).wrong > 0);
	put(place, "tiles", store_key_slice(&key), tc_bytes_slice(&row));
	key = tree_tile_key(0, 3);
	put(place, "tiles", store_key_slice(&key), tc_bytes_slice(&row));
	assert_true(check(place).wrong > 0);
	tc_bytes_free(&row);
}

static void a_checkpoint_of_more_records_than_there_are_is_found(void **state)
{
	struct place *place = *state;
	struct tc_bytes row;
	uint8_t key[8];

	tc_put_be64(key, RECORDS);
	row = get(place, "checkpoints", tc_slice(key, sizeof(key)));
	tc_put_be64(key, RECORDS + 1);
	put(place, "checkpoints", tc_slice(key, sizeof(key)), tc_bytes_slice(&row));
	assert_true(check(place).wrong > 0);
	tc_bytes_free(&row);
}

static void a_missing_newest_checkpoint_is_found(void **state)
{
	struct place *place = *state;
	uint8_t key[8];

	tc_put_be64(key, RECORDS);
	put(place, "checkpoints", tc_slice(key, sizeof(key)), tc_slice(NULL, 0));
	assert_true(check(place).wrong > 0);
}

static void a_tree_of_another_log_or_of_more_records_is_found(void **state)
{
	struct place *place = *state;
	struct tc_bytes log_id = get(place, "meta", tc_slice_text("log_id"));
	uint8_t size[8];

	log_id.data[0] ^= 1;
	put(place, "meta", tc_slice_text("log_id"), tc_bytes_slice(&log_id));
	assert_true(check(place).wrong > 0);
	log_id.data[0] ^= 1;
	put(place, "meta", tc_slice_text("log_id"), tc_bytes_slice(&log_id));
	tc_put_be64(size, RECORDS + 1);
	put(place, "meta", tc_slice_text("size"), tc_slice(size, sizeof(size)));
	assert_true(check(place).wrong > 0);
	tc_bytes_free(&log_id);
}

/* Keys that sign none of the checkpoints that are kept are told all the same. */
static void a_public_key_that_is_none_is_found(void **state)
{
	struct place *place = *state;
	struct tc_bytes vkeys = get(place, "meta", tc_slice_text("vkeys"));
	const char *const behind[] = {"garbage", "garbage\n", "\n", "other.example/trail+"};
	struct tc_note_key other;
	char vkey[TC_NOTE_VKEY_BYTES];
	size_t len = vkeys.len;

	for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
		vkeys.len = len;
		assert_int_equal(tc_bytes_append(&vkeys, behind[i], strlen(behind[i])), 0);
		put(place, "meta", tc_slice_text("vkeys"), tc_bytes_slice(&vkeys));
		assert_true(check(place).wrong > 0);
	}
	assert_int_equal(tc_note_key_of(place->key, "other.example/trail", TC_NOTE_ED25519, &other),
			 0);
	tc_note_vkey_format(&other, vkey);
	vkeys.len = len;
	assert_int_equal(tc_bytes_append(&vkeys, vkey, strlen(vkey)), 0);
	assert_int_equal(tc_bytes_append(&vkeys, "\n", 1), 0);
	put(place, "meta", tc_slice_text("vkeys"), tc_bytes_slice(&vkeys));
	assert_true(check(place).wrong > 0);
	vkeys.len = len;
	put(place, "meta", tc_slice_text("vkeys"), tc_bytes_slice(&vkeys));
	assert_int_equal(check(place).wrong, 0);
	tc_bytes_free(&vkeys);
}

static void no_tree_at_all_is_none_that_is_wrong(void **state)
{
	struct place *place = *state;

	assert_int_equal(store_remove(place->tree), 0);
	assert_int_equal(check(place).wrong, 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_tree_as_it_was_made_is_right),
		TEST(a_flipped_byte_of_any_tile_is_found),
		TEST(a_flipped_byte_of_a_checkpoints_text_or_signature_is_found),
		TEST(a_tile_too_few_too_many_or_too_short_is_found),
		TEST(a_checkpoint_of_more_records_than_there_are_is_found),
		TEST(a_missing_newest_checkpoint_is_found),
		TEST(a_tree_of_another_log_or_of_more_records_is_found),
		TEST(a_public_key_that_is_none_is_found),
		TEST(no_tree_at_all_is_none_that_is_wrong),
	};

	return cmocka_run_group_tests_name("tree_check", tests, NULL, NULL);
}
