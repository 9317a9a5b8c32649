/*
 * store_internal - what store.c and store_cursor.c share: LMDB's handles and codes.
 *
 * Inside broker/store only; the only header that includes lmdb.h.
 *
 * Owner: as store.h. Blocks: never.
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

struct store_txn {
	MDB_txn *txn;
	struct store *store;
	bool writing;
	pthread_t writer; /* whose LMDB's write lock is */
	bool failed;      /* the map was full: only an abort is left */
	uint64_t changes; /* so that cursors know when to find their place again */
};

/* LMDB's and the system's codes, at their one place of translation. */
int store_translate(int code);

static inline MDB_val store_val(struct tc_slice slice)
{
	/* LMDB does not write through the pointer of a key or of a value it is given. */
	return (MDB_val){.mv_size = slice.len, .mv_data = (void *)(uintptr_t)slice.data};
}

static inline struct tc_slice store_slice(MDB_val value)
{
	return tc_slice(value.mv_data, value.mv_size);
}

static inline bool store_key_fits(struct tc_slice key)
{
	return key.len >= 1 && key.len <= STORE_KEY_BYTES_MAX;
}

#endif
