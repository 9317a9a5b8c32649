/*
 * tree_store_internal - what the store of the tree and its views share.
 *
 * Inside broker/trail only.
 *
 * Owner: as tree_store.h. Views use store and tables, which do not change while it is open.
 * Blocks: as tree_store.h.
 */
#ifndef TRAIL_TREE_STORE_INTERNAL_H
#define TRAIL_TREE_STORE_INTERNAL_H

#include "store/store.h"
#include "store/store_key.h"
#include "trail/tree_store.h"

#define TREE_TILE_BYTES (TREE_TILE_HASHES * TREE_HASH_BYTES)

struct tree_tables {
	struct store_table tiles, checkpoints, meta;
};

/* A tile at the right edge, as it is being filled. */
struct tree_edge {
	uint64_t number;
	size_t hashes;
	bool changed;
	uint8_t bytes[TREE_TILE_BYTES];
};

struct tree_store {
	struct store *store;
	struct tree_tables tables;
	char *origin;
	uint64_t size; /* committed */
	bool loaded;   /* frontier and edges are those of `size` */
	struct tree_frontier frontier;
	struct tree_edge edges[TREE_LEVELS];
	struct store_txn *txn; /* while it grows */
	/* Checkpoints from this size on have not been thinned out, and how many these are. */
	uint64_t thin_from;
	uint64_t unthinned;
	int64_t last_hour; /* of the newest that was thinned out and stays */
};

struct store_key tree_tile_key(uint8_t level, uint64_t number);

/* What a tree_reader needs to read in a transaction. */
struct tree_source {
	struct store_txn *txn;
	const struct tree_tables *tables;
};

/* A tree_reader over struct tree_source. */
int tree_source_read(void *context, uint8_t level, uint64_t number, struct tc_slice *ret);
/* The stored size; 0 when nothing is stored. */
int tree_source_size(const struct tree_source *source, uint64_t *ret) TC_MUST_CHECK;

#endif
