/*
 * tree - the hash tree of RFC 6962 over the log: how it grows, and what it proves.
 *
 * Kept are tiles as of C2SP tlog-tiles: tile `number` of `level` holds the hashes at height
 * 8 * level with the indexes number * 256 and up, 256 of them when it is full. Every other
 * hash follows from those. Nothing is read from disk here: a reader gives the tiles.
 *
 * The verifier at the agencies has code of its own for the same tree (wire/merkle.h); this
 * one shares none of it, so that one mistake cannot be made on both sides.
 *
 * Owner: the caller. Blocks: as its reader does. Faults: of digest.h and of the reader.
 */
#ifndef TRAIL_TREE_H
#define TRAIL_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define TREE_HASH_BYTES  32
#define TREE_TILE_HASHES 256
#define TREE_TILE_BITS   8
#define TREE_LEVELS      8
#define TREE_PROOF_MAX   65 /* hashes */

struct tree_hash {
	uint8_t bytes[TREE_HASH_BYTES];
};

/* Gives the hashes of a tile, as many as it has. */
typedef int (*tree_reader)(void *context, uint8_t level, uint64_t number, struct tc_slice *ret);
/* Told each hash that belongs into a tile, `index` within its level, in order. */
typedef int (*tree_taker)(void *context, uint8_t level, uint64_t index,
			  const struct tree_hash *hash);

/* The right edge: for each bit of `size` the hash of that many leaves. */
struct tree_frontier {
	uint64_t size;
	struct tree_hash nodes[64];
};

/* Where the tree of `size` leaves goes on. */
int tree_frontier_load(tree_reader read, void *context, uint64_t size,
		       struct tree_frontier *ret) TC_MUST_CHECK;
/* SHA-256(0x00 || entry). */
int tree_leaf(struct tc_slice entry, struct tree_hash *ret) TC_MUST_CHECK;
/* SHA-256(0x01 || left || right); *ret may be one of them. */
int tree_node(const struct tree_hash *left, const struct tree_hash *right,
	      struct tree_hash *ret) TC_MUST_CHECK;
int tree_append(struct tree_frontier *frontier, const struct tree_hash *leaf, tree_taker take,
		void *context) TC_MUST_CHECK;

/* The root of the first `size` leaves. */
int tree_root(tree_reader read, void *context, uint64_t size, struct tree_hash *ret) TC_MUST_CHECK;
/* RFC 9162 section 2.1.3, from the leaf up; index < size. At most TREE_PROOF_MAX hashes. */
int tree_inclusion(tree_reader read, void *context, uint64_t index, uint64_t size,
		   struct tree_hash *ret, size_t *ret_count) TC_MUST_CHECK;
/* RFC 9162 section 2.1.4; old_size <= new_size. None with an old size of 0 or equal sizes. */
int tree_consistency(tree_reader read, void *context, uint64_t old_size, uint64_t new_size,
		     struct tree_hash *ret, size_t *ret_count) TC_MUST_CHECK;

#endif
