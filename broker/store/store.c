#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "store/store_folder.h"
#include "store/store_internal.h"

#define READERS_DEFAULT 126
#define FREE_LIST_DBI   0 /* LMDB's own table of pages to be used again */

struct store {
	MDB_env *env;
	char *path;
	int lock;
	unsigned page_bytes;
	atomic_bool writing; /* a write transaction is open */
	atomic_bool broken;  /* a commit failed: nothing may be written any more */
	atomic_uint_fast64_t commits;
};

int store_translate(int code)
{
	if (code == 0)
		return 0;
	if (code == MDB_NOTFOUND)
		return STORE_NOT_FOUND;
	if (code == MDB_KEYEXIST)
		return STORE_EXISTS;
	if (code == MDB_MAP_FULL)
		return STORE_FULL;
	if (code == ENOMEM)
		return TC_ENOMEM;
	if (code == EINVAL || code == MDB_BAD_VALSIZE)
		return TC_EINVAL;
	if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
	    code == MDB_VERSION_MISMATCH)
		return TC_ECORRUPT;
	return TC_ESTORE;
}

static bool data_exists(const char *path)
{
	char file[PATH_MAX];
	struct stat about;

	if (snprintf(file, sizeof(file), "%s/%s", path, STORE_DATA_FILE) >= (int)sizeof(file))
		return false;
	return stat(file, &about) == 0 && about.st_size > 0;
}

static int environment_open(struct store *store, const struct store_options *options)
{
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	MDB_stat stat;
	int dead;
	int code;

	if (options->sync == STORE_SYNC_LAZY)
		flags |= MDB_NOMETASYNC;
	code = mdb_env_create(&store->env);
	if (code == 0)
		code = mdb_env_set_maxdbs(store->env, options->tables_max);
	if (code == 0)
		code = mdb_env_set_maxreaders(
			store->env, options->readers_max ? options->readers_max : READERS_DEFAULT);
	if (code == 0)
		code = mdb_env_set_mapsize(store->env, (size_t)options->map_bytes);
	if (code == 0)
		code = mdb_env_open(store->env, options->path, flags, 0600);
	if (code == 0)
		code = mdb_reader_check(store->env, &dead);
	if (code == 0)
		code = mdb_env_stat(store->env, &stat);
	if (code != 0)
		return store_translate(code) > 0 ? TC_ESTORE : store_translate(code);
	store->page_bytes = stat.ms_psize;
	return 0;
}

int store_open(const struct store_options *options, struct store **ret)
{
	struct store *store = NULL;
	bool existed;
	int r;

	if (!options->path || options->map_bytes < STORE_MAP_BYTES_MIN ||
	    options->map_bytes > SIZE_MAX / 2 || options->tables_max < 1 ||
	    options->tables_max > STORE_TABLES_MAX)
		return TC_EINVAL;
	store = calloc(1, sizeof(*store));
	if (!store)
		return TC_ENOMEM;
	store->lock = -1;
	store->path = strdup(options->path);
	if (!store->path) {
		r = TC_ENOMEM;
		goto out;
	}
	r = store_folder_lock(options->path, &store->lock);
	if (r != 0)
		goto out;
	existed = data_exists(options->path);
	r = environment_open(store, options);
	if (r == 0 && !existed)
		r = store_folder_sync(options->path);
	if (r < 0)
		goto out;
	*ret = store;
	store = NULL;
	r = 0;
out:
	store_close(&store);
	return r;
}

void store_close(struct store **store)
{
	struct store *s = *store;

	if (!s)
		return;
	TC_CHECK(!s->writing);
	if (s->env)
		mdb_env_close(s->env);
	if (s->lock >= 0)
		close(s->lock);
	free(s->path);
	free(s);
	*store = NULL;
}

int store_table_open(struct store *store, const char *name, struct store_table *ret)
{
	struct store_txn *txn = NULL;
	MDB_dbi dbi;
	int r;

	r = store_begin(store, &txn);
	if (r < 0)
		return r;
	r = store_translate(mdb_dbi_open(txn->txn, name, MDB_CREATE, &dbi));
	if (r != 0) {
		store_abort(&txn);
		return r > 0 ? TC_ESTORE : r;
	}
	r = store_commit(&txn);
	if (r != 0)
		return r > 0 ? TC_EFULL : r;
	*ret = (struct store_table){.number = dbi};
	return 0;
}

/* LMDB keeps the tables' names as keys of its own main table. */
static int name_after(MDB_cursor *cursor, const char *after, MDB_val *ret)
{
	MDB_val value;
	int code;

	*ret = store_val(tc_slice_text(after));
	code = mdb_cursor_get(cursor, ret, &value, *after ? MDB_SET_RANGE : MDB_FIRST);
	if (code == 0 && tc_slice_equal(store_slice(*ret), tc_slice_text(after)))
		code = mdb_cursor_get(cursor, ret, &value, MDB_NEXT);
	return code;
}

int store_table_next(struct store_txn *txn, const char *after, char ret_name[STORE_NAME_BYTES],
		     struct store_table *ret)
{
	MDB_cursor *cursor = NULL;
	MDB_val name;
	MDB_dbi dbi = 0;
	int code = mdb_dbi_open(txn->txn, NULL, 0, &dbi);

	if (code == 0)
		code = mdb_cursor_open(txn->txn, dbi, &cursor);
	if (code == 0)
		code = name_after(cursor, after, &name);
	if (code == 0 && name.mv_size >= STORE_NAME_BYTES)
		code = MDB_INCOMPATIBLE;
	if (code == 0) {
		memcpy(ret_name, name.mv_data, name.mv_size);
		ret_name[name.mv_size] = '\0';
		code = mdb_dbi_open(txn->txn, ret_name, 0, &dbi);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	*ret = (struct store_table){.number = dbi};
	return store_translate(code);
}

static int txn_new(struct store *store, bool writing, struct store_txn **ret)
{
	struct store_txn *txn = calloc(1, sizeof(*txn));
	int code;

	if (!txn)
		return TC_ENOMEM;
	txn->store = store;
	txn->writing = writing;
	txn->writer = pthread_self();
	code = mdb_txn_begin(store->env, NULL, writing ? 0 : MDB_RDONLY, &txn->txn);
	if (code == MDB_READERS_FULL && store_reader_check(store) == 0)
		code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->txn);
	if (code != 0) {
		free(txn);
		return code == ENOMEM ? TC_ENOMEM : TC_ESTORE;
	}
	*ret = txn;
	return 0;
}

int store_begin(struct store *store, struct store_txn **ret)
{
	int r;

	if (store->broken)
		return TC_ESTORE;
	/* LMDB would wait for itself: one writing transaction is this program's own rule. */
	TC_CHECK(!atomic_exchange(&store->writing, true));
	r = txn_new(store, true, ret);
	if (r < 0)
		store->writing = false;
	return r;
}

/* LMDB's lock cannot be unlocked by another thread: the next writer would wait for ever. */
static void check_writer(const struct store_txn *txn)
{
	TC_CHECK(pthread_equal(txn->writer, pthread_self()));
}

int store_commit(struct store_txn **txn)
{
	struct store_txn *t = *txn;
	struct store *store = t->store;
	int code;

	TC_CHECK(t->writing);
	check_writer(t);
	if (t->failed) {
		store_abort(txn);
		return STORE_FULL;
	}
	code = mdb_txn_commit(t->txn);
	if (code == 0 && t->changes > 0)
		store->commits++;
	if (code != 0 && code != MDB_MAP_FULL)
		store->broken = true;
	store->writing = false;
	free(t);
	*txn = NULL;
	if (code == MDB_MAP_FULL)
		return STORE_FULL;
	return code == 0 ? 0 : TC_ESTORE;
}

void store_abort(struct store_txn **txn)
{
	struct store_txn *t = *txn;

	if (!t)
		return;
	if (t->writing)
		check_writer(t);
	mdb_txn_abort(t->txn);
	if (t->writing)
		t->store->writing = false;
	free(t);
	*txn = NULL;
}

int store_read_begin(struct store *store, struct store_txn **ret)
{
	return txn_new(store, false, ret);
}

void store_read_reset(struct store_txn *txn)
{
	TC_CHECK(!txn->writing);
	mdb_txn_reset(txn->txn);
}

int store_read_renew(struct store_txn *txn)
{
	TC_CHECK(!txn->writing);
	mdb_txn_reset(txn->txn);
	return mdb_txn_renew(txn->txn) == 0 ? 0 : TC_ESTORE;
}

int store_get(struct store_txn *txn, struct store_table table, struct tc_slice key,
	      struct tc_slice *ret_value)
{
	MDB_val k = store_val(key);
	MDB_val v;
	int code;

	if (!store_key_fits(key))
		return TC_EINVAL;
	code = mdb_get(txn->txn, table.number, &k, &v);
	if (code == 0)
		*ret_value = store_slice(v);
	return store_translate(code);
}

static int change(struct store_txn *txn, struct store_table table, struct tc_slice key, MDB_val *v,
		  unsigned flags)
{
	MDB_val k = store_val(key);
	int r;

	TC_CHECK(txn->writing);
	if (!store_key_fits(key) || v->mv_size > UINT32_MAX)
		return TC_EINVAL;
	if (txn->failed)
		return STORE_FULL;
	r = store_translate(mdb_put(txn->txn, table.number, &k, v, flags));
	if (r == 0)
		txn->changes++;
	if (r == STORE_FULL)
		txn->failed = true;
	return r;
}

int store_put(struct store_txn *txn, struct store_table table, struct tc_slice key,
	      struct tc_slice value)
{
	MDB_val v = store_val(value);

	return change(txn, table, key, &v, 0);
}

int store_add(struct store_txn *txn, struct store_table table, struct tc_slice key,
	      struct tc_slice value)
{
	MDB_val v = store_val(value);

	return change(txn, table, key, &v, MDB_NOOVERWRITE);
}

int store_append(struct store_txn *txn, struct store_table table, struct tc_slice key,
		 struct tc_slice value)
{
	MDB_val v = store_val(value);

	return change(txn, table, key, &v, MDB_APPEND);
}

int store_append_space(struct store_txn *txn, struct store_table table, struct tc_slice key,
		       size_t value_bytes, uint8_t **ret_value)
{
	MDB_val v = {.mv_size = value_bytes};
	int r;

	r = change(txn, table, key, &v, MDB_APPEND | MDB_RESERVE);
	if (r == 0)
		*ret_value = v.mv_data;
	return r;
}

int store_del(struct store_txn *txn, struct store_table table, struct tc_slice key)
{
	MDB_val k = store_val(key);
	int r;

	TC_CHECK(txn->writing);
	if (!store_key_fits(key))
		return TC_EINVAL;
	if (txn->failed)
		return STORE_FULL;
	r = store_translate(mdb_del(txn->txn, table.number, &k, NULL));
	if (r == 0)
		txn->changes++;
	if (r == STORE_FULL)
		txn->failed = true;
	return r;
}

int store_clear(struct store_txn *txn, struct store_table table)
{
	int r;

	TC_CHECK(txn->writing);
	r = store_translate(mdb_drop(txn->txn, table.number, 0));
	txn->changes++;
	return r > 0 ? TC_ESTORE : r;
}

int store_count(struct store_txn *txn, struct store_table table, uint64_t *ret)
{
	MDB_stat stat;
	int r = store_translate(mdb_stat(txn->txn, table.number, &stat));

	if (r == 0)
		*ret = stat.ms_entries;
	return r > 0 ? TC_ESTORE : r;
}

/* Sums up the free list: each value is a page count and that many page numbers. */
static int free_pages(struct store *store, uint64_t *ret)
{
	struct store_txn *txn = NULL;
	MDB_cursor *cursor = NULL;
	MDB_val k, v;
	uint64_t pages = 0;
	int code;
	int r;

	r = store_read_begin(store, &txn);
	if (r < 0)
		return r;
	code = mdb_cursor_open(txn->txn, FREE_LIST_DBI, &cursor);
	while (code == 0) {
		code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
		if (code == 0 && v.mv_size >= sizeof(size_t))
			pages += *(const size_t *)v.mv_data;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	store_abort(&txn);
	if (code != MDB_NOTFOUND)
		return store_translate(code);
	*ret = pages;
	return 0;
}

int store_usage(struct store *store, struct store_usage *ret)
{
	uint64_t disk_free = 0, disk = 0;
	uint64_t unused = 0;
	MDB_envinfo info;
	uint64_t pages;
	int r;

	r = free_pages(store, &unused);
	if (r == 0)
		r = store_folder_disk(store->path, &disk_free, &disk);
	if (r != 0)
		return r > 0 ? TC_ESTORE : r;
	mdb_env_info(store->env, &info);
	pages = (uint64_t)info.me_last_pgno + 1;
	if (pages > unused)
		pages -= unused;
	*ret = (struct store_usage){.bytes_limit = info.me_mapsize,
				    .bytes_used = pages * store->page_bytes,
				    .disk_free_bytes = disk_free,
				    .disk_bytes = disk,
				    .commits = store->commits};
	return 0;
}

int store_reader_check(struct store *store)
{
	int dead;

	return mdb_reader_check(store->env, &dead) == 0 ? 0 : TC_ESTORE;
}

int store_flush(struct store *store)
{
	if (store->broken)
		return TC_ESTORE;
	if (mdb_env_sync(store->env, 1) != 0) {
		store->broken = true;
		return TC_ESTORE;
	}
	return 0;
}
