#include <stdlib.h>
#include <string.h>

#include "journal/journal_lmdb_internal.h"
#include "journal/journal_row.h"

int journal_lmdb_reader_snapshot(struct journal_reader *base, struct store_txn **ret)
{
	struct lmdb_reader *reader = (struct lmdb_reader *)base;
	int r = 0;

	if (!reader->txn)
		r = store_read_begin(reader->journal->store, &reader->txn);
	else if (reader->resting)
		r = store_read_renew(reader->txn);
	if (r < 0)
		return r;
	reader->resting = false;
	*ret = reader->txn;
	return 0;
}

int journal_lmdb_read(struct journal_reader *base, uint64_t sequence, struct journal_entry *ret)
{
	struct lmdb_reader *reader = (struct lmdb_reader *)base;
	uint8_t key[JOURNAL_RECORD_KEY_BYTES];
	struct journal_row_record row;
	uint8_t commitment[32];
	struct store_txn *txn;
	struct tc_slice value;
	int r;

	r = journal_lmdb_reader_snapshot(base, &txn);
	if (r < 0)
		return r;
	journal_row_record_key(sequence, key);
	r = store_get(txn, reader->journal->log, tc_slice(key, sizeof(key)), &value);
	if (r == STORE_NOT_FOUND)
		return JOURNAL_END;
	if (r == 0)
		r = journal_row_record_read(sequence, value, &row);
	if (r == 0 && row.forgotten)
		memcpy(commitment, row.commitment, sizeof(commitment));
	else if (r == 0)
		r = journal_row_commit(row.salt, row.body, commitment);
	if (r != 0)
		return r > 0 ? TC_ESTORE : r;
	if (row.forgotten && row.body.len > 0)
		return TC_ECORRUPT;
	if (memcmp(commitment, row.commitment, sizeof(commitment)) != 0)
		return TC_ECORRUPT;
	ret->sequence = sequence;
	ret->time_ms = row.time_ms;
	ret->body = row.body;
	memcpy(ret->salt, row.salt, sizeof(ret->salt));
	memcpy(ret->commitment, commitment, sizeof(commitment));
	return row.forgotten ? JOURNAL_FORGOTTEN : 0;
}

int journal_lmdb_read_parts(struct journal_reader *base, uint64_t sequence,
			    struct record_part *parts, size_t count)
{
	struct lmdb_reader *reader = (struct lmdb_reader *)base;
	uint8_t key[JOURNAL_PART_KEY_BYTES];
	struct store_txn *txn;
	struct tc_slice value;
	int r;

	r = journal_lmdb_reader_snapshot(base, &txn);
	for (size_t i = 0; r == 0 && i < count; i++) {
		journal_row_part_key(sequence, i, key);
		r = store_get(txn, reader->journal->log, tc_slice(key, sizeof(key)), &value);
		if (r == STORE_NOT_FOUND)
			return TC_ECORRUPT;
		if (r == 0)
			r = journal_row_part_read(sequence, i, value, &parts[i]);
	}
	return r;
}

void journal_lmdb_reader_renew(struct journal_reader *base)
{
	struct lmdb_reader *reader = (struct lmdb_reader *)base;

	if (reader->txn && !reader->resting)
		store_read_reset(reader->txn);
	reader->resting = true;
}

void journal_lmdb_reader_close(struct journal_reader *base)
{
	struct lmdb_reader *reader = (struct lmdb_reader *)base;

	store_abort(&reader->txn);
	free(reader);
}

int journal_lmdb_reader_open(struct journal *journal, struct journal_reader **ret)
{
	struct lmdb_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return TC_ENOMEM;
	reader->base.ops = journal->ops;
	reader->journal = (struct lmdb_journal *)journal;
	reader->resting = true;
	*ret = &reader->base;
	return 0;
}
