/*
 * person_tree - the tree over the heads of all persons (disclosure.h), by the bits of their tags.
 *
 *   leaf    = SHA-256("throughcare/head/v1\n" || subject || u64be count || head)
 *   subtree = 32 zero bytes when nobody is in it; from depth 16 on, with one person in it,
 *             SHA-256(0x02 || tag || leaf); else SHA-256(0x01 || left || right)
 *
 * So a person's place is known beforehand, and that nobody is there can be proven as well. The
 * 65,536 subtrees at depth 16 are buckets: made anew from the heads when one of theirs changed.
 *
 * Pure. Owner: the caller. Blocks: never.
 */
#ifndef TRAIL_PERSON_TREE_H
#define TRAIL_PERSON_TREE_H

#include <stdbool.h>

#include "trail/disclosure.h"

#define PERSON_TREE_HASH_BYTES DISCLOSURE_HASH_BYTES
#define PERSON_TREE_DEPTH_MAX  64
#define PERSON_TREE_BUCKET     16 /* depth of the buckets */
#define PERSON_TREE_TILE       256
#define PERSON_TREE_TILE_DEPTH 8

struct person_leaf {
	uint64_t tag;
	uint8_t hash[PERSON_TREE_HASH_BYTES];
};

/* Neighbours at one depth. */
struct person_tile {
	uint8_t nodes[PERSON_TREE_TILE][PERSON_TREE_HASH_BYTES];
};

/* From a place up to the root. */
struct person_way {
	size_t count;
	uint8_t hashes[PERSON_TREE_DEPTH_MAX][PERSON_TREE_HASH_BYTES];
};

int person_leaf_make(uint64_t tag, struct tc_id subject, const struct disclosure_head *head,
		     struct person_leaf *ret) TC_MUST_CHECK;
/* Of the leaves below one node, sorted by tag. */
int person_tree_hash(const struct person_leaf *leaves, size_t count, unsigned depth,
		     uint8_t ret[PERSON_TREE_HASH_BYTES]) TC_MUST_CHECK;
/* The way of `tag` up to its bucket, of which these are the leaves. *ret_there is who stands at
 * its end, NULL: nobody. */
int person_tree_way(const struct person_leaf *leaves, size_t count, uint64_t tag,
		    struct person_way *ret, const struct person_leaf **ret_there) TC_MUST_CHECK;
/* What 256 nodes of one depth amount to, eight levels up; and with `way` the part of it from node
 * `at`, which is appended. */
int person_tree_fold(const struct person_tile *tile, size_t at, struct person_way *way,
		     uint8_t ret[PERSON_TREE_HASH_BYTES]) TC_MUST_CHECK;

#endif
