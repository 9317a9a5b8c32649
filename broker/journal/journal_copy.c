#include "journal/journal_copy.h"

#include <stdlib.h>
#include <string.h>

#include "journal/journal_lmdb_internal.h"
#include "journal/journal_row.h"
#include "store/store_cursor.h"

struct journal_copy {
	struct store *store;
	struct store_table log, meta;
	struct store_txn *txn; /* NULL: nothing was put since the last commit */
	uint64_t next;         /* the next record */
	uint32_t parts;        /* of the record before it, so far */
};

/* ---- out ---- */

static int walk(struct store_txn *txn, struct store_table table, struct tc_slice from,
		journal_raw_taker take, void *context)
{
	struct store_cursor cursor = {0};
	struct journal_raw row;
	bool is_record;
	int r = store_cursor_init(&cursor, txn, table, tc_slice(NULL, 0), STORE_FORWARD);

	if (r == 0 && from.len > 0)
		r = store_cursor_seek(&cursor, from);
	while (r == 0) {
		row.sequence = 0;
		r = store_cursor_next(&cursor, &row.key, &row.value);
		if (r == STORE_NOT_FOUND) {
			r = 0;
			break;
		}
		if (r == 0 && from.len > 0 &&
		    !journal_row_key_sequence(row.key, &row.sequence, &is_record))
			r = TC_ECORRUPT;
		if (r == 0)
			r = take(context, &row);
	}
	store_cursor_done(&cursor);
	return r;
}

int journal_lmdb_read_raw(struct journal_reader *base, uint64_t first, journal_raw_taker take,
			  void *context)
{
	uint8_t from[JOURNAL_RECORD_KEY_BYTES];
	struct store_txn *txn;
	int r = journal_lmdb_reader_snapshot(base, &txn);

	journal_row_record_key(first, from);
	return r ? r
		 : walk(txn, ((struct lmdb_reader *)base)->journal->log,
			tc_slice(from, sizeof(from)), take, context);
}

int journal_lmdb_read_meta(struct journal_reader *base, journal_raw_taker take, void *context)
{
	struct store_txn *txn;
	int r = journal_lmdb_reader_snapshot(base, &txn);

	return r ? r
		 : walk(txn, ((struct lmdb_reader *)base)->journal->meta, tc_slice(NULL, 0), take,
			context);
}

/* ---- what a row is ---- */

static int record_check(struct tc_slice value, struct journal_copy_row *ret)
{
	struct journal_row_record row;
	uint8_t commitment[32];
	int r = journal_row_record_read(ret->sequence, value, &row);

	if (r == 0 && !row.forgotten)
		r = journal_row_commit(row.salt, row.body, commitment);
	if (r != 0)
		return r;
	if (row.forgotten ? row.body.len > 0
			  : memcmp(commitment, row.commitment, sizeof(commitment)) != 0)
		return TC_ECORRUPT;
	ret->body = row.body;
	ret->leaf.time_ms = row.time_ms;
	memcpy(ret->leaf.commitment, row.commitment, sizeof(row.commitment));
	return 0;
}

int journal_copy_check(struct tc_slice key, struct tc_slice value, struct journal_copy_row *ret)
{
	struct record_part part;
	int r;

	*ret = (struct journal_copy_row){.part = 0};
	if (!journal_row_key_sequence(key, &ret->sequence, &ret->is_record))
		return TC_ECORRUPT;
	if (ret->is_record)
		return record_check(value, ret);
	ret->part = tc_get_be16(key.data + JOURNAL_RECORD_KEY_BYTES);
	r = journal_row_part_read(ret->sequence, ret->part, value, &part);
	return r == JOURNAL_FORGOTTEN ? 0 : r;
}

/* ---- in ---- */

static int open_store(const char *path, uint64_t map_bytes, struct journal_copy **ret)
{
	struct store_options options = {.path = path,
					.map_bytes = map_bytes,
					.sync = STORE_SYNC_DURABLE,
					.tables_max = JOURNAL_TABLES_MAX};
	struct journal_copy *copy = calloc(1, sizeof(*copy));
	int r;

	if (!copy)
		return TC_ENOMEM;
	r = store_open(&options, &copy->store);
	if (r == 0)
		r = store_table_open(copy->store, JOURNAL_TABLE_LOG, &copy->log);
	if (r == 0)
		r = store_table_open(copy->store, JOURNAL_TABLE_META, &copy->meta);
	if (r != 0)
		journal_copy_close(&copy);
	*ret = copy;
	return r > 0 ? TC_ECONFIG : r;
}

int journal_copy_open(const char *path, uint64_t map_bytes, struct journal_copy **ret)
{
	struct journal_copy *copy = NULL;
	struct store_txn *txn = NULL;
	uint64_t rows = 0;
	int r = open_store(path, map_bytes, &copy);

	if (r == 0)
		r = store_read_begin(copy->store, &txn);
	if (r == 0)
		r = store_count(txn, copy->log, &rows);
	store_abort(&txn);
	if (r == 0 && rows > 0)
		r = TC_ECONFIG;
	if (r != 0)
		journal_copy_close(&copy);
	*ret = copy;
	return r;
}

static int begin(struct journal_copy *copy)
{
	return copy->txn ? 0 : store_begin(copy->store, &copy->txn);
}

static int outcome(int r)
{
	if (r == STORE_FULL)
		return TC_EFULL;
	return r > 0 ? TC_ECORRUPT : r;
}

int journal_copy_put(struct journal_copy *copy, struct tc_slice key, struct tc_slice value)
{
	struct journal_copy_row row;
	int r = journal_copy_check(key, value, &row);

	if (r != 0)
		return r;
	if (row.is_record ? row.sequence != copy->next
			  : row.sequence + 1 != copy->next || row.part != copy->parts)
		return TC_ECORRUPT;
	r = begin(copy);
	if (r == 0)
		r = store_append(copy->txn, copy->log, key, value);
	if (r != 0)
		return outcome(r);
	copy->parts = row.is_record ? 0 : copy->parts + 1;
	copy->next += row.is_record ? 1 : 0;
	return 0;
}

int journal_copy_put_meta(struct journal_copy *copy, struct tc_slice key, struct tc_slice value)
{
	int r = begin(copy);

	return r ? r : outcome(store_put(copy->txn, copy->meta, key, value));
}

int journal_copy_commit(struct journal_copy *copy)
{
	return copy->txn ? outcome(store_commit(&copy->txn)) : 0;
}

void journal_copy_close(struct journal_copy **copy)
{
	if (!*copy)
		return;
	store_abort(&(*copy)->txn);
	store_close(&(*copy)->store);
	free(*copy);
	*copy = NULL;
}

int journal_copy_set_origin(const char *path, uint64_t map_bytes, uint32_t origin)
{
	struct journal_copy *copy = NULL;
	uint8_t value[4];
	int r = open_store(path, map_bytes, &copy);

	tc_put_be32(value, origin);
	if (r == 0)
		r = journal_copy_put_meta(copy, tc_slice_text(JOURNAL_META_ORIGIN),
					  tc_slice(value, sizeof(value)));
	if (r == 0)
		r = journal_copy_commit(copy);
	journal_copy_close(&copy);
	return r;
}
