#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "journal/journal_lmdb_internal.h"
#include "journal/journal_row.h"
#include "store/store_cursor.h"

#define AHEAD_BYTES (2 * 1024 * 1024) /* some hundreds of records */

/* Rows were written in their order, so those that follow lie behind this one as a rule: read
 * together, not by a fault for each page. Advice only; where it is wrong nothing is lost. */
static void read_ahead(const uint8_t *row)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)madvise((void *)((uintptr_t)row & ~(page - 1)), AHEAD_BYTES, MADV_WILLNEED);
}

/* One walk along the log: a row costs a step and the checksum of its head, whatever its body
 * weighs, and the rows of parts are passed over by the length of their keys. */
int journal_lmdb_read_leaves(struct journal_reader *base, uint64_t first, size_t max,
			     struct journal_leaf *ret, size_t *ret_count)
{
	uint8_t from[JOURNAL_RECORD_KEY_BYTES];
	struct journal_row_record row;
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct store_txn *txn;
	uint64_t sequence;
	size_t count = 0;
	bool is_record;
	int r;

	r = journal_lmdb_reader_snapshot(base, &txn);
	if (r < 0)
		return r;
	journal_row_record_key(first, from);
	r = store_cursor_init(&cursor, txn, ((struct lmdb_reader *)base)->journal->log,
			      tc_slice(NULL, 0), STORE_FORWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, tc_slice(from, sizeof(from)));
	while (r == 0 && count < max) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0 && !journal_row_key_sequence(key, &sequence, &is_record))
			r = TC_ECORRUPT;
		if (r != 0 || !is_record)
			continue;
		if (count == 0 && max > 1)
			read_ahead(value.data);
		if (sequence != first + count)
			r = TC_ECORRUPT;
		if (r == 0)
			r = journal_row_record_read(sequence, value, &row);
		if (r != 0)
			continue;
		ret[count].time_ms = row.time_ms;
		memcpy(ret[count].commitment, row.commitment, sizeof(row.commitment));
		count++;
	}
	store_cursor_done(&cursor);
	if (r < 0)
		return r;
	*ret_count = count;
	return 0;
}
