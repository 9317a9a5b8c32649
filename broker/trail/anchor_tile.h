/*
 * anchor_tile - 256 hashes of the tree over all persons, as they were at an anchor.
 *
 * Owner: that of the transaction. Blocks: never.
 */
#ifndef TRAIL_ANCHOR_TILE_H
#define TRAIL_ANCHOR_TILE_H

#include "store/store.h"
#include "trail/person_tree.h"

#define ANCHOR_TILE_TOP 256

/* All zero when there was none. 0 or a fault. */
int anchor_tile_read(struct store_txn *txn, struct store_table tiles, size_t number, uint64_t at,
		     struct person_tile *ret) TC_MUST_CHECK;
/* Lets go of what no anchor from `keep_from` on needs. 0, STORE_FULL or a fault. */
int anchor_tile_write(struct store_txn *txn, struct store_table tiles, size_t number, uint64_t at,
		      uint64_t keep_from, const struct person_tile *tile) TC_MUST_CHECK;

#endif
