/*
 * audit_tile - which tiles a log of some size has, and where their files lie (C2SP tlog-tiles).
 *
 * Height 8: a tile of level L holds up to 256 hashes of subtrees of 256^L entries; a bundle holds
 * the entries themselves, each behind its length in two bytes.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef AUDIT_AUDIT_TILE_H
#define AUDIT_AUDIT_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define TC_AUDIT_TILE_HASHES 256
#define TC_AUDIT_LEVELS_MAX  8
#define TC_AUDIT_HASH_BYTES  32
#define TC_AUDIT_TILE_BYTES  (TC_AUDIT_TILE_HASHES * TC_AUDIT_HASH_BYTES)
/* Of one entry, with its length. Ours have 68. */
#define TC_AUDIT_ENTRY_BYTES_MAX  65535
#define TC_AUDIT_BUNDLE_BYTES_MAX (TC_AUDIT_TILE_HASHES * (TC_AUDIT_ENTRY_BYTES_MAX + 2))
#define TC_AUDIT_NAME_BYTES       64 /* of a tile's path below the folder */

struct tc_audit_tile {
	uint8_t level;
	bool entries; /* a bundle; level 0 */
	uint64_t number;
	uint32_t width; /* 1..256 */
};

/* Hashes at `level` in a log of `size`. */
uint64_t tc_audit_level_hashes(uint64_t size, uint8_t level);
/* Tiles of that level, the partial one too, and how wide the tile `number` is (0: there is none).
 */
uint64_t tc_audit_level_tiles(uint64_t size, uint8_t level);
uint32_t tc_audit_tile_width(uint64_t size, uint8_t level, uint64_t number);
/* Levels that have any tile: 0 for an empty log. */
unsigned tc_audit_levels(uint64_t size);

/* "tile/0/x001/234.p/7", "tile/entries/000". */
void tc_audit_tile_name(const struct tc_audit_tile *tile, char to[TC_AUDIT_NAME_BYTES]);

/* Takes the next entry off the front of a bundle. False: it is cut off, or there is none. */
bool tc_audit_bundle_next(struct tc_slice *bundle, struct tc_slice *ret);

#endif
