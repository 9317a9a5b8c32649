#include "store/store_cursor.h"

#include <string.h>

#include "base/check.h"
#include "store/store_internal.h"

#define PAGE_BYTES 4096 /* of LMDB, as a rule; a guess too small fetches less */
#define LINE_BYTES 64

int store_cursor_init(struct store_cursor *cursor, struct store_txn *txn, struct store_table table,
		      struct tc_slice prefix, enum store_order order)
{
	cursor->handle = NULL;
	cursor->txn = txn;
	cursor->table = table;
	cursor->order = order;
	cursor->placed = false;
	cursor->page = 0;
	cursor->seek_inclusive = false;
	cursor->ended = false;
	cursor->changes = 0;
	cursor->last_len = 0;
	cursor->prefix_len = 0;
	if (prefix.len > STORE_KEY_BYTES_MAX)
		return TC_EINVAL;
	if (prefix.len > 0)
		memcpy(cursor->prefix, prefix.data, prefix.len);
	cursor->prefix_len = prefix.len;
	return store_translate(mdb_cursor_open(txn->txn, table.number, &cursor->handle)) == 0
		       ? 0
		       : TC_ESTORE;
}

void store_cursor_done(struct store_cursor *cursor)
{
	if (cursor->handle)
		mdb_cursor_close(cursor->handle);
	cursor->handle = NULL;
}

static bool in_prefix(const struct store_cursor *cursor, MDB_val key)
{
	return key.mv_size >= cursor->prefix_len &&
	       memcmp(key.mv_data, cursor->prefix, cursor->prefix_len) == 0;
}

static int compare(MDB_val key, const uint8_t *other, size_t other_len)
{
	size_t shorter = key.mv_size < other_len ? key.mv_size : other_len;
	int order = memcmp(key.mv_data, other, shorter);

	if (order != 0)
		return order;
	return (key.mv_size > other_len) - (key.mv_size < other_len);
}

/* The first row at or after `to` (with to_len 0: of the table). */
static int place_at_or_after(struct store_cursor *cursor, const uint8_t *to, size_t to_len,
			     MDB_val *key, MDB_val *value)
{
	*key = store_val(tc_slice(to, to_len));
	return mdb_cursor_get(cursor->handle, key, value, to_len ? MDB_SET_RANGE : MDB_FIRST);
}

/* The last row before the first one at or after `to`; with to_len 0 the table's last. */
static int place_before(struct store_cursor *cursor, const uint8_t *to, size_t to_len, MDB_val *key,
			MDB_val *value)
{
	int code;

	if (to_len == 0)
		return mdb_cursor_get(cursor->handle, key, value, MDB_LAST);
	code = place_at_or_after(cursor, to, to_len, key, value);
	if (code == MDB_NOTFOUND)
		return mdb_cursor_get(cursor->handle, key, value, MDB_LAST);
	if (code != 0)
		return code;
	return mdb_cursor_get(cursor->handle, key, value, MDB_PREV);
}

/* The smallest key that is after every key with the prefix; 0 when there is none. */
static size_t prefix_end(const struct store_cursor *cursor, uint8_t *to)
{
	size_t len = cursor->prefix_len;

	while (len > 0 && cursor->prefix[len - 1] == 0xff)
		len--;
	if (len == 0)
		return 0;
	memcpy(to, cursor->prefix, len);
	to[len - 1]++;
	return len;
}

static int start(struct store_cursor *cursor, MDB_val *key, MDB_val *value)
{
	uint8_t end[STORE_KEY_BYTES_MAX];
	size_t end_len;

	if (cursor->order == STORE_FORWARD)
		return place_at_or_after(cursor, cursor->prefix, cursor->prefix_len, key, value);
	end_len = prefix_end(cursor, end);
	return place_before(cursor, end, end_len, key, value);
}

/*
 * Finds the place again by the key of the last answer, or of the seek. With a new
 * LMDB cursor: one that stood on a page while rows around it came and went is what most
 * of LMDB's cursor defects were about.
 */
static int replace(struct store_cursor *cursor, MDB_val *key, MDB_val *value)
{
	bool there;
	int code;

	store_cursor_done(cursor);
	code = mdb_cursor_open(cursor->txn->txn, cursor->table.number, &cursor->handle);
	if (code != 0)
		return code;
	code = place_at_or_after(cursor, cursor->last, cursor->last_len, key, value);
	there = code == 0 && compare(*key, cursor->last, cursor->last_len) == 0;
	if (there && cursor->seek_inclusive)
		return 0;
	if (cursor->order == STORE_BACKWARD)
		return place_before(cursor, cursor->last, cursor->last_len, key, value);
	if (there)
		return mdb_cursor_get(cursor->handle, key, value, MDB_NEXT);
	return code;
}

int store_cursor_seek(struct store_cursor *cursor, struct tc_slice key)
{
	if (!store_key_fits(key) || key.len < cursor->prefix_len ||
	    memcmp(key.data, cursor->prefix, cursor->prefix_len) != 0)
		return TC_EINVAL;
	memcpy(cursor->last, key.data, key.len);
	cursor->last_len = key.len;
	cursor->seek_inclusive = true;
	cursor->placed = true;
	cursor->ended = false;
	return 0;
}

/*
 * On a page that was not read lately each row waits for memory. Rows that were put in order lie
 * below one another, so the rest of the page is asked for at once: reading 50 rows of a person
 * takes three quarters of the time then. A prefetch of what is no memory of ours does nothing.
 */
static void fetch_ahead(struct store_cursor *cursor, MDB_val key)
{
	uintptr_t at = (uintptr_t)key.mv_data, page = at & ~(uintptr_t)(PAGE_BYTES - 1);

	if (page == cursor->page)
		return;
	cursor->page = page;
	for (; at >= page + LINE_BYTES; at -= LINE_BYTES)
		__builtin_prefetch((const void *)at);
}

int store_cursor_next(struct store_cursor *cursor, struct tc_slice *ret_key,
		      struct tc_slice *ret_value)
{
	uint64_t changes = cursor->txn->changes;
	MDB_val key, value;
	int code;

	if (cursor->ended)
		return STORE_NOT_FOUND;
	if (!cursor->placed)
		code = start(cursor, &key, &value);
	else if (cursor->seek_inclusive || changes != cursor->changes)
		code = replace(cursor, &key, &value);
	else
		code = mdb_cursor_get(cursor->handle, &key, &value,
				      cursor->order == STORE_FORWARD ? MDB_NEXT : MDB_PREV);
	if (code == MDB_NOTFOUND || (code == 0 && !in_prefix(cursor, key))) {
		cursor->ended = true;
		return STORE_NOT_FOUND;
	}
	if (code != 0)
		return store_translate(code);
	/* Only a write transaction can lose the place. */
	if (cursor->txn->writing) {
		memcpy(cursor->last, key.mv_data, key.mv_size);
		cursor->last_len = key.mv_size;
	}
	if (cursor->order == STORE_FORWARD)
		fetch_ahead(cursor, key);
	cursor->placed = true;
	cursor->seek_inclusive = false;
	cursor->changes = changes;
	if (ret_key)
		*ret_key = store_slice(key);
	if (ret_value)
		*ret_value = store_slice(value);
	return 0;
}

/* With an empty `at`: of all. */
static int row_at(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
		  enum store_order order, struct tc_slice at, struct tc_slice *ret_key,
		  struct tc_slice *ret_value)
{
	struct store_cursor cursor;
	int r = store_cursor_init(&cursor, txn, table, prefix, order);

	if (r == 0 && at.len > 0)
		r = store_cursor_seek(&cursor, at);
	if (r == 0)
		r = store_cursor_next(&cursor, ret_key, ret_value);
	store_cursor_done(&cursor);
	return r;
}

int store_first(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
		struct tc_slice *ret_key, struct tc_slice *ret_value)
{
	return row_at(txn, table, prefix, STORE_FORWARD, tc_slice(NULL, 0), ret_key, ret_value);
}

int store_last(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
	       struct tc_slice *ret_key, struct tc_slice *ret_value)
{
	return row_at(txn, table, prefix, STORE_BACKWARD, tc_slice(NULL, 0), ret_key, ret_value);
}

int store_from(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
	       struct tc_slice from, struct tc_slice *ret_key, struct tc_slice *ret_value)
{
	return row_at(txn, table, prefix, STORE_FORWARD, from, ret_key, ret_value);
}

int store_upto(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
	       struct tc_slice upto, struct tc_slice *ret_key, struct tc_slice *ret_value)
{
	return row_at(txn, table, prefix, STORE_BACKWARD, upto, ret_key, ret_value);
}

int store_after(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
		struct tc_slice after, struct tc_slice *ret_key, struct tc_slice *ret_value)
{
	struct store_cursor cursor;
	struct tc_slice key;
	int r = store_cursor_init(&cursor, txn, table, prefix, STORE_FORWARD);

	if (r == 0 && after.len > 0)
		r = store_cursor_seek(&cursor, after);
	if (r == 0)
		r = store_cursor_next(&cursor, &key, ret_value);
	if (r == 0 && after.len > 0 && tc_slice_equal(key, after))
		r = store_cursor_next(&cursor, &key, ret_value);
	store_cursor_done(&cursor);
	if (r == 0 && ret_key)
		*ret_key = key;
	return r;
}
