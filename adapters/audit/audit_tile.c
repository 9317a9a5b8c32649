#include "audit/audit_tile.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t tc_audit_level_hashes(uint64_t size, uint8_t level)
{
	return level < TC_AUDIT_LEVELS_MAX ? size >> (8 * level) : 0;
}

uint64_t tc_audit_level_tiles(uint64_t size, uint8_t level)
{
	uint64_t hashes = tc_audit_level_hashes(size, level);

	return hashes / TC_AUDIT_TILE_HASHES + (hashes % TC_AUDIT_TILE_HASHES != 0);
}

uint32_t tc_audit_tile_width(uint64_t size, uint8_t level, uint64_t number)
{
	uint64_t hashes = tc_audit_level_hashes(size, level);
	uint64_t full = hashes / TC_AUDIT_TILE_HASHES;

	if (number < full)
		return TC_AUDIT_TILE_HASHES;
	return number == full ? (uint32_t)(hashes % TC_AUDIT_TILE_HASHES) : 0;
}

unsigned tc_audit_levels(uint64_t size)
{
	unsigned levels = 0;

	while (levels < TC_AUDIT_LEVELS_MAX && tc_audit_level_hashes(size, (uint8_t)levels) > 0)
		levels++;
	return levels;
}

/* Groups of three digits, all but the last behind an x. */
static int number_put(uint64_t number, char *to, size_t room)
{
	if (number < 1000)
		return snprintf(to, room, "%03u", (unsigned)number);

	char ahead[TC_AUDIT_NAME_BYTES] = "";
	for (uint64_t rest = number / 1000;; rest /= 1000) {
		char group[TC_AUDIT_NAME_BYTES];

		snprintf(group, sizeof(group), "x%03u/%.40s", (unsigned)(rest % 1000), ahead);
		snprintf(ahead, sizeof(ahead), "%s", group);
		if (rest < 1000)
			break;
	}
	return snprintf(to, room, "%s%03u", ahead, (unsigned)(number % 1000));
}

void tc_audit_tile_name(const struct tc_audit_tile *tile, char to[TC_AUDIT_NAME_BYTES])
{
	int used = tile->entries ? snprintf(to, TC_AUDIT_NAME_BYTES, "tile/entries/")
				 : snprintf(to, TC_AUDIT_NAME_BYTES, "tile/%u/", tile->level);

	used += number_put(tile->number, to + used, TC_AUDIT_NAME_BYTES - (size_t)used);
	if (tile->width < TC_AUDIT_TILE_HASHES)
		snprintf(to + used, TC_AUDIT_NAME_BYTES - (size_t)used, ".p/%u", tile->width);
}

bool tc_audit_bundle_next(struct tc_slice *bundle, struct tc_slice *ret)
{
	if (bundle->len < 2)
		return false;
	size_t len = tc_get_be16(bundle->data);
	if (bundle->len - 2 < len)
		return false;
	*ret = tc_slice(bundle->data + 2, len);
	*bundle = tc_slice(bundle->data + 2 + len, bundle->len - 2 - len);
	return true;
}
