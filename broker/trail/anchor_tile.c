#include "trail/anchor_tile.h"

#include <string.h>

#include "store/store_cursor.h"
#include "store/store_key.h"

#define NUMBER_BYTES 2
#define KEY_BYTES    (NUMBER_BYTES + 8)

static void tile_key(struct store_key *key, size_t number, uint64_t at)
{
	store_key_init(key);
	store_key_u16(key, (uint16_t)number);
	store_key_u64(key, at);
}

/* Those written at or before `at`, the newest first. */
static int walk_back(struct store_cursor *cursor, struct store_txn *txn, struct store_table tiles,
		     size_t number, uint64_t at)
{
	struct store_key key;
	int r;

	tile_key(&key, number, at);
	r = store_cursor_init(cursor, txn, tiles, tc_slice(key.data, NUMBER_BYTES), STORE_BACKWARD);
	return r == 0 ? store_cursor_seek(cursor, store_key_slice(&key)) : r;
}

int anchor_tile_read(struct store_txn *txn, struct store_table tiles, size_t number, uint64_t at,
		     struct person_tile *ret)
{
	struct store_cursor cursor = {0};
	struct tc_slice value;
	int r = walk_back(&cursor, txn, tiles, number, at);

	memset(ret, 0, sizeof(*ret));
	if (r == 0)
		r = store_cursor_next(&cursor, NULL, &value);
	if (r == 0 && value.len != sizeof(ret->nodes))
		r = TC_ECORRUPT;
	if (r == 0)
		memcpy(ret->nodes, value.data, sizeof(ret->nodes));
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int anchor_tile_write(struct store_txn *txn, struct store_table tiles, size_t number, uint64_t at,
		      uint64_t keep_from, const struct person_tile *tile)
{
	struct store_cursor cursor = {0};
	struct store_key key;
	struct tc_slice old;
	int r = walk_back(&cursor, txn, tiles, number, keep_from);

	/* The newest of these is what it still was at `keep_from`. */
	if (r == 0)
		r = store_cursor_next(&cursor, NULL, NULL);
	while (r == 0 && (r = store_cursor_next(&cursor, &old, NULL)) == 0) {
		if (old.len != KEY_BYTES) {
			r = TC_ECORRUPT;
			break;
		}
		store_key_init(&key);
		store_key_bytes(&key, old);
		r = store_del(txn, tiles, store_key_slice(&key));
	}
	store_cursor_done(&cursor);
	if (r != 0 && r != STORE_NOT_FOUND)
		return r;
	tile_key(&key, number, at);
	return store_put(txn, tiles, store_key_slice(&key),
			 tc_slice(tile->nodes, sizeof(tile->nodes)));
}
