/*
 * journal_lmdb_internal - what the writer and the readers of journal_lmdb share.
 *
 * Inside broker/journal only.
 *
 * Owner: the journal thread, but for what readers use: store, log and base.ops, which do
 *        not change while it is open. Blocks: as journal.h.
 */
#ifndef JOURNAL_JOURNAL_LMDB_INTERNAL_H
#define JOURNAL_JOURNAL_LMDB_INTERNAL_H

#include "base/clock.h"
#include "journal/journal_forget.h"
#include "store/store.h"

/* Names of the tables, and of what stands in the second. */
#define JOURNAL_TABLE_LOG   "log"
#define JOURNAL_TABLE_META  "meta"
#define JOURNAL_META_ORIGIN "origin"
#define JOURNAL_TABLES_MAX  4

struct lmdb_journal {
	struct journal base;
	struct store *store;
	struct store_table log;
	struct store_table meta;
	const struct tc_clock *clock;
	uint64_t full_bytes;
	uint64_t disk_reserve_bytes;
	uint64_t tip;
	int64_t last_ms;
	/* Staged: the open transaction, NULL when there is none, and what it makes of the two. */
	struct store_txn *staged;
	uint64_t staged_tip;
	int64_t staged_ms;
	struct tc_id log_id;
	uint32_t origin;
	/* As last measured, and what was staged since. */
	bool full;
	uint64_t room_bytes;
	uint64_t measure_bytes;
	uint64_t bytes_since;
	unsigned batches_since;
};

struct lmdb_reader {
	struct journal_reader base;
	struct lmdb_journal *journal;
	struct store_txn *txn;
	bool resting; /* the snapshot was let go of; the next read takes a new one */
};

/* The transaction to read in, of the snapshot or of a new one. */
int journal_lmdb_reader_snapshot(struct journal_reader *base, struct store_txn **ret) TC_MUST_CHECK;
int journal_lmdb_reader_open(struct journal *journal, struct journal_reader **ret) TC_MUST_CHECK;
int journal_lmdb_read(struct journal_reader *base, uint64_t sequence,
		      struct journal_entry *ret) TC_MUST_CHECK;
int journal_lmdb_read_parts(struct journal_reader *base, uint64_t sequence,
			    struct record_part *parts, size_t count) TC_MUST_CHECK;
int journal_lmdb_read_leaves(struct journal_reader *base, uint64_t first, size_t max,
			     struct journal_leaf *ret, size_t *ret_count) TC_MUST_CHECK;
int journal_lmdb_read_raw(struct journal_reader *base, uint64_t first, journal_raw_taker take,
			  void *context) TC_MUST_CHECK;
int journal_lmdb_read_meta(struct journal_reader *base, journal_raw_taker take,
			   void *context) TC_MUST_CHECK;
int journal_lmdb_forget_parts(struct journal *journal, uint64_t sequence,
			      size_t count) TC_MUST_CHECK;
int journal_lmdb_forget_records(struct journal *journal, const struct journal_range *ranges,
				size_t count) TC_MUST_CHECK;
int journal_lmdb_wipe(struct journal *journal) TC_MUST_CHECK;
int journal_lmdb_note_set(struct journal *journal, const char *name,
			  struct tc_slice note) TC_MUST_CHECK;
int journal_lmdb_note_get(struct journal *journal, const char *name,
			  uint8_t ret[JOURNAL_NOTE_BYTES_MAX], size_t *ret_len) TC_MUST_CHECK;
void journal_lmdb_reader_renew(struct journal_reader *base);
void journal_lmdb_reader_close(struct journal_reader *base);

#endif
