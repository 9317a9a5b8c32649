#include "trail/anchor.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_cursor.h"
#include "store/store_key.h"
#include "trail/anchor_tile.h"

#define ANCHOR_KEY_BYTES   8
#define ANCHOR_VALUE_BYTES (8 + PERSON_TREE_HASH_BYTES + 8 + 8)
#define LEAVES_FIRST       64

/* ---- the growth ---- */

static struct tc_slice growth_key(void)
{
	return tc_slice_text("growth");
}

bool anchor_is_growth(struct tc_slice key)
{
	return tc_slice_equal(key, growth_key());
}

void anchor_growth_put(const struct disclosure_growth *growth, uint8_t to[ANCHOR_GROWTH_BYTES])
{
	tc_put_be64(to, growth->persons);
	tc_put_be64(to + 8, growth->disclosures);
	memcpy(to + 16, growth->touched, sizeof(growth->touched));
}

int anchor_growth_load(struct store_txn *txn, const struct trail_index_tables *tables,
		       struct disclosure_growth *ret)
{
	struct tc_slice value;
	int r;

	*ret = (struct disclosure_growth){0};
	r = store_get(txn, tables->meta, growth_key(), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	if (value.len != 16 + sizeof(ret->touched))
		return TC_ECORRUPT;
	ret->persons = tc_get_be64(value.data);
	ret->disclosures = tc_get_be64(value.data + 8);
	memcpy(ret->touched, value.data + 16, sizeof(ret->touched));
	return 0;
}

int anchor_growth_store(struct store_txn *txn, const struct trail_index_tables *tables,
			struct disclosure_growth *growth)
{
	uint8_t value[ANCHOR_GROWTH_BYTES];
	int r;

	if (!growth->changed)
		return 0;
	anchor_growth_put(growth, value);
	r = store_put(txn, tables->meta, growth_key(), tc_slice(value, sizeof(value)));
	growth->changed = r != 0;
	return r;
}

/* ---- anchors ---- */

static int anchor_read(struct tc_slice key, struct tc_slice value, struct anchor *ret)
{
	if (key.len != ANCHOR_KEY_BYTES || value.len != ANCHOR_VALUE_BYTES)
		return TC_ECORRUPT;
	ret->sequence = tc_get_be64(key.data);
	ret->time_ms = (int64_t)tc_get_be64(value.data);
	memcpy(ret->root, value.data + 8, sizeof(ret->root));
	ret->persons = tc_get_be64(value.data + 8 + sizeof(ret->root));
	ret->disclosures = tc_get_be64(value.data + 16 + sizeof(ret->root));
	return 0;
}

static int anchor_put(struct store_txn *txn, const struct trail_index_tables *tables,
		      const struct anchor *anchor)
{
	uint8_t key[ANCHOR_KEY_BYTES], value[ANCHOR_VALUE_BYTES];

	tc_put_be64(key, anchor->sequence);
	tc_put_be64(value, (uint64_t)anchor->time_ms);
	memcpy(value + 8, anchor->root, sizeof(anchor->root));
	tc_put_be64(value + 8 + sizeof(anchor->root), anchor->persons);
	tc_put_be64(value + 16 + sizeof(anchor->root), anchor->disclosures);
	return store_put(txn, tables->anchors, tc_slice(key, sizeof(key)),
			 tc_slice(value, sizeof(value)));
}

/* Up to `max` of those before record `before`, the newest first. */
static int find_anchors(struct store_txn *txn, const struct trail_index_tables *tables,
			uint64_t before, struct anchor *ret, size_t max, size_t *ret_count)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct store_key from;
	int r;

	*ret_count = 0;
	if (before == 0)
		return 0;
	store_key_init(&from);
	store_key_u64(&from, before - 1);
	r = store_cursor_init(&cursor, txn, tables->anchors, tc_slice(NULL, 0), STORE_BACKWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	while (r == 0 && *ret_count < max) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = anchor_read(key, value, &ret[*ret_count]);
		if (r == 0)
			(*ret_count)++;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int anchor_find(struct store_txn *txn, const struct trail_index_tables *tables, uint64_t before,
		struct anchor *ret)
{
	size_t count;
	int r = find_anchors(txn, tables, before, ret, 1, &count);

	return r == 0 && count == 0 ? ANCHOR_NONE : r;
}

int anchor_carried(struct store_txn *txn, const struct trail_index_tables *tables, uint64_t *ret)
{
	struct anchor newest[2];
	size_t count;
	int r = find_anchors(txn, tables, UINT64_MAX, newest, 2, &count);

	*ret = r == 0 && count == 2 ? newest[1].disclosures : 0;
	return r;
}

/* ---- the leaves of one bucket ---- */

struct bucket {
	struct store_txn *txn;
	const struct trail_index_tables *tables;
	uint64_t before; /* as of just before this record */
	struct person_leaf *leaves;
	size_t count, capacity;
};

static int see_head(void *context, uint64_t tag, struct tc_id subject,
		    const struct disclosure_head *head)
{
	struct bucket *bucket = context;
	struct disclosure_head then;
	int r = disclosure_head_before(bucket->txn, &bucket->tables->disclosures, subject, head,
				       bucket->before, &then);

	if (r != 0 || then.count == 0)
		return r;
	if (bucket->count == bucket->capacity) {
		size_t capacity = bucket->capacity ? bucket->capacity * 2 : LEAVES_FIRST;
		void *grown = reallocarray(bucket->leaves, capacity, sizeof(*bucket->leaves));

		if (grown == NULL)
			return TC_ENOMEM;
		bucket->leaves = grown;
		bucket->capacity = capacity;
	}
	return person_leaf_make(tag, subject, &then, &bucket->leaves[bucket->count++]);
}

static int bucket_read(struct bucket *bucket, size_t number)
{
	uint8_t prefix[2];

	prefix[0] = (uint8_t)(number >> 8);
	prefix[1] = (uint8_t)number;
	bucket->count = 0;
	return disclosure_heads(bucket->txn, &bucket->tables->disclosures,
				tc_slice(prefix, sizeof(prefix)), see_head, bucket);
}

/* ---- taking ---- */

/* Is the record of the newest anchor, and does it say of it what this trail has? */
static bool says(const Throughcare__V1__AnchorRecord *record, const struct anchor *last)
{
	if (last == NULL)
		return !record->has_of_sequence && !record->has_root;
	return record->has_of_sequence && record->of_sequence == last->sequence &&
	       record->root.len == sizeof(last->root) &&
	       memcmp(record->root.data, last->root, sizeof(last->root)) == 0 &&
	       record->persons == last->persons && record->disclosures == last->disclosures;
}

static bool is_touched(const struct disclosure_growth *growth, size_t bucket)
{
	return growth->touched[bucket / 8] >> bucket % 8 & 1;
}

/* The 256 buckets of one tile; *ret_changed: were any touched? */
static int tile_renew(struct bucket *bucket, const struct disclosure_growth *growth, size_t number,
		      struct person_tile *tile, bool *ret_changed)
{
	static const uint8_t untouched[PERSON_TREE_TILE / 8];
	size_t first = number * PERSON_TREE_TILE;
	int r;

	*ret_changed = memcmp(growth->touched + first / 8, untouched, sizeof(untouched)) != 0;
	if (!*ret_changed)
		return 0;
	r = anchor_tile_read(bucket->txn, bucket->tables->tiles, number, bucket->before, tile);
	for (size_t i = 0; r == 0 && i < PERSON_TREE_TILE; i++) {
		if (!is_touched(growth, first + i))
			continue;
		r = bucket_read(bucket, first + i);
		if (r == 0)
			r = person_tree_hash(bucket->leaves, bucket->count, PERSON_TREE_BUCKET,
					     tile->nodes[i]);
	}
	return r;
}

/* Brings the tiles up to date; `keep_from` is the oldest anchor that must stay provable. */
static int tree_renew(struct store_txn *txn, const struct trail_index_tables *tables,
		      struct disclosure_growth *growth, uint64_t keep_from, struct anchor *anchor)
{
	struct bucket bucket = {.txn = txn, .tables = tables, .before = UINT64_MAX};
	struct person_tile top, tile;
	bool changed, any = false;
	int r = anchor_tile_read(txn, tables->tiles, ANCHOR_TILE_TOP, anchor->sequence, &top);

	for (size_t i = 0; r == 0 && i < PERSON_TREE_TILE; i++) {
		r = tile_renew(&bucket, growth, i, &tile, &changed);
		if (r != 0 || !changed)
			continue;
		any = true;
		r = person_tree_fold(&tile, 0, NULL, top.nodes[i]);
		if (r == 0)
			r = anchor_tile_write(txn, tables->tiles, i, anchor->sequence, keep_from,
					      &tile);
	}
	if (r == 0 && any)
		r = anchor_tile_write(txn, tables->tiles, ANCHOR_TILE_TOP, anchor->sequence,
				      keep_from, &top);
	if (r == 0)
		r = person_tree_fold(&top, 0, NULL, anchor->root);
	free(bucket.leaves);
	return r;
}

int anchor_take(struct store_txn *txn, const struct trail_index_tables *tables,
		struct disclosure_growth *growth, const Throughcare__V1__AnchorRecord *record,
		uint64_t sequence, int64_t time_ms)
{
	struct anchor kept[ANCHORS_KEPT - 1];
	struct anchor anchor = {.sequence = sequence,
				.time_ms = time_ms,
				.persons = growth->persons,
				.disclosures = growth->disclosures};
	size_t count;
	int r = find_anchors(txn, tables, sequence, kept, ANCHORS_KEPT - 1, &count);

	if (r == 0 && !says(record, count > 0 ? &kept[0] : NULL))
		r = TC_ECORRUPT;
	if (r == 0)
		r = tree_renew(txn, tables, growth, count > 0 ? kept[count - 1].sequence : sequence,
			       &anchor);
	if (r == 0)
		r = anchor_put(txn, tables, &anchor);
	if (r != 0)
		return r;
	memset(growth->touched, 0, sizeof(growth->touched));
	growth->changed = true;
	return 0;
}

/* ---- proving ---- */

static int way_up(struct store_txn *txn, const struct trail_index_tables *tables, uint64_t tag,
		  struct anchor_proof *ret, uint8_t root[PERSON_TREE_HASH_BYTES])
{
	struct person_tile tile, top;
	uint8_t folded[PERSON_TREE_HASH_BYTES];
	size_t number = (size_t)(tag >> 56), at = (size_t)(tag >> 48) % PERSON_TREE_TILE;
	int r = anchor_tile_read(txn, tables->tiles, number, ret->anchor.sequence, &tile);

	if (r == 0)
		r = anchor_tile_read(txn, tables->tiles, ANCHOR_TILE_TOP, ret->anchor.sequence,
				     &top);
	if (r == 0)
		r = person_tree_fold(&tile, at, &ret->way, folded);
	if (r == 0 && memcmp(folded, top.nodes[number], sizeof(folded)) != 0)
		r = TC_ECORRUPT;
	return r == 0 ? person_tree_fold(&top, number, &ret->way, root) : r;
}

/* The bucket's own hash is what the tile says. */
static int bucket_agrees(struct store_txn *txn, const struct trail_index_tables *tables,
			 const struct bucket *bucket, uint64_t tag)
{
	uint8_t hash[PERSON_TREE_HASH_BYTES];
	struct person_tile tile;
	int r = anchor_tile_read(txn, tables->tiles, (size_t)(tag >> 56), bucket->before, &tile);

	if (r == 0)
		r = person_tree_hash(bucket->leaves, bucket->count, PERSON_TREE_BUCKET, hash);
	if (r != 0)
		return r;
	return memcmp(hash, tile.nodes[(tag >> 48) % PERSON_TREE_TILE], sizeof(hash)) == 0
		       ? 0
		       : TC_ECORRUPT;
}

/* Up from the leaf to the bucket, and who stands at the leaf. */
static int way_in(struct bucket *bucket, uint64_t tag, struct tc_id subject,
		  struct anchor_proof *ret)
{
	const struct person_leaf *there;
	struct disclosure_head now;
	int r = bucket_read(bucket, (size_t)(tag >> 48));

	if (r == 0)
		r = bucket_agrees(bucket->txn, bucket->tables, bucket, tag);
	if (r == 0)
		r = person_tree_way(bucket->leaves, bucket->count, tag, &ret->way, &there);
	if (r != 0 || there == NULL)
		return r;
	ret->other = there->tag != tag;
	ret->other_leaf = *there;
	if (ret->other)
		return 0;
	r = disclosure_head_find(bucket->txn, &bucket->tables->disclosures, subject, &now);
	if (r != 0)
		return r == DISCLOSURE_NONE ? TC_ECORRUPT : r;
	return disclosure_head_before(bucket->txn, &bucket->tables->disclosures, subject, &now,
				      bucket->before, &ret->head);
}

int anchor_prove(struct store_txn *txn, const struct trail_index_tables *tables,
		 struct tc_id subject, uint64_t size, struct anchor_proof *ret)
{
	uint8_t root[PERSON_TREE_HASH_BYTES];
	struct bucket bucket = {.txn = txn, .tables = tables};
	struct anchor newest[ANCHORS_KEPT];
	size_t count, at = 0;
	uint64_t tag;
	int r = find_anchors(txn, tables, UINT64_MAX, newest, ANCHORS_KEPT, &count);

	*ret = (struct anchor_proof){0};
	while (at < count && newest[at].sequence >= size)
		at++;
	if (r != 0 || at + 1 >= count)
		return r ? r : ANCHOR_NONE;
	ret->carrier = newest[at].sequence;
	ret->anchor = newest[at + 1];
	bucket.before = ret->anchor.sequence;
	r = disclosure_tag(subject, &tag);
	if (r == 0)
		r = way_in(&bucket, tag, subject, ret);
	if (r == 0)
		r = way_up(txn, tables, tag, ret, root);
	if (r == 0 && memcmp(root, ret->anchor.root, sizeof(root)) != 0)
		r = TC_ECORRUPT;
	free(bucket.leaves);
	return r;
}

/* ---- checking ---- */

static int check_root(struct store_txn *txn, const struct trail_index_tables *tables,
		      const struct anchor *anchor)
{
	uint8_t hash[PERSON_TREE_HASH_BYTES];
	struct person_tile top, tile;
	int r = anchor_tile_read(txn, tables->tiles, ANCHOR_TILE_TOP, anchor->sequence, &top);

	for (size_t i = 0; r == 0 && i < PERSON_TREE_TILE; i++) {
		r = anchor_tile_read(txn, tables->tiles, i, anchor->sequence, &tile);
		if (r == 0)
			r = person_tree_fold(&tile, 0, NULL, hash);
		if (r == 0 && memcmp(hash, top.nodes[i], sizeof(hash)) != 0)
			r = TC_ECORRUPT;
	}
	if (r == 0)
		r = person_tree_fold(&top, 0, NULL, hash);
	return r == 0 && memcmp(hash, anchor->root, sizeof(hash)) != 0 ? TC_ECORRUPT : r;
}

struct recount {
	struct store_txn *txn;
	const struct trail_index_tables *tables;
	uint64_t from; /* the last anchor */
	struct disclosure_growth growth;
};

static int see_growth(void *context, uint64_t tag, struct tc_id subject,
		      const struct disclosure_head *head)
{
	struct recount *recount = context;
	struct disclosure_link last;
	size_t count;
	int r = disclosure_links(recount->txn, &recount->tables->disclosures, subject, head->count,
				 &last, 1, &count);

	if (r == 0 && count == 0)
		r = TC_ECORRUPT;
	if (r != 0)
		return r;
	recount->growth.persons++;
	recount->growth.disclosures += head->count;
	if (last.at.sequence >= recount->from)
		disclosure_touch(recount->growth.touched, tag);
	return 0;
}

int anchor_check(struct store_txn *txn, const struct trail_index_tables *tables)
{
	struct recount recount = {.txn = txn, .tables = tables};
	struct anchor newest[ANCHORS_KEPT];
	struct disclosure_growth growth;
	size_t count;
	int r = find_anchors(txn, tables, UINT64_MAX, newest, ANCHORS_KEPT, &count);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = check_root(txn, tables, &newest[i]);
	recount.from = count > 0 ? newest[0].sequence : 0;
	if (r == 0)
		r = disclosure_heads(txn, &tables->disclosures, tc_slice(NULL, 0), see_growth,
				     &recount);
	if (r == 0)
		r = anchor_growth_load(txn, tables, &growth);
	if (r != 0)
		return r;
	return growth.persons == recount.growth.persons &&
			       growth.disclosures == recount.growth.disclosures &&
			       memcmp(growth.touched, recount.growth.touched,
				      sizeof(growth.touched)) == 0
		       ? 0
		       : TC_ECORRUPT;
}
