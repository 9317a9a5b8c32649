#include "trail/person_tree.h"

#include <string.h>

#include "base/check.h"
#include "wire/digest.h"

static const uint8_t nobody[PERSON_TREE_HASH_BYTES];

int person_leaf_make(uint64_t tag, struct tc_id subject, const struct disclosure_head *head,
		     struct person_leaf *ret)
{
	uint8_t count[8];
	const struct tc_slice pieces[] = {
		tc_slice_text("throughcare/head/v1\n"),
		tc_slice(subject.bytes, sizeof(subject.bytes)),
		tc_slice(count, sizeof(count)),
		tc_slice(head->hash, sizeof(head->hash)),
	};

	ret->tag = tag;
	tc_put_be64(count, head->count);
	return tc_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), ret->hash);
}

static int node_hash(const uint8_t left[PERSON_TREE_HASH_BYTES],
		     const uint8_t right[PERSON_TREE_HASH_BYTES],
		     uint8_t ret[PERSON_TREE_HASH_BYTES])
{
	static const uint8_t prefix = 0x01;
	const struct tc_slice pieces[] = {tc_slice(&prefix, 1),
					  tc_slice(left, PERSON_TREE_HASH_BYTES),
					  tc_slice(right, PERSON_TREE_HASH_BYTES)};

	if (memcmp(left, nobody, sizeof(nobody)) == 0 &&
	    memcmp(right, nobody, sizeof(nobody)) == 0) {
		memset(ret, 0, PERSON_TREE_HASH_BYTES);
		return 0;
	}
	return tc_sha256_pieces(pieces, 3, ret);
}

static int lone_hash(const struct person_leaf *leaf, uint8_t ret[PERSON_TREE_HASH_BYTES])
{
	static const uint8_t prefix = 0x02;
	uint8_t tag[8];
	const struct tc_slice pieces[] = {tc_slice(&prefix, 1), tc_slice(tag, sizeof(tag)),
					  tc_slice(leaf->hash, sizeof(leaf->hash))};

	tc_put_be64(tag, leaf->tag);
	return tc_sha256_pieces(pieces, 3, ret);
}

static bool bit_of(uint64_t tag, unsigned depth)
{
	return tag >> (PERSON_TREE_DEPTH_MAX - 1 - depth) & 1;
}

/* How many stand on the left below a node at `depth`. */
static size_t split(const struct person_leaf *leaves, size_t count, unsigned depth)
{
	size_t left = 0;

	while (left < count && !bit_of(leaves[left].tag, depth))
		left++;
	return left;
}

/* Whom not even all bits of their tags keep apart. */
static int chain_hash(const struct person_leaf *leaves, size_t count,
		      uint8_t ret[PERSON_TREE_HASH_BYTES])
{
	uint8_t next[PERSON_TREE_HASH_BYTES];
	int r = lone_hash(&leaves[0], ret);

	for (size_t i = 1; r == 0 && i < count; i++) {
		r = lone_hash(&leaves[i], next);
		if (r == 0)
			r = node_hash(ret, next, ret);
	}
	return r;
}

int person_tree_hash(const struct person_leaf *leaves, size_t count, unsigned depth,
		     uint8_t ret[PERSON_TREE_HASH_BYTES])
{
	uint8_t sides[2][PERSON_TREE_HASH_BYTES];
	size_t left;
	int r;

	if (count == 0) {
		memset(ret, 0, PERSON_TREE_HASH_BYTES);
		return 0;
	}
	if (count == 1 && depth >= PERSON_TREE_BUCKET)
		return lone_hash(&leaves[0], ret);
	if (depth == PERSON_TREE_DEPTH_MAX)
		return chain_hash(leaves, count, ret);
	left = split(leaves, count, depth);
	r = person_tree_hash(leaves, left, depth + 1, sides[0]);
	if (r == 0)
		r = person_tree_hash(leaves + left, count - left, depth + 1, sides[1]);
	return r == 0 ? node_hash(sides[0], sides[1], ret) : r;
}

int person_tree_way(const struct person_leaf *leaves, size_t count, uint64_t tag,
		    struct person_way *ret, const struct person_leaf **ret_there)
{
	unsigned depth = PERSON_TREE_BUCKET;

	ret->count = 0;
	for (; count > 1 && depth < PERSON_TREE_DEPTH_MAX; depth++) {
		size_t left = split(leaves, count, depth);
		bool right = bit_of(tag, depth);
		int r = person_tree_hash(right ? leaves : leaves + left,
					 right ? left : count - left, depth + 1,
					 ret->hashes[ret->count++]);

		if (r < 0)
			return r;
		leaves = right ? leaves + left : leaves;
		count = right ? count - left : left;
	}
	/* They were found from the top. */
	for (size_t i = 0; i < ret->count / 2; i++) {
		uint8_t other[PERSON_TREE_HASH_BYTES];

		memcpy(other, ret->hashes[i], sizeof(other));
		memcpy(ret->hashes[i], ret->hashes[ret->count - 1 - i], sizeof(other));
		memcpy(ret->hashes[ret->count - 1 - i], other, sizeof(other));
	}
	*ret_there = count > 0 ? leaves : NULL;
	return 0;
}

int person_tree_fold(const struct person_tile *tile, size_t at, struct person_way *way,
		     uint8_t ret[PERSON_TREE_HASH_BYTES])
{
	struct person_tile level = *tile;
	int r = 0;

	for (size_t width = PERSON_TREE_TILE; width > 1; width /= 2, at /= 2) {
		if (way != NULL) {
			TC_CHECK(way->count < PERSON_TREE_DEPTH_MAX);
			memcpy(way->hashes[way->count++], level.nodes[at ^ 1],
			       PERSON_TREE_HASH_BYTES);
		}
		for (size_t i = 0; r == 0 && i < width / 2; i++)
			r = node_hash(level.nodes[2 * i], level.nodes[2 * i + 1], level.nodes[i]);
	}
	memcpy(ret, level.nodes[0], PERSON_TREE_HASH_BYTES);
	return r;
}
