/* What is taken out of the log again: bodies, salts and parts, and their last traces in the file.
 */
#include <string.h>

#include "base/check.h"
#include "journal/journal_lmdb_internal.h"
#include "journal/journal_row.h"
#include "store/store_cursor.h"
#include "store/store_wipe.h"

#define COMMIT_ROWS 1024 /* of one transaction */

int journal_lmdb_forget_parts(struct journal *journal, uint64_t sequence, size_t count)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	uint8_t key[JOURNAL_PART_KEY_BYTES];
	struct store_txn *txn = NULL;
	struct tc_slice old;
	int r;

	if (sequence >= j->tip)
		return JOURNAL_END;
	r = store_begin(j->store, &txn);
	for (size_t i = 0; r == 0 && i < count; i++) {
		journal_row_part_key(sequence, i, key);
		r = store_get(txn, j->log, tc_slice(key, sizeof(key)), &old);
		if (r == STORE_NOT_FOUND)
			r = TC_ECORRUPT;
		if (r == 0)
			r = store_put(txn, j->log, tc_slice(key, sizeof(key)), tc_slice(NULL, 0));
	}
	if (r == 0)
		r = store_commit(&txn);
	store_abort(&txn);
	return r == STORE_FULL ? JOURNAL_FULL : r;
}

/* Makes of one row what is left of it. 0, STORE_FULL or a fault. */
static int forget_row(struct lmdb_journal *j, struct store_txn *txn, struct tc_slice key,
		      struct tc_slice value)
{
	uint8_t kept[256], key_kept[JOURNAL_PART_KEY_BYTES];
	struct journal_row_record row;
	uint64_t sequence;
	bool is_record;
	int r;

	if (!journal_row_key_sequence(key, &sequence, &is_record))
		return TC_ECORRUPT;
	/* Both are borrowed from the page that changes now. */
	memcpy(key_kept, key.data, key.len);
	if (!is_record)
		return store_put(txn, j->log, tc_slice(key_kept, key.len), tc_slice(NULL, 0));
	r = journal_row_record_read(sequence, value, &row);
	if (r < 0 || row.forgotten)
		return r;
	row.forgotten = true;
	memset(row.salt, 0, sizeof(row.salt));
	row.body = tc_slice(NULL, 0);
	TC_CHECK(journal_row_record_bytes(&row) <= sizeof(kept));
	journal_row_record_write(sequence, &row, kept);
	return store_put(txn, j->log, tc_slice(key_kept, key.len),
			 tc_slice(kept, journal_row_record_bytes(&row)));
}

/* Up to COMMIT_ROWS rows from *first on, in one commit; *first moves on. */
static int forget_some(struct lmdb_journal *j, uint64_t *first, uint64_t end)
{
	uint8_t from[JOURNAL_RECORD_KEY_BYTES];
	struct store_cursor cursor = {0};
	struct store_txn *txn = NULL;
	struct tc_slice key, value;
	uint64_t sequence = *first;
	unsigned rows = 0;
	bool is_record;
	int r = store_begin(j->store, &txn);

	if (r < 0)
		return r;
	journal_row_record_key(*first, from);
	r = store_cursor_init(&cursor, txn, j->log, tc_slice(NULL, 0), STORE_FORWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, tc_slice(from, sizeof(from)));
	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0 && !journal_row_key_sequence(key, &sequence, &is_record))
			r = TC_ECORRUPT;
		/* A record and its parts are not torn apart. */
		if (r != 0 || sequence >= end || (is_record && rows >= COMMIT_ROWS))
			break;
		r = forget_row(j, txn, key, value);
		rows++;
	}
	store_cursor_done(&cursor);
	*first = r == STORE_NOT_FOUND ? end : sequence;
	if (r == 0 || r == STORE_NOT_FOUND)
		r = store_commit(&txn);
	store_abort(&txn);
	return r;
}

int journal_lmdb_forget_records(struct journal *journal, const struct journal_range *ranges,
				size_t count)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	int r = 0;

	TC_CHECK(j->staged == NULL);
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].first > j->tip || ranges[i].count > j->tip - ranges[i].first)
			return JOURNAL_END;
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		uint64_t first = ranges[i].first, end = first + ranges[i].count;

		while (r == 0 && first < end)
			r = forget_some(j, &first, end);
	}
	return r == STORE_FULL ? JOURNAL_FULL : r;
}

int journal_lmdb_wipe(struct journal *journal)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	struct store_wiped wiped;
	int r = store_wipe(j->store, j->meta, &wiped);

	return r == STORE_FULL ? JOURNAL_FULL : r;
}

/* ---- notes ---- */

int journal_lmdb_note_set(struct journal *journal, const char *name, struct tc_slice note)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	struct store_txn *txn = NULL;
	int r;

	if (note.len > JOURNAL_NOTE_BYTES_MAX)
		return TC_EINVAL;
	r = store_begin(j->store, &txn);
	if (r == 0)
		r = store_put(txn, j->meta, tc_slice_text(name), note);
	if (r == 0)
		r = store_commit(&txn);
	store_abort(&txn);
	return r == STORE_FULL ? JOURNAL_FULL : r;
}

int journal_lmdb_note_get(struct journal *journal, const char *name,
			  uint8_t ret[JOURNAL_NOTE_BYTES_MAX], size_t *ret_len)
{
	struct lmdb_journal *j = (struct lmdb_journal *)journal;
	struct store_txn *txn = NULL;
	struct tc_slice note;
	int r = store_read_begin(j->store, &txn);

	*ret_len = 0;
	if (r == 0)
		r = store_get(txn, j->meta, tc_slice_text(name), &note);
	if (r == 0 && note.len > JOURNAL_NOTE_BYTES_MAX)
		r = TC_ECORRUPT;
	if (r == 0 && note.len > 0)
		memcpy(ret, note.data, note.len);
	if (r == 0)
		*ret_len = note.len;
	store_abort(&txn);
	return r == STORE_NOT_FOUND ? 0 : r;
}
