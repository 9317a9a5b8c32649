#include "trail/tree.h"

#include <string.h>

#include "wire/digest.h"

struct source {
	tree_reader read;
	void *context;
};

int tree_node(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret)
{
	uint8_t pair[1 + 2 * TREE_HASH_BYTES];

	pair[0] = 0x01;
	memcpy(pair + 1, left->bytes, TREE_HASH_BYTES);
	memcpy(pair + 1 + TREE_HASH_BYTES, right->bytes, TREE_HASH_BYTES);
	return tc_sha256(tc_slice(pair, sizeof(pair)), ret->bytes);
}

int tree_leaf(struct tc_slice entry, struct tree_hash *ret)
{
	static const uint8_t prefix = 0x00;
	struct tc_slice pieces[] = {tc_slice(&prefix, 1), entry};

	return tc_sha256_pieces(pieces, 2, ret->bytes);
}

/* ---- growing: a binary counter whose digits are subtrees ---- */

int tree_append(struct tree_frontier *frontier, const struct tree_hash *leaf, tree_taker take,
		void *context)
{
	struct tree_hash hash = *leaf;
	uint64_t index = frontier->size;
	unsigned height = 0;
	int r;

	for (;;) {
		if (height % TREE_TILE_BITS == 0) {
			r = take(context, (uint8_t)(height / TREE_TILE_BITS), index, &hash);
			if (r)
				return r;
		}
		if (index % 2 == 0)
			break;
		r = tree_node(&frontier->nodes[height], &hash, &hash);
		if (r)
			return r;
		index /= 2;
		height++;
	}
	frontier->nodes[height] = hash;
	frontier->size++;
	return 0;
}

/* ---- reading ---- */

/* The hash of the 2^height leaves from index * 2^height on. They fill the part of one tile. */
static int subtree(const struct source *source, unsigned height, uint64_t index,
		   struct tree_hash *ret)
{
	struct tree_hash hashes[TREE_TILE_HASHES / 2];
	unsigned above = height % TREE_TILE_BITS;
	size_t count = (size_t)1 << above;
	uint64_t first = index << above;
	size_t offset = (size_t)(first % TREE_TILE_HASHES);
	struct tc_slice tile;
	int r;

	r = source->read(source->context, (uint8_t)(height / TREE_TILE_BITS),
			 first / TREE_TILE_HASHES, &tile);
	if (r)
		return r;
	if (tile.len < (offset + count) * TREE_HASH_BYTES)
		return TC_ECORRUPT;
	memcpy(hashes, tile.data + offset * TREE_HASH_BYTES, count * TREE_HASH_BYTES);
	for (; count > 1; count /= 2) {
		for (size_t i = 0; i < count / 2; i++) {
			r = tree_node(&hashes[2 * i], &hashes[2 * i + 1], &hashes[i]);
			if (r)
				return r;
		}
	}
	*ret = hashes[0];
	return 0;
}

static unsigned highest_bit(uint64_t value)
{
	return 63U - (unsigned)__builtin_clzll(value);
}

/* The hash of `count` leaves from `start` on; start is a multiple of a power of two >= count. The
 * subtrees stand in it from the greatest to the smallest. */
static int range(const struct source *source, uint64_t start, uint64_t count, struct tree_hash *ret)
{
	struct tree_hash parts[64];
	size_t part_count = 0;
	int r;

	while (count > 0) {
		unsigned height = highest_bit(count);

		r = subtree(source, height, start >> height, &parts[part_count++]);
		if (r)
			return r;
		start += (uint64_t)1 << height;
		count -= (uint64_t)1 << height;
	}
	while (part_count > 1) {
		part_count--;
		r = tree_node(&parts[part_count - 1], &parts[part_count], &parts[part_count - 1]);
		if (r)
			return r;
	}
	*ret = parts[0];
	return 0;
}

int tree_frontier_load(tree_reader read, void *context, uint64_t size, struct tree_frontier *ret)
{
	struct source source = {read, context};
	uint64_t start = 0;
	int r;

	ret->size = size;
	for (uint64_t left = size; left > 0;) {
		unsigned height = highest_bit(left);

		r = subtree(&source, height, start >> height, &ret->nodes[height]);
		if (r)
			return r;
		start += (uint64_t)1 << height;
		left -= (uint64_t)1 << height;
	}
	return 0;
}

int tree_root(tree_reader read, void *context, uint64_t size, struct tree_hash *ret)
{
	struct source source = {read, context};

	if (size == 0)
		return tc_sha256(tc_slice(NULL, 0), ret->bytes);
	return range(&source, 0, size, ret);
}

/* The largest power of two below `count`, which is at least 2. */
static uint64_t split(uint64_t count)
{
	return (uint64_t)1 << highest_bit(count - 1);
}

static void reverse(struct tree_hash *hashes, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct tree_hash kept = hashes[i];

		hashes[i] = hashes[count - 1 - i];
		hashes[count - 1 - i] = kept;
	}
}

int tree_inclusion(tree_reader read, void *context, uint64_t index, uint64_t size,
		   struct tree_hash *ret, size_t *ret_count)
{
	struct source source = {read, context};
	uint64_t start = 0;
	uint64_t end = size;
	size_t count = 0;
	int r;

	if (index >= size)
		return TC_EINVAL;
	while (end - start > 1) {
		uint64_t middle = start + split(end - start);

		if (index < middle) {
			r = range(&source, middle, end - middle, &ret[count++]);
			end = middle;
		} else {
			r = range(&source, start, middle - start, &ret[count++]);
			start = middle;
		}
		if (r)
			return r;
	}
	reverse(ret, count);
	*ret_count = count;
	return 0;
}

int tree_consistency(tree_reader read, void *context, uint64_t old_size, uint64_t new_size,
		     struct tree_hash *ret, size_t *ret_count)
{
	struct source source = {read, context};
	uint64_t start = 0;
	uint64_t end = new_size;
	size_t count = 0;
	int r = 0;

	if (old_size > new_size)
		return TC_EINVAL;
	*ret_count = 0;
	if (old_size == 0 || old_size == new_size)
		return 0;
	while (r == 0 && end != old_size) {
		uint64_t middle = start + split(end - start);

		if (old_size <= middle) {
			r = range(&source, middle, end - middle, &ret[count++]);
			end = middle;
		} else {
			r = range(&source, start, middle - start, &ret[count++]);
			start = middle;
		}
	}
	/* What the old tree ends with; all of it needs no telling. */
	if (r == 0 && start > 0)
		r = range(&source, start, end - start, &ret[count++]);
	if (r)
		return r;
	reverse(ret, count);
	*ret_count = count;
	return 0;
}
