/*
 * store_cursor - the rows of one table whose keys begin with a prefix, in either order.
 *
 * The table may be changed while a cursor of the same write transaction is open, also
 * the row it stands on: the cursor finds its place again by its last key. It then goes
 * on with the next key after (before) that one, as the table is now.
 *
 * Owner:  the caller of init, embedded; end it before its transaction.
 * Blocks: on page faults only.
 */
#ifndef STORE_STORE_CURSOR_H
#define STORE_STORE_CURSOR_H

#include "store/store.h"
#include "store/store_key.h"

struct MDB_cursor;

enum store_order {
	STORE_FORWARD,
	STORE_BACKWARD,
};

struct store_cursor {
	struct store_txn *txn;
	struct store_table table;
	enum store_order order;
	struct MDB_cursor *handle;
	bool placed;         /* stands on a row, or where `last` was */
	bool seek_inclusive; /* `last` itself is the next answer, when it is there */
	bool ended;
	uintptr_t page;   /* of memory that it stands on */
	uint64_t changes; /* of the transaction when it was placed */
	size_t prefix_len;
	uint8_t prefix[STORE_KEY_BYTES_MAX];
	size_t last_len;
	uint8_t last[STORE_KEY_BYTES_MAX];
};

/* An empty prefix means every row. 0 or a fault; after a fault `done` is still allowed. */
int store_cursor_init(struct store_cursor *cursor, struct store_txn *txn, struct store_table table,
		      struct tc_slice prefix, enum store_order order) TC_MUST_CHECK;
/* Of an all-zero one too. */
void store_cursor_done(struct store_cursor *cursor);

/* The next answer will be the first row at or after `key` (backward: at or before), within the
 * prefix. The key must begin with the prefix. */
int store_cursor_seek(struct store_cursor *cursor, struct tc_slice key) TC_MUST_CHECK;

/* 0 and the next row, or STORE_NOT_FOUND at the end. Borrowed as in store.h. NULL outputs are
 * allowed. */
int store_cursor_next(struct store_cursor *cursor, struct tc_slice *ret_key,
		      struct tc_slice *ret_value) TC_MUST_CHECK;

/* One row under a prefix, without keeping a cursor: 0 or STORE_NOT_FOUND. The first or the last; */
int store_first(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
		struct tc_slice *ret_key, struct tc_slice *ret_value) TC_MUST_CHECK;
int store_last(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
	       struct tc_slice *ret_key, struct tc_slice *ret_value) TC_MUST_CHECK;
/* the first at or after a key, or the last at or before it; */
int store_from(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
	       struct tc_slice from, struct tc_slice *ret_key,
	       struct tc_slice *ret_value) TC_MUST_CHECK;
int store_upto(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
	       struct tc_slice upto, struct tc_slice *ret_key,
	       struct tc_slice *ret_value) TC_MUST_CHECK;
/* the one that follows `after`, whether that is there or not; empty: the first. */
int store_after(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
		struct tc_slice after, struct tc_slice *ret_key,
		struct tc_slice *ret_value) TC_MUST_CHECK;

#endif
