#include "trail/tree_store.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_cursor.h"
#include "trail/tree_store_internal.h"

#define TABLES_MAX    3
#define READERS_MAX   64
#define STEP_LEAVES   4096
#define COMMIT_LEAVES (1024 * 1024) /* what one transaction holds in memory: 33 MiB */
#define HOUR_MS       (3600 * 1000)

/* ---- opening ---- */

static bool meta_is(struct store_txn *txn, struct store_table meta, const char *key,
		    struct tc_slice expected)
{
	struct tc_slice found;

	return store_get(txn, meta, tc_slice_text(key), &found) == 0 &&
	       tc_slice_equal(found, expected);
}

/* Empties it, and says of which log and origin it is from now on. */
static int start_anew(struct tree_store *store, struct tc_slice log_id, struct tc_slice origin)
{
	const struct tree_tables *tables = &store->tables;
	const struct store_table all[] = {tables->tiles, tables->checkpoints, tables->meta};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		r = store_clear(store->txn, all[i]);
	if (r == 0)
		r = store_put(store->txn, tables->meta, tc_slice_text("log_id"), log_id);
	if (r == 0)
		r = store_put(store->txn, tables->meta, tc_slice_text("origin"), origin);
	if (r == 0)
		r = store_commit(&store->txn);
	store->size = 0;
	return r;
}

static int identify(struct tree_store *store, const struct tree_store_options *options)
{
	struct tc_slice log_id = tc_slice(options->log_id.bytes, sizeof(options->log_id.bytes));
	struct tc_slice origin = tc_slice_text(store->origin);
	struct tree_source source = {.tables = &store->tables};
	int r = store_begin(store->store, &store->txn);

	source.txn = store->txn;
	if (r == 0)
		r = tree_source_size(&source, &store->size);
	if (r == 0 && (store->size > options->tip ||
		       !meta_is(store->txn, store->tables.meta, "log_id", log_id) ||
		       !meta_is(store->txn, store->tables.meta, "origin", origin)))
		r = start_anew(store, log_id, origin);
	store_abort(&store->txn);
	return r;
}

static int64_t hour_of(struct tc_slice checkpoint)
{
	return (int64_t)tc_get_be64(checkpoint.data) / HOUR_MS;
}

/* Which checkpoints are beyond the newest that all stay, and the hour of the last of those. */
static int thinning_load(struct tree_store *store)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct store_txn *txn = NULL;
	uint64_t count = 0;
	int r = store_read_begin(store->store, &txn);

	if (r == 0)
		r = store_count(txn, store->tables.checkpoints, &count);
	if (r == 0)
		r = store_cursor_init(&cursor, txn, store->tables.checkpoints, tc_slice(NULL, 0),
				      STORE_FORWARD);
	store->last_hour = -1;
	store->unthinned = count;
	while (r == 0 && store->unthinned > TREE_CHECKPOINTS_KEPT) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0 && (value.len <= 8 || !store_key_take_u64(&key, &store->thin_from)))
			r = TC_ECORRUPT;
		if (r != 0)
			break;
		store->last_hour = hour_of(value);
		store->thin_from++;
		store->unthinned--;
	}
	store_cursor_done(&cursor);
	store_abort(&txn);
	return r > 0 ? TC_ECORRUPT : r;
}

int tree_store_open(const struct tree_store_options *options, struct tree_store **ret)
{
	struct store_options store_options = {.path = options->path,
					      .map_bytes = options->map_bytes,
					      .sync = STORE_SYNC_DURABLE,
					      .tables_max = TABLES_MAX,
					      .readers_max = READERS_MAX};
	struct tree_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return TC_ENOMEM;
	store->origin = strdup(options->origin);
	r = store->origin ? store_open(&store_options, &store->store) : TC_ENOMEM;
	if (r == STORE_LOCKED || r == STORE_REFUSED)
		r = TC_ECONFIG;
	if (r == 0)
		r = store_table_open(store->store, "tiles", &store->tables.tiles);
	if (r == 0)
		r = store_table_open(store->store, "checkpoints", &store->tables.checkpoints);
	if (r == 0)
		r = store_table_open(store->store, "meta", &store->tables.meta);
	if (r == 0)
		r = identify(store, options);
	if (r == 0)
		r = thinning_load(store);
	if (r != 0) {
		tree_store_close(&store);
		return r == STORE_FULL ? TC_EFULL : r > 0 ? TC_ESTORE : r;
	}
	*ret = store;
	return 0;
}

void tree_store_close(struct tree_store **store)
{
	if (!*store)
		return;
	store_abort(&(*store)->txn);
	if ((*store)->store)
		store_close(&(*store)->store);
	free((*store)->origin);
	free(*store);
	*store = NULL;
}

uint64_t tree_store_size(const struct tree_store *store)
{
	return store->size;
}

const char *tree_store_origin(const struct tree_store *store)
{
	return store->origin;
}

int tree_store_usage(struct tree_store *store, struct store_usage *ret)
{
	return store_usage(store->store, ret);
}

/* ---- growing ---- */

/* Frontier and edges of the committed size. */
static int edges_load(struct tree_store *store)
{
	struct tree_source source = {store->txn, &store->tables};
	int r = tree_frontier_load(tree_source_read, &source, store->size, &store->frontier);

	for (uint8_t level = 0; r == 0 && level < TREE_LEVELS; level++) {
		struct tree_edge *edge = &store->edges[level];
		uint64_t hashes = store->size >> (TREE_TILE_BITS * level);
		struct tc_slice tile = {0};

		edge->number = hashes / TREE_TILE_HASHES;
		edge->hashes = (size_t)(hashes % TREE_TILE_HASHES);
		edge->changed = false;
		if (edge->hashes > 0)
			r = tree_source_read(&source, level, edge->number, &tile);
		if (r == 0 && tile.len < edge->hashes * TREE_HASH_BYTES)
			r = TC_ECORRUPT;
		if (r == 0 && edge->hashes > 0)
			memcpy(edge->bytes, tile.data, edge->hashes * TREE_HASH_BYTES);
	}
	store->loaded = r == 0;
	return r;
}

static int edge_put(struct tree_store *store, uint8_t level)
{
	struct tree_edge *edge = &store->edges[level];
	struct store_key key = tree_tile_key(level, edge->number);

	edge->changed = false;
	return store_put(store->txn, store->tables.tiles, store_key_slice(&key),
			 tc_slice(edge->bytes, edge->hashes * TREE_HASH_BYTES));
}

/* A tree_taker. */
static int edge_add(void *context, uint8_t level, uint64_t index, const struct tree_hash *hash)
{
	struct tree_store *store = context;
	struct tree_edge *edge = &store->edges[level];
	int r = 0;

	(void)index; /* in order, so it is the next of its edge */
	memcpy(edge->bytes + edge->hashes * TREE_HASH_BYTES, hash->bytes, TREE_HASH_BYTES);
	edge->hashes++;
	edge->changed = true;
	if (edge->hashes == TREE_TILE_HASHES) {
		r = edge_put(store, level);
		edge->number++;
		edge->hashes = 0;
	}
	return r;
}

static int leaves_add(struct tree_store *store, const struct journal_leaf *leaves, size_t count)
{
	uint8_t entry[RECORD_LEAF_BYTES];
	struct tree_hash hash;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		record_leaf_entry(leaves[i].time_ms, store->frontier.size, leaves[i].commitment,
				  entry);
		r = tree_leaf(tc_slice(entry, sizeof(entry)), &hash);
		if (r == 0)
			r = tree_append(&store->frontier, &hash, edge_add, store);
	}
	return r;
}

static int commit(struct tree_store *store)
{
	uint8_t size[8];
	int r = 0;

	for (uint8_t level = 0; r == 0 && level < TREE_LEVELS; level++)
		if (store->edges[level].changed)
			r = edge_put(store, level);
	tc_put_be64(size, store->frontier.size);
	if (r == 0)
		r = store_put(store->txn, store->tables.meta, tc_slice_text("size"),
			      tc_slice(size, sizeof(size)));
	if (r == 0)
		r = store_commit(&store->txn);
	if (r == 0)
		store->size = store->frontier.size;
	return r;
}

/* One transaction's worth. *ret_end: there is nothing more to add. */
static int grow_some(struct tree_store *store, struct journal_reader *journal, uint64_t to,
		     struct journal_leaf *leaves, bool *ret_end)
{
	int r = store_begin(store->store, &store->txn);

	if (r == 0 && !store->loaded)
		r = edges_load(store);
	*ret_end = false;
	while (r == 0 && !*ret_end && store->frontier.size - store->size < COMMIT_LEAVES) {
		uint64_t left = to - store->frontier.size;
		size_t count = 0;

		if (left > 0)
			r = journal_read_leaves(journal, store->frontier.size,
						left < STEP_LEAVES ? (size_t)left : STEP_LEAVES,
						leaves, &count);
		if (r == 0)
			r = leaves_add(store, leaves, count);
		*ret_end = count == 0;
	}
	if (r == 0 && store->frontier.size > store->size)
		r = commit(store);
	if (r != 0)
		store->loaded = false;
	store_abort(&store->txn);
	return r == STORE_FULL ? TC_EFULL : r > 0 ? TC_ESTORE : r;
}

int tree_store_grow(struct tree_store *store, struct journal_reader *journal, uint64_t to)
{
	struct journal_leaf *leaves;
	bool end = to <= store->size;
	int r = 0;

	if (end)
		return 0;
	leaves = calloc(STEP_LEAVES, sizeof(*leaves));
	if (!leaves)
		return TC_ENOMEM;
	while (r == 0 && !end)
		r = grow_some(store, journal, to, leaves, &end);
	free(leaves);
	return r;
}

/* ---- checkpoints ---- */

/* One checkpoint too many among the newest: the oldest of them goes, unless it is the first of its
 * hour. */
static int thin(struct tree_store *store)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct store_key from;
	uint64_t size;
	int r;

	store_key_init(&from);
	store_key_u64(&from, store->thin_from);
	r = store_cursor_init(&cursor, store->txn, store->tables.checkpoints, tc_slice(NULL, 0),
			      STORE_FORWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	if (r == 0)
		r = store_cursor_next(&cursor, &key, &value);
	store_cursor_done(&cursor);
	if (r == 0 && (value.len <= 8 || !store_key_take_u64(&key, &size)))
		r = TC_ECORRUPT;
	if (r != 0)
		return r;
	store->thin_from = size + 1;
	store->unthinned--;
	if (hour_of(value) != store->last_hour) {
		store->last_hour = hour_of(value);
		return 0;
	}
	store_key_init(&from);
	store_key_u64(&from, size);
	return store_del(store->txn, store->tables.checkpoints, store_key_slice(&from));
}

static int checkpoint_add(struct tree_store *store, uint64_t size, int64_t time_ms,
			  struct tc_slice note)
{
	struct tc_bytes value = {0};
	struct store_key key;
	uint8_t time[8];
	int r;

	store_key_init(&key);
	store_key_u64(&key, size);
	tc_put_be64(time, (uint64_t)time_ms);
	r = tc_bytes_append(&value, time, sizeof(time));
	if (r == 0)
		r = tc_bytes_append(&value, note.data, note.len);
	if (r == 0)
		r = store_add(store->txn, store->tables.checkpoints, store_key_slice(&key),
			      tc_bytes_slice(&value));
	/* Signed again: with a new key, as it may be. */
	if (r == STORE_EXISTS)
		r = store_put(store->txn, store->tables.checkpoints, store_key_slice(&key),
			      tc_bytes_slice(&value));
	else if (r == 0)
		store->unthinned++;
	/* So that a missing one is missed. */
	if (r == 0)
		r = store_put(store->txn, store->tables.meta, tc_slice_text("signed"),
			      store_key_slice(&key));
	tc_bytes_free(&value);
	return r;
}

int tree_store_checkpoint_put(struct tree_store *store, uint64_t size, int64_t time_ms,
			      struct tc_slice note)
{
	int r = store_begin(store->store, &store->txn);

	if (r == 0)
		r = checkpoint_add(store, size, time_ms, note);
	if (r == 0 && store->unthinned > TREE_CHECKPOINTS_KEPT)
		r = thin(store);
	if (r == 0)
		r = store_commit(&store->txn);
	store_abort(&store->txn);
	return r == STORE_FULL ? TC_EFULL : r > 0 ? TC_ESTORE : r;
}

/* Adds those lines of `vkeys` that *all has not. */
static int vkeys_merge(struct tc_bytes *all, struct tc_slice vkeys, bool *ret_new)
{
	const uint8_t *end;
	int r = 0;

	while (r == 0 && vkeys.len > 0 && (end = memchr(vkeys.data, '\n', vkeys.len)) != NULL) {
		size_t len = (size_t)(end - vkeys.data) + 1;

		if (all->len == 0 || memmem(all->data, all->len, vkeys.data, len) == NULL) {
			r = tc_bytes_append(all, vkeys.data, len);
			*ret_new = true;
		}
		vkeys = tc_slice(vkeys.data + len, vkeys.len - len);
	}
	return r;
}

int tree_store_vkeys_add(struct tree_store *store, struct tc_slice vkeys)
{
	struct tc_slice key = tc_slice_text("vkeys");
	struct tc_slice stored = {0};
	struct tc_bytes all = {0};
	bool new = false;
	int r = store_begin(store->store, &store->txn);

	if (r == 0)
		r = store_get(store->txn, store->tables.meta, key, &stored);
	if (r == 0)
		r = tc_bytes_append(&all, stored.data, stored.len);
	if (r == 0 || r == STORE_NOT_FOUND)
		r = vkeys_merge(&all, vkeys, &new);
	if (r == 0 && new) {
		r = store_put(store->txn, store->tables.meta, key, tc_bytes_slice(&all));
		if (r == 0)
			r = store_commit(&store->txn);
	}
	store_abort(&store->txn);
	tc_bytes_free(&all);
	return r == STORE_FULL ? TC_EFULL : r > 0 ? TC_ESTORE : r;
}
