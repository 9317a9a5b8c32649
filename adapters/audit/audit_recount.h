/*
 * audit_recount - RFC 6962's tree over a log, counted again from its entries.
 *
 * Entries go in one after the other; tiles come out as they fill, and the root of what is in so
 * far can be asked at any time. Written for verifying: it shares no code with the tree that the
 * exchange keeps.
 *
 * Owner:  any thread. Blocks: never. Faults: those of digest.h.
 */
#ifndef AUDIT_AUDIT_RECOUNT_H
#define AUDIT_AUDIT_RECOUNT_H

#include "audit/audit_tile.h"
#include "wire/merkle.h"

struct tc_audit_recount {
	uint64_t size;
	/* The hashes of each level's tile that is being filled. */
	struct tc_merkle_hash edge[TC_AUDIT_LEVELS_MAX][TC_AUDIT_TILE_HASHES];
};

/* A full tile, on its way to be written or compared. 0 goes on; anything else ends the call. */
typedef int (*tc_audit_tile_taker)(void *context, const struct tc_audit_tile *tile,
				   struct tc_slice hashes);

/* Heap, because of its size (64 KiB). Empty. */
int tc_audit_recount_new(struct tc_audit_recount **ret) TC_MUST_CHECK;
void tc_audit_recount_free(struct tc_audit_recount **recount);

/* The leaf hash of the next entry; `take` is called for each tile that it completes, the lowest
 * first. 0, a fault, or what `take` returned. */
int tc_audit_recount_add(struct tc_audit_recount *recount, const struct tc_merkle_hash *leaf,
			 tc_audit_tile_taker take, void *context) TC_MUST_CHECK;
/* The tiles that are not full. */
int tc_audit_recount_end(const struct tc_audit_recount *recount, tc_audit_tile_taker take,
			 void *context) TC_MUST_CHECK;

/* The root over the `size` entries so far; of none, SHA-256 of nothing. */
int tc_audit_recount_root(const struct tc_audit_recount *recount,
			  struct tc_merkle_hash *ret) TC_MUST_CHECK;

/* The hash of a full tile, which stands in the tile above it. */
int tc_audit_tile_hash(const struct tc_merkle_hash hashes[TC_AUDIT_TILE_HASHES],
		       struct tc_merkle_hash *ret) TC_MUST_CHECK;

#endif
