#include "journal/journal_lmdb.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/random.h"
#include "journal/journal_lmdb_internal.h"
#include "journal/journal_row.h"
#include "store/store_cursor.h"
#include "wire/limits.h"

#define FORMAT_VERSION    1
#define READERS_MAX       512
#define BATCHES_KEPT      1024          /* find_batch looks back this many */
#define MEASURE_BATCHES   64            /* at most this many appends... */
#define MEASURE_BYTES     (1024 * 1024) /* ...or bytes between two looks at the room left */
#define MEASURE_MAP_PARTS 64            /* and never more than this part of the map */
#define COMMIT_BYTES      (64 * 1024)   /* what a commit itself takes, and more */
#define ROW_BYTES_MORE    256           /* what a row has beside its record, twice */

/* Store outcomes that cannot be here, made a fault. */
static int fault(int r)
{
	return r > 0 ? TC_ESTORE : r;
}

static int measure(struct lmdb_journal *j, struct store_usage *ret)
{
	int r = store_usage(j->store, ret);

	if (r < 0)
		return r;
	j->full = ret->bytes_used >= j->full_bytes || ret->disk_free_bytes < j->disk_reserve_bytes;
	j->room_bytes = ret->bytes_limit > ret->bytes_used ? ret->bytes_limit - ret->bytes_used : 0;
	j->bytes_since = 0;
	j->batches_since = 0;
	return 0;
}

static bool only_riders(const struct record_batch *batch)
{
	for (const struct record *record = batch->first; record; record = record->next) {
		if (!record->rider)
			return false;
	}
	return true;
}

/* Whether riders fit the rest of the map, and their commit with them: that a commit finds no room
 * would be found too late, the batch has been handed on by then. Small rows fill pages by half at
 * least. */
static bool riders_fit(const struct lmdb_journal *j, const struct record_batch *batch)
{
	return j->room_bytes >= 2 * batch->bytes + ROW_BYTES_MORE * batch->count + COMMIT_BYTES;
}

/* 0 when the batch may use what room is left, or JOURNAL_FULL. */
static int admit(struct lmdb_journal *j, const struct record_batch *batch)
{
	struct store_usage usage;
	int r;

	j->bytes_since += batch->bytes;
	j->batches_since++;
	if (j->full || j->bytes_since >= j->measure_bytes || j->batches_since >= MEASURE_BATCHES) {
		r = measure(j, &usage);
		if (r < 0)
			return r;
	}
	if (!j->full)
		return 0;
	return only_riders(batch) && riders_fit(j, batch) ? 0 : JOURNAL_FULL;
}

static int put_record(struct lmdb_journal *j, struct store_txn *txn, uint64_t sequence,
		      struct journal_row_record *row)
{
	uint8_t key[JOURNAL_RECORD_KEY_BYTES];
	uint8_t *space;
	int r;

	tc_random_fill(row->salt, sizeof(row->salt));
	r = journal_row_commit(row->salt, row->body, row->commitment);
	if (r < 0)
		return r;
	journal_row_record_key(sequence, key);
	r = store_append_space(txn, j->log, tc_slice(key, sizeof(key)),
			       journal_row_record_bytes(row), &space);
	if (r == 0)
		journal_row_record_write(sequence, row, space);
	return r;
}

static int put_part(struct lmdb_journal *j, struct store_txn *txn, uint64_t sequence, size_t index,
		    const struct record_part *part)
{
	uint8_t key[JOURNAL_PART_KEY_BYTES];
	uint8_t *space;
	int r;

	journal_row_part_key(sequence, index, key);
	r = store_append_space(txn, j->log, tc_slice(key, sizeof(key)),
			       journal_row_part_bytes(part), &space);
	if (r == 0)
		journal_row_part_write(sequence, index, part, space);
	return r;
}

static int put_batch(struct lmdb_journal *j, struct store_txn *txn,
		     const struct record_batch *batch, struct tc_id batch_id, int64_t now_ms)
{
	struct journal_row_record row = {
		.time_ms = now_ms, .first_of_batch = true, .batch_id = batch_id};
	uint64_t sequence = j->tip;
	int r;

	for (const struct record *record = batch->first; record; record = record->next) {
		if (record->part_count > TC_PARTS_MAX)
			return TC_EINVAL;
		row.body = record->body;
		r = put_record(j, txn, sequence, &row);
		for (size_t i = 0; r == 0 && i < record->part_count; i++)
			r = put_part(j, txn, sequence, i, &record->parts[i]);
		if (r != 0)
			return r;
		row.first_of_batch = false;
		sequence++;
	}
	return 0;
}

static int lmdb_stage(struct journal *journal, struct record_batch *batch, struct tc_id batch_id)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	struct store_txn *txn = NULL;
	int64_t now_ms;
	int r;

	TC_CHECK(j->staged == NULL);
	if (batch->count == 0)
		return 0;
	r = admit(j, batch);
	if (r != 0)
		return r;
	now_ms = tc_clock_now_ms(j->clock);
	if (now_ms < j->last_ms)
		now_ms = j->last_ms;
	r = store_begin(j->store, &txn);
	if (r < 0)
		return r;
	r = put_batch(j, txn, batch, batch_id, now_ms);
	if (r == STORE_FULL) {
		j->full = true;
		r = JOURNAL_FULL;
	} else if (r > 0) {
		r = TC_ECORRUPT; /* there is something after the tip */
	}
	if (r != 0) {
		store_abort(&txn);
		return r;
	}
	j->staged_tip = j->tip;
	for (struct record *record = batch->first; record; record = record->next) {
		record->sequence = j->staged_tip++;
		record->time_ms = now_ms;
	}
	j->staged_ms = now_ms;
	j->staged = txn;
	return 0;
}

static int lmdb_sync(struct journal *journal)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	int r;

	if (!j->staged)
		return 0;
	r = store_commit(&j->staged);
	if (r != 0)
		return r > 0 ? TC_EFULL : r;
	j->tip = j->staged_tip;
	j->last_ms = j->staged_ms;
	return 0;
}

static int lmdb_find_batch(struct journal *journal, struct tc_id batch_id, uint64_t *ret_first)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	struct journal_row_record row;
	struct tc_slice key, value;
	struct store_txn *txn = NULL;
	struct store_cursor cursor = {0};
	unsigned batches = 0;
	uint64_t sequence;
	bool is_record;
	int r;

	r = store_read_begin(j->store, &txn);
	if (r == 0)
		r = store_cursor_init(&cursor, txn, j->log, tc_slice(NULL, 0), STORE_BACKWARD);
	while (r == 0 && batches < BATCHES_KEPT) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0 && !journal_row_key_sequence(key, &sequence, &is_record))
			r = TC_ECORRUPT;
		if (r != 0 || !is_record)
			continue;
		r = journal_row_record_read(sequence, value, &row);
		if (r < 0 || !row.first_of_batch)
			continue;
		batches++;
		if (tc_id_equal(row.batch_id, batch_id)) {
			*ret_first = sequence;
			goto out;
		}
	}
	if (r >= 0)
		r = JOURNAL_END;
out:
	store_cursor_done(&cursor);
	store_abort(&txn);
	return r;
}

static int lmdb_usage(struct journal *journal, struct journal_usage *ret)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	struct store_usage usage;
	int r;

	r = measure(j, &usage);
	if (r < 0)
		return r;
	*ret = (struct journal_usage){.tip = j->tip,
				      .bytes_used = usage.bytes_used,
				      .bytes_limit = usage.bytes_limit,
				      .disk_free_bytes = usage.disk_free_bytes,
				      .syncs = usage.commits,
				      .full = j->full,
				      .log_id = j->log_id,
				      .origin = j->origin};
	return 0;
}

static void lmdb_close(struct journal *journal)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;

	store_abort(&j->staged);
	store_close(&j->store);
	free(j);
}

static const struct journal_ops lmdb_ops = {
	.stage = lmdb_stage,
	.sync = lmdb_sync,
	.find_batch = lmdb_find_batch,
	.usage = lmdb_usage,
	.reader_open = journal_lmdb_reader_open,
	.read = journal_lmdb_read,
	.read_parts = journal_lmdb_read_parts,
	.read_leaves = journal_lmdb_read_leaves,
	.read_raw = journal_lmdb_read_raw,
	.read_meta = journal_lmdb_read_meta,
	.forget_parts = journal_lmdb_forget_parts,
	.forget_records = journal_lmdb_forget_records,
	.wipe = journal_lmdb_wipe,
	.note_set = journal_lmdb_note_set,
	.note_get = journal_lmdb_note_get,
	.reader_renew = journal_lmdb_reader_renew,
	.reader_close = journal_lmdb_reader_close,
	.close = lmdb_close,
};

/* ---- opening ---- */

/* A log without this row has had no gap. */
static int origin_read(struct lmdb_journal *j, struct store_txn *txn)
{
	struct tc_slice found;
	int r = store_get(txn, j->meta, tc_slice_text(JOURNAL_META_ORIGIN), &found);

	if (r == STORE_NOT_FOUND)
		return 0;
	if (r == 0 && found.len != 4)
		r = TC_ECORRUPT;
	if (r == 0)
		j->origin = tc_get_be32(found.data);
	return r;
}

/* Checks the version and learns the log's id, or makes both. */
static int identify(struct lmdb_journal *j)
{
	struct tc_slice version_key = tc_slice_text("version");
	struct tc_slice log_id_key = tc_slice_text("log_id");
	struct store_txn *txn = NULL;
	uint8_t version[4];
	struct tc_slice found;
	int r;

	r = store_begin(j->store, &txn);
	if (r < 0)
		return r;
	r = store_get(txn, j->meta, version_key, &found);
	if (r == STORE_NOT_FOUND) {
		tc_put_be32(version, FORMAT_VERSION);
		tc_random_fill(j->log_id.bytes, sizeof(j->log_id));
		r = store_put(txn, j->meta, version_key, tc_slice(version, sizeof(version)));
		if (r == 0)
			r = store_put(txn, j->meta, log_id_key,
				      tc_slice(j->log_id.bytes, sizeof(j->log_id)));
		if (r == 0)
			r = store_commit(&txn);
	} else if (r == 0) {
		if (found.len != 4 || tc_get_be32(found.data) != FORMAT_VERSION)
			r = TC_ECORRUPT;
		if (r == 0)
			r = store_get(txn, j->meta, log_id_key, &found);
		if (r == STORE_NOT_FOUND || (r == 0 && found.len != sizeof(j->log_id)))
			r = TC_ECORRUPT;
		if (r == 0)
			memcpy(j->log_id.bytes, found.data, sizeof(j->log_id));
		if (r == 0)
			r = origin_read(j, txn);
	}
	store_abort(&txn);
	return r == STORE_FULL ? TC_EFULL : r;
}

/* The tip and the last time stand in the last row. */
static int find_tip(struct lmdb_journal *j)
{
	uint8_t record_key[JOURNAL_RECORD_KEY_BYTES];
	struct journal_row_record row;
	struct tc_slice key, value;
	struct store_txn *txn = NULL;
	uint64_t sequence;
	bool is_record;
	int r;

	r = store_read_begin(j->store, &txn);
	if (r < 0)
		return r;
	r = store_last(txn, j->log, tc_slice(NULL, 0), &key, &value);
	if (r == STORE_NOT_FOUND) {
		r = 0;
		goto out;
	}
	if (r == 0 && !journal_row_key_sequence(key, &sequence, &is_record))
		r = TC_ECORRUPT;
	if (r != 0)
		goto out;
	journal_row_record_key(sequence, record_key);
	r = store_get(txn, j->log, tc_slice(record_key, sizeof(record_key)), &value);
	if (r == 0)
		r = journal_row_record_read(sequence, value, &row);
	if (r == STORE_NOT_FOUND)
		r = TC_ECORRUPT;
	if (r == 0) {
		j->tip = sequence + 1;
		j->last_ms = row.time_ms;
	}
out:
	store_abort(&txn);
	return r;
}

int journal_lmdb_open(const struct journal_lmdb_options *options, struct journal **ret)
{
	struct store_options store_options = {.path = options->path,
					      .map_bytes = options->map_bytes,
					      .sync = STORE_SYNC_DURABLE,
					      .tables_max = JOURNAL_TABLES_MAX,
					      .readers_max = READERS_MAX};
	unsigned percent =
		options->full_percent ? options->full_percent : JOURNAL_FULL_PERCENT_DEFAULT;
	struct lmdb_journal *j = calloc(1, sizeof(*j));
	struct store_usage usage;
	int r;

	if (!j)
		return TC_ENOMEM;
	j->base.ops = &lmdb_ops;
	j->clock = options->clock;
	j->full_bytes = options->map_bytes / 100 * percent;
	j->disk_reserve_bytes = options->disk_reserve_bytes;
	j->measure_bytes = options->map_bytes / MEASURE_MAP_PARTS;
	if (j->measure_bytes > MEASURE_BYTES)
		j->measure_bytes = MEASURE_BYTES;
	r = store_open(&store_options, &j->store);
	if (r == STORE_LOCKED || r == STORE_REFUSED) {
		r = r == STORE_LOCKED ? JOURNAL_FENCED : TC_ECONFIG;
		goto out;
	}
	if (r == 0)
		r = store_table_open(j->store, JOURNAL_TABLE_LOG, &j->log);
	if (r == 0)
		r = store_table_open(j->store, JOURNAL_TABLE_META, &j->meta);
	if (r == 0)
		r = identify(j);
	if (r == 0)
		r = find_tip(j);
	if (r == 0)
		r = measure(j, &usage);
	if (r != 0) {
		r = fault(r);
		goto out;
	}
	*ret = &j->base;
	j = NULL;
out:
	if (j)
		lmdb_close(&j->base);
	return r;
}
