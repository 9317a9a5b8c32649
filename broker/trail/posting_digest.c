#include "trail/posting_digest.h"

static int row_add(struct tc_sha256_stream *stream, struct tc_slice key, struct tc_slice value,
		   uint64_t before)
{
	struct posting_position positions[POSTING_BLOCK_MAX];
	uint8_t position[POSTING_POSITION_BYTES];
	struct tc_slice term;
	size_t count;
	int r = posting_row_read(key, value, &term, positions, &count);

	while (r == 0 && count > 0) {
		count--;
		if (positions[count].sequence >= before)
			continue;
		posting_position_put(position, positions[count]);
		r = tc_sha256_stream_add(stream, term);
		if (r == 0)
			r = tc_sha256_stream_add(stream, tc_slice(position, sizeof(position)));
	}
	return r;
}

int posting_digest_add(struct tc_sha256_stream *stream, struct store_txn *txn,
		       struct store_table table, uint64_t before)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, txn, table, tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = row_add(stream, key, value, before);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}
