#include <stdlib.h>

#include "store/store_cursor.h"
#include "trail/tree_store_internal.h"

struct tree_view {
	struct tree_store *store;
	struct tree_source source;
	bool resting;
	uint64_t size;
};

struct store_key tree_tile_key(uint8_t level, uint64_t number)
{
	struct store_key key;

	store_key_init(&key);
	store_key_u8(&key, level);
	store_key_u64(&key, number);
	return key;
}

int tree_source_read(void *context, uint8_t level, uint64_t number, struct tc_slice *ret)
{
	const struct tree_source *source = context;
	struct store_key key = tree_tile_key(level, number);
	int r = store_get(source->txn, source->tables->tiles, store_key_slice(&key), ret);

	return r > 0 ? TC_ECORRUPT : r;
}

int tree_source_size(const struct tree_source *source, uint64_t *ret)
{
	struct tc_slice value;
	int r;

	*ret = 0;
	r = store_get(source->txn, source->tables->meta, tc_slice_text("size"), &value);
	if (r == STORE_NOT_FOUND)
		return 0;
	if (r == 0 && value.len != 8)
		r = TC_ECORRUPT;
	if (r == 0)
		*ret = tc_get_be64(value.data);
	return r;
}

int tree_view_open(struct tree_store *store, struct tree_view **ret)
{
	struct tree_view *view = calloc(1, sizeof(*view));
	int r;

	if (!view)
		return TC_ENOMEM;
	view->store = store;
	view->source.tables = &store->tables;
	r = store_read_begin(store->store, &view->source.txn);
	if (r == 0)
		r = tree_source_size(&view->source, &view->size);
	if (r == 0)
		*ret = view;
	else
		tree_view_close(&view);
	return r;
}

int tree_view_renew(struct tree_view *view)
{
	int r = store_read_renew(view->source.txn);

	if (r == 0) {
		view->resting = false;
		r = tree_source_size(&view->source, &view->size);
	}
	return r;
}

void tree_view_reset(struct tree_view *view)
{
	if (!view->resting)
		store_read_reset(view->source.txn);
	view->resting = true;
}

void tree_view_close(struct tree_view **view)
{
	if (!*view)
		return;
	store_abort(&(*view)->source.txn);
	free(*view);
	*view = NULL;
}

uint64_t tree_view_size(const struct tree_view *view)
{
	return view->size;
}

int tree_view_tile(struct tree_view *view, uint8_t level, uint64_t number, uint64_t size,
		   struct tc_slice *ret)
{
	uint64_t hashes, first, width;
	int r;

	if (level >= TREE_LEVELS || size > view->size || number > UINT64_MAX / TREE_TILE_HASHES)
		return TREE_UNKNOWN;
	hashes = size >> (TREE_TILE_BITS * level);
	first = number * TREE_TILE_HASHES;
	if (first >= hashes)
		return TREE_UNKNOWN;
	width = hashes - first < TREE_TILE_HASHES ? hashes - first : TREE_TILE_HASHES;
	r = tree_source_read(&view->source, level, number, ret);
	if (r == 0 && ret->len < width * TREE_HASH_BYTES)
		r = TC_ECORRUPT;
	if (r == 0)
		ret->len = (size_t)width * TREE_HASH_BYTES;
	return r;
}

int tree_view_root(struct tree_view *view, uint64_t size, struct tree_hash *ret)
{
	if (size > view->size)
		return TREE_UNKNOWN;
	return tree_root(tree_source_read, &view->source, size, ret);
}

int tree_view_inclusion(struct tree_view *view, uint64_t index, uint64_t size,
			struct tree_hash *ret, size_t *ret_count)
{
	if (size > view->size || index >= size)
		return TREE_UNKNOWN;
	return tree_inclusion(tree_source_read, &view->source, index, size, ret, ret_count);
}

int tree_view_consistency(struct tree_view *view, uint64_t old_size, uint64_t new_size,
			  struct tree_hash *ret, size_t *ret_count)
{
	if (new_size > view->size || old_size > new_size)
		return TREE_UNKNOWN;
	return tree_consistency(tree_source_read, &view->source, old_size, new_size, ret,
				ret_count);
}

int tree_view_checkpoint(struct tree_view *view, uint64_t at_most, struct tree_checkpoint *ret)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct store_key from;
	int r;

	store_key_init(&from);
	store_key_u64(&from, at_most > 0 ? at_most : UINT64_MAX);
	r = store_cursor_init(&cursor, view->source.txn, view->source.tables->checkpoints,
			      tc_slice(NULL, 0), STORE_BACKWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	if (r == 0)
		r = store_cursor_next(&cursor, &key, &value);
	store_cursor_done(&cursor);
	if (r == STORE_NOT_FOUND)
		return TREE_UNKNOWN;
	if (r == 0 && (!store_key_take_u64(&key, &ret->size) || value.len <= 8))
		r = TC_ECORRUPT;
	if (r != 0)
		return r;
	ret->time_ms = (int64_t)tc_get_be64(value.data);
	ret->note = tc_slice(value.data + 8, value.len - 8);
	return 0;
}

int tree_view_vkeys(struct tree_view *view, struct tc_slice *ret)
{
	int r = store_get(view->source.txn, view->source.tables->meta, tc_slice_text("vkeys"), ret);

	if (r == STORE_NOT_FOUND) {
		*ret = tc_slice(NULL, 0);
		r = 0;
	}
	return r;
}
