#include "query/tiles.h"

#include <string.h>

#define ENTRY_BYTES (2 + RECORD_LEAF_BYTES) /* with its length */

/* The leaf entries of one bundle, each behind its length. */
static int bundle_fill(const struct question *question, struct answer *answer, uint64_t first,
		       size_t width, ProtobufCBinaryData *ret)
{
	struct journal_leaf leaves[TREE_TILE_HASHES];
	uint8_t *to = arena_take(&answer->arena, width * ENTRY_BYTES);
	size_t count;
	int r;

	if (to == NULL)
		return TC_ENOMEM;
	r = journal_read_leaves(question->journal, first, width, leaves, &count);
	if (r != 0 || count != width)
		return r < 0 ? r : TC_ECORRUPT;
	*ret = (ProtobufCBinaryData){.len = width * ENTRY_BYTES, .data = to};
	for (size_t i = 0; i < width; i++, to += ENTRY_BYTES) {
		tc_put_be16(to, RECORD_LEAF_BYTES);
		record_leaf_entry(leaves[i].time_ms, first + i, leaves[i].commitment, to + 2);
	}
	return 0;
}

static int tile_make(const struct question *question, struct answer *answer, uint8_t level,
		     uint64_t number, struct tc_slice hashes, Throughcare__V1__TrailTile **ret)
{
	bool entries = question->query->trail_tiles->entries;
	size_t width = hashes.len / TREE_HASH_BYTES;
	Throughcare__V1__TrailTile *tile = arena_take(&answer->arena, sizeof(*tile));
	int r = 0;

	if (tile == NULL)
		return TC_ENOMEM;
	throughcare__v1__trail_tile__init(tile);
	tile->has_level = 1;
	tile->level = level;
	tile->has_number = 1;
	tile->number = number;
	tile->has_width = 1;
	tile->width = (uint32_t)width;
	tile->has_entries = 1;
	tile->entries = entries;
	tile->has_data = 1;
	/* Hashes are borrowed from the tree's snapshot, which stays until the answer is packed. */
	tile->data =
		(ProtobufCBinaryData){.len = hashes.len, .data = (uint8_t *)(uintptr_t)hashes.data};
	if (entries)
		r = bundle_fill(question, answer, number * TREE_TILE_HASHES, width, &tile->data);
	*ret = tile;
	return r;
}

static int field_invalid(struct answer *answer, const char *field)
{
	return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "trail_tiles.%s", field);
}

int tiles_list(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__TrailTilesQuery *asked = question->query->trail_tiles;
	Throughcare__V1__QueryReply *reply = &answer->reply;

	if (asked->level >= TREE_LEVELS || (asked->entries && asked->level != 0))
		return field_invalid(answer, "level");
	if (asked->count < 1 || asked->count > TILES_MAX)
		return field_invalid(answer, "count");
	if (asked->first > UINT64_MAX / TREE_TILE_HASHES - TILES_MAX)
		return field_invalid(answer, "first");
	if (question->tree == NULL || asked->size > tree_view_size(question->tree))
		return tc_refuse(&answer->refusal, TC_REFUSAL_NO_CHECKPOINT, "%s", "");
	reply->tiles = answer_array(answer, asked->count);
	if (reply->tiles == NULL)
		return TC_ENOMEM;
	for (uint64_t number = asked->first; number < asked->first + asked->count; number++) {
		struct tc_slice hashes;
		int r = tree_view_tile(question->tree, (uint8_t)asked->level, number, asked->size,
				       &hashes);

		if (r == TREE_UNKNOWN)
			return 0;
		if (r == 0)
			r = tile_make(question, answer, (uint8_t)asked->level, number, hashes,
				      &reply->tiles[reply->n_tiles]);
		if (r != 0)
			return r;
		reply->n_tiles++;
	}
	return 0;
}
