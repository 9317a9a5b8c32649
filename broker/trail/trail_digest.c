/* The trail as one digest, and whether it agrees with itself. */
#include "store/store_cursor.h"
#include "trail/anchor.h"
#include "trail/posting_digest.h"
#include "wire/digest.h"

/* Those rows of one table that are of records before, each with its length. */
static int digest_table(struct tc_sha256_stream *stream, struct store_txn *txn,
			struct store_table table, uint64_t before,
			int (*sequence_of)(struct tc_slice key, struct tc_slice value,
					   uint64_t *ret))
{
	struct store_cursor cursor = {0};
	int r = store_cursor_init(&cursor, txn, table, tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0) {
		uint8_t length[8];
		struct tc_slice key;
		struct tc_slice value;
		uint64_t sequence = 0;

		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = sequence_of(key, value, &sequence);
		if (r != 0 || sequence >= before)
			continue;
		tc_put_be64(length, value.len);
		r = tc_sha256_stream_add(stream, key);
		if (r == 0)
			r = tc_sha256_stream_add(stream, tc_slice(length, sizeof(length)));
		if (r == 0)
			r = tc_sha256_stream_add(stream, value);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int row_sequence(struct tc_slice key, struct tc_slice value, uint64_t *ret)
{
	(void)value;
	if (key.len != POSTING_POSITION_BYTES)
		return TC_ECORRUPT;
	*ret = posting_position_get(key.data).sequence;
	return 0;
}

static int link_sequence(struct tc_slice key, struct tc_slice value, uint64_t *ret)
{
	(void)key;
	if (value.len < POSTING_POSITION_BYTES)
		return TC_ECORRUPT;
	*ret = posting_position_get(value.data).sequence;
	return 0;
}

static int anchor_sequence(struct tc_slice key, struct tc_slice value, uint64_t *ret)
{
	(void)value;
	if (key.len != 8)
		return TC_ECORRUPT;
	*ret = tc_get_be64(key.data);
	return 0;
}

int trail_index_digest(struct trail_index *index, uint64_t before, uint8_t ret[32])
{
	const struct trail_index_tables *tables = trail_index_tables(index);
	struct tc_sha256_stream *stream = NULL;
	struct store_txn *txn = NULL;
	uint8_t number[8];
	uint64_t next = 0;
	int r;

	r = tc_sha256_stream_new(&stream);
	if (r == 0)
		r = store_read_begin(trail_index_store(index), &txn);
	if (r == 0)
		r = trail_index_read_next(txn, tables, &next);
	if (r == 0 && next < before)
		r = TC_EINVAL;
	if (r < 0)
		goto out;
	tc_put_be64(number, before);
	r = tc_sha256_stream_add(stream, tc_slice(number, sizeof(number)));
	if (r == 0)
		r = digest_table(stream, txn, tables->rows, before, row_sequence);
	if (r == 0)
		r = posting_digest_add(stream, txn, tables->postings, before);
	if (r == 0)
		r = digest_table(stream, txn, tables->disclosures.links, before, link_sequence);
	if (r == 0)
		r = digest_table(stream, txn, tables->anchors, before, anchor_sequence);
	if (r == 0)
		r = anchor_check(txn, tables);
	if (r == 0)
		r = disclosure_check(txn, &tables->disclosures);
	if (r == 0)
		r = tc_sha256_stream_end(stream, ret);
out:
	store_abort(&txn);
	tc_sha256_stream_free(&stream);
	return r > 0 ? TC_ESTORE : r;
}
