#include "wire/merkle.h"

#include <string.h>

#include "base/check.h"
#include "wire/digest.h"

int tc_merkle_leaf(struct tc_slice entry, struct tc_merkle_hash *ret)
{
	static const uint8_t prefix = 0x00;
	struct tc_slice pieces[] = {tc_slice(&prefix, 1), entry};

	return tc_sha256_pieces(pieces, 2, ret->bytes);
}

int tc_merkle_node(const struct tc_merkle_hash *left, const struct tc_merkle_hash *right,
		   struct tc_merkle_hash *ret)
{
	static const uint8_t prefix = 0x01;
	struct tc_slice pieces[] = {tc_slice(&prefix, 1),
				    tc_slice(left->bytes, sizeof(left->bytes)),
				    tc_slice(right->bytes, sizeof(right->bytes))};

	return tc_sha256_pieces(pieces, 3, ret->bytes);
}

/* RFC 6962 splits at the largest power of two below the size; level by level that is: pair up
 * neighbours, and pass a last one without a neighbour up as it is. */
int tc_merkle_tree_build(const struct tc_slice *entries, size_t count, struct tc_merkle_tree *ret)
{
	size_t start = 0;
	size_t size = count;
	int r;

	if (count < 1 || count > TC_ENVELOPES_MAX)
		return TC_EINVAL;
	ret->leaf_count = count;
	ret->level_count = 0;
	for (size_t i = 0; i < count; i++) {
		r = tc_merkle_leaf(entries[i], &ret->nodes[i]);
		if (r < 0)
			return r;
	}
	for (;;) {
		struct tc_merkle_hash *level = &ret->nodes[start];
		struct tc_merkle_hash *above = level + size;

		TC_CHECK(ret->level_count < TC_MERKLE_LEVELS_MAX);
		ret->level_start[ret->level_count] = start;
		ret->level_size[ret->level_count] = size;
		ret->level_count++;
		if (size == 1)
			return 0;
		for (size_t i = 0; i + 1 < size; i += 2) {
			r = tc_merkle_node(&level[i], &level[i + 1], &above[i / 2]);
			if (r < 0)
				return r;
		}
		if (size % 2 == 1)
			above[size / 2] = level[size - 1];
		start += size;
		size = (size + 1) / 2;
	}
}

const struct tc_merkle_hash *tc_merkle_tree_root(const struct tc_merkle_tree *tree)
{
	return &tree->nodes[tree->level_start[tree->level_count - 1]];
}

void tc_merkle_tree_path(const struct tc_merkle_tree *tree, size_t leaf_index,
			 struct tc_merkle_path *ret)
{
	size_t index = leaf_index;

	TC_CHECK(leaf_index < tree->leaf_count);
	ret->leaf_index = leaf_index;
	ret->leaf_count = tree->leaf_count;
	ret->hash_count = 0;
	for (size_t i = 0; i + 1 < tree->level_count; i++) {
		size_t sibling = index ^ 1;

		if (sibling < tree->level_size[i])
			ret->hashes[ret->hash_count++] =
				tree->nodes[tree->level_start[i] + sibling];
		index /= 2;
	}
}

int tc_merkle_path_climb(const struct tc_merkle_hash *leaf, uint64_t leaf_index,
			 uint64_t leaf_count, const struct tc_merkle_hash *hashes,
			 size_t hash_count, struct tc_merkle_hash *ret_root)
{
	struct tc_merkle_hash node = *leaf;
	uint64_t index = leaf_index;
	uint64_t last;
	int r;

	if (leaf_index >= leaf_count)
		return TC_MERKLE_MISMATCH;
	last = leaf_count - 1;
	for (size_t i = 0; i < hash_count; i++) {
		if (last == 0)
			return TC_MERKLE_MISMATCH;
		if (index % 2 == 1 || index == last) {
			r = tc_merkle_node(&hashes[i], &node, &node);
			while (index % 2 == 0 && index != 0) {
				index >>= 1;
				last >>= 1;
			}
		} else {
			r = tc_merkle_node(&node, &hashes[i], &node);
		}
		if (r < 0)
			return r;
		index >>= 1;
		last >>= 1;
	}
	if (last != 0)
		return TC_MERKLE_MISMATCH;
	*ret_root = node;
	return 0;
}

static bool same(const struct tc_merkle_hash *a, const struct tc_merkle_hash *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The last leaves of both trees as they are seen while climbing. */
struct climb {
	uint64_t old_last, new_last;
};

static void climb_up(struct climb *climb)
{
	climb->old_last >>= 1;
	climb->new_last >>= 1;
}

int tc_merkle_consistency_verify(uint64_t old_size, uint64_t new_size,
				 const struct tc_merkle_hash *old_root,
				 const struct tc_merkle_hash *new_root,
				 const struct tc_merkle_hash *hashes, size_t count)
{
	struct climb climb = {old_size - 1, new_size - 1};
	struct tc_merkle_hash old_node, new_node;
	size_t next = 0;
	int r = 0;

	if (old_size == 0 || old_size == new_size)
		return count == 0 && (old_size == 0 || same(old_root, new_root))
			       ? 0
			       : TC_MERKLE_MISMATCH;
	if (old_size > new_size || count == 0)
		return TC_MERKLE_MISMATCH;
	/* A whole old tree is its own first node; else the first hash is. */
	old_node = (old_size & (old_size - 1)) == 0 ? *old_root : hashes[next++];
	new_node = old_node;
	while (climb.old_last % 2 == 1)
		climb_up(&climb);
	for (; r == 0 && next < count; next++) {
		if (climb.new_last == 0)
			return TC_MERKLE_MISMATCH;
		if (climb.old_last % 2 == 1 || climb.old_last == climb.new_last) {
			r = tc_merkle_node(&hashes[next], &old_node, &old_node);
			if (r == 0)
				r = tc_merkle_node(&hashes[next], &new_node, &new_node);
			while (climb.old_last % 2 == 0 && climb.old_last != 0)
				climb_up(&climb);
		} else {
			r = tc_merkle_node(&new_node, &hashes[next], &new_node);
		}
		climb_up(&climb);
	}
	if (r < 0)
		return r;
	return climb.new_last == 0 && same(&old_node, old_root) && same(&new_node, new_root)
		       ? 0
		       : TC_MERKLE_MISMATCH;
}
