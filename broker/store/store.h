/*
 * store - tables of rows on disk: ordered keys, one writing transaction at a time,
 * any number of consistent readers.
 *
 * The only folder that includes lmdb.h. What LMDB 0.9.24 does badly is not offered:
 * duplicate keys, writing through a cursor, nested transactions. Keys are 1 to
 * STORE_KEY_BYTES_MAX bytes in memcmp order (store_key builds them), values any bytes.
 *
 * Owner:  store: the thread that opened it; any thread may begin a transaction. A write
 *         transaction ends in the thread that began it (LMDB's lock belongs to a thread); a
 *         read transaction may move. A transaction and its cursors: one thread at a time.
 * Blocks: store_commit until the disk has it; everything else on page faults only.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define STORE_KEY_BYTES_MAX 511
#define STORE_MAP_BYTES_MIN (1024 * 1024)
#define STORE_TABLES_MAX    128
#define STORE_NAME_BYTES    64 /* of a table's name, with its NUL */

struct store;
struct store_txn;

/* A table of an open store: a number, copied freely. Zero is no table. */
struct store_table {
	unsigned number;
};

/* Outcomes (> 0): the direct caller handles each one and never passes it on. */
enum store_outcome {
	STORE_NOT_FOUND = 1, /* no such row, or no further one */
	STORE_EXISTS,        /* add: the key is there; append: it is not after the last one */
	STORE_FULL,          /* the map has no room; the transaction can only be aborted */
	STORE_LOCKED,        /* open: another process (or this one) has it open */
	STORE_REFUSED,       /* open: a network file system, where locks and maps do not hold */
};

enum store_sync {
	STORE_SYNC_DURABLE, /* what store_commit returned 0 for survives any crash */
	STORE_SYNC_LAZY,    /* a crash may undo the last commit, and leaves the one before whole */
};

struct store_options {
	const char *path;   /* a folder; made (with mode 0700) when absent, its parent must exist */
	uint64_t map_bytes; /* the most it may ever hold; sparse, so large costs nothing */
	enum store_sync sync;
	unsigned tables_max;  /* 1..STORE_TABLES_MAX */
	unsigned readers_max; /* read transactions at a time; 0: 126 */
};

/* 0, STORE_LOCKED, STORE_REFUSED, or a fault. Stale readers of dead processes are cleared. */
int store_open(const struct store_options *options, struct store **ret) TC_MUST_CHECK;
/* Every transaction must have ended before. NULL inside is accepted. */
void store_close(struct store **store);

/* Deletes the files of the store in the folder `path`, and the folder when it is then empty.
 * 0 (also when there is nothing), STORE_LOCKED while it is open, or TC_EIO. */
int store_remove(const char *path) TC_MUST_CHECK;

/* The table of that name, made when absent. Only while no write transaction is open. Once per
 * name, at start. */
int store_table_open(struct store *store, const char *name, struct store_table *ret) TC_MUST_CHECK;

/* The first table whose name comes after `after` ("": of all); opened before. 0, STORE_NOT_FOUND or
 * a fault. */
int store_table_next(struct store_txn *txn, const char *after, char ret_name[STORE_NAME_BYTES],
		     struct store_table *ret) TC_MUST_CHECK;

/* ---- transactions ---- */

/* The one writing transaction. It sees its own changes. */
int store_begin(struct store *store, struct store_txn **ret) TC_MUST_CHECK;
/* Ends the transaction whatever is returned: 0, STORE_FULL (nothing was kept), or TC_ESTORE: the
 * disk failed, what is stored is not known any more, and the process must not go on writing. */
int store_commit(struct store_txn **txn) TC_MUST_CHECK;
/* Ends the transaction, read or write, without a trace. NULL inside is accepted. */
void store_abort(struct store_txn **txn);

/* A snapshot of the newest commit. Open ones keep old pages from being used again, so renew or
 * reset them often. End with store_abort. */
int store_read_begin(struct store *store, struct store_txn **ret) TC_MUST_CHECK;
/* Lets go of the snapshot; only renew and abort are allowed then. */
void store_read_reset(struct store_txn *txn);
/* Moves to the newest commit, after a reset or without one. Cheap: no system call. */
int store_read_renew(struct store_txn *txn) TC_MUST_CHECK;

/* ---- rows ----
 * What is read is borrowed: in a read transaction until its renew, reset or abort; in a write
 * transaction until its next change. TC_EINVAL for an empty or too long key. */

/* 0 or STORE_NOT_FOUND. */
int store_get(struct store_txn *txn, struct store_table table, struct tc_slice key,
	      struct tc_slice *ret_value) TC_MUST_CHECK;
/* Adds or replaces. 0 or STORE_FULL. */
int store_put(struct store_txn *txn, struct store_table table, struct tc_slice key,
	      struct tc_slice value) TC_MUST_CHECK;
/* 0, STORE_EXISTS (unchanged) or STORE_FULL. */
int store_add(struct store_txn *txn, struct store_table table, struct tc_slice key,
	      struct tc_slice value) TC_MUST_CHECK;
/* After every row there is: no search, and pages are packed full. 0, STORE_EXISTS (the key is not
 * after the last one) or STORE_FULL. */
int store_append(struct store_txn *txn, struct store_table table, struct tc_slice key,
		 struct tc_slice value) TC_MUST_CHECK;
/* The same, and the caller fills *ret_value (value_bytes of it) at once, before any other call. */
int store_append_space(struct store_txn *txn, struct store_table table, struct tc_slice key,
		       size_t value_bytes, uint8_t **ret_value) TC_MUST_CHECK;
/* 0, STORE_NOT_FOUND or STORE_FULL. */
int store_del(struct store_txn *txn, struct store_table table, struct tc_slice key) TC_MUST_CHECK;
/* Removes every row of the table. */
int store_clear(struct store_txn *txn, struct store_table table) TC_MUST_CHECK;
/* The number of rows; no walk. */
int store_count(struct store_txn *txn, struct store_table table, uint64_t *ret) TC_MUST_CHECK;

/* ---- the state of the store ---- */

struct store_usage {
	uint64_t bytes_limit; /* the map's size */
	uint64_t bytes_used;  /* of the map: pages ever used, without those free to be used again */
	uint64_t disk_free_bytes; /* of the file system, for an unprivileged process */
	uint64_t disk_bytes;      /* of the file system, all of it */
	uint64_t commits;         /* that wrote something, since it was opened */
};

/* Walks the list of free pages: cheap, but not for every message. Any thread. */
int store_usage(struct store *store, struct store_usage *ret) TC_MUST_CHECK;
/* Clears the slots of readers whose process or thread has died. Now and then, any thread. */
int store_reader_check(struct store *store) TC_MUST_CHECK;
/* Lazy stores: makes the last commit durable now. */
int store_flush(struct store *store) TC_MUST_CHECK;

#endif
