/*
 * merkle - the hash tree of RFC 6962 section 2.1.
 *
 * Two uses: the headers that were submitted together are the leaves of a small tree
 * whose root the sender signs (struct tc_merkle_tree, at most TC_ENVELOPES_MAX
 * leaves, all on the stack), and a path of any tree can be verified.
 *
 * Owner: any thread. Blocks: never. Faults: those of digest.h.
 */
#ifndef WIRE_MERKLE_H
#define WIRE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/limits.h"

#define TC_MERKLE_LEVELS_MAX 7 /* of a tree of 64 leaves */
#define TC_MERKLE_NODES_MAX  (2 * TC_ENVELOPES_MAX + TC_MERKLE_LEVELS_MAX)

enum tc_merkle_outcome {
	TC_MERKLE_MISMATCH = 1, /* the path does not lead to that root, or cannot be one */
};

struct tc_merkle_hash {
	uint8_t bytes[TC_DIGEST_BYTES];
};

/* Every node of a small tree, level by level from the leaves. */
struct tc_merkle_tree {
	size_t leaf_count;
	size_t level_count;
	size_t level_start[TC_MERKLE_LEVELS_MAX];
	size_t level_size[TC_MERKLE_LEVELS_MAX];
	struct tc_merkle_hash nodes[TC_MERKLE_NODES_MAX];
};

struct tc_merkle_path {
	size_t leaf_index;
	size_t leaf_count;
	size_t hash_count;
	struct tc_merkle_hash hashes[TC_PATH_HASHES_MAX];
};

/* SHA-256(0x00 || entry) and SHA-256(0x01 || left || right). */
int tc_merkle_leaf(struct tc_slice entry, struct tc_merkle_hash *ret) TC_MUST_CHECK;
int tc_merkle_node(const struct tc_merkle_hash *left, const struct tc_merkle_hash *right,
		   struct tc_merkle_hash *ret) TC_MUST_CHECK;

/* The tree over `entries`; 1..TC_ENVELOPES_MAX of them, else TC_EINVAL. */
int tc_merkle_tree_build(const struct tc_slice *entries, size_t count,
			 struct tc_merkle_tree *ret) TC_MUST_CHECK;
const struct tc_merkle_hash *tc_merkle_tree_root(const struct tc_merkle_tree *tree);
/* The audit path of one leaf; `leaf_index` must be of the tree. */
void tc_merkle_tree_path(const struct tc_merkle_tree *tree, size_t leaf_index,
			 struct tc_merkle_path *ret);

/*
 * Climbs from a leaf hash along `hashes` (bottom up) as RFC 9162 section 2.1.3.2 says and gives
 * the root that it arrives at. TC_MERKLE_MISMATCH when index, size and number of hashes cannot
 * belong together; compare the root yourself.
 */
int tc_merkle_path_climb(const struct tc_merkle_hash *leaf, uint64_t leaf_index,
			 uint64_t leaf_count, const struct tc_merkle_hash *hashes,
			 size_t hash_count, struct tc_merkle_hash *ret_root) TC_MUST_CHECK;

/*
 * That the tree of `new_size` leaves begins with the tree of `old_size` leaves, as RFC 9162
 * section 2.1.4.2 says; with an old size of 0 or equal sizes there are no hashes. 0 or
 * TC_MERKLE_MISMATCH.
 */
int tc_merkle_consistency_verify(uint64_t old_size, uint64_t new_size,
				 const struct tc_merkle_hash *old_root,
				 const struct tc_merkle_hash *new_root,
				 const struct tc_merkle_hash *hashes, size_t count) TC_MUST_CHECK;

#endif
