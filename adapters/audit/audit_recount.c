#include "audit/audit_recount.h"

#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"

int tc_audit_recount_new(struct tc_audit_recount **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : TC_ENOMEM;
}

void tc_audit_recount_free(struct tc_audit_recount **recount)
{
	free(*recount);
	*recount = NULL;
}

int tc_audit_tile_hash(const struct tc_merkle_hash hashes[TC_AUDIT_TILE_HASHES],
		       struct tc_merkle_hash *ret)
{
	struct tc_merkle_hash level[TC_AUDIT_TILE_HASHES / 2];
	const struct tc_merkle_hash *below = hashes;

	for (size_t count = TC_AUDIT_TILE_HASHES / 2; count > 0; count /= 2) {
		for (size_t i = 0; i < count; i++) {
			int r = tc_merkle_node(&below[2 * i], &below[2 * i + 1], &level[i]);
			if (r < 0)
				return r;
		}
		below = level;
	}
	*ret = level[0];
	return 0;
}

static struct tc_slice hashes_slice(const struct tc_merkle_hash *hashes, uint64_t count)
{
	return tc_slice(hashes, (size_t)count * sizeof(*hashes));
}

int tc_audit_recount_add(struct tc_audit_recount *recount, const struct tc_merkle_hash *leaf,
			 tc_audit_tile_taker take, void *context)
{
	struct tc_merkle_hash hash = *leaf;
	uint64_t place = recount->size;

	recount->size++;
	for (uint8_t level = 0; level < TC_AUDIT_LEVELS_MAX; level++) {
		struct tc_merkle_hash *edge = recount->edge[level];
		struct tc_audit_tile tile = {.level = level,
					     .number = place / TC_AUDIT_TILE_HASHES,
					     .width = TC_AUDIT_TILE_HASHES};

		edge[place % TC_AUDIT_TILE_HASHES] = hash;
		if (place % TC_AUDIT_TILE_HASHES != TC_AUDIT_TILE_HASHES - 1)
			break;
		int r = take(context, &tile, hashes_slice(edge, TC_AUDIT_TILE_HASHES));
		if (r == 0)
			r = tc_audit_tile_hash(edge, &hash);
		if (r != 0)
			return r;
		place /= TC_AUDIT_TILE_HASHES;
	}
	return 0;
}

int tc_audit_recount_end(const struct tc_audit_recount *recount, tc_audit_tile_taker take,
			 void *context)
{
	for (uint8_t level = 0; level < tc_audit_levels(recount->size); level++) {
		uint64_t hashes = tc_audit_level_hashes(recount->size, level);
		struct tc_audit_tile tile = {.level = level,
					     .number = hashes / TC_AUDIT_TILE_HASHES,
					     .width = (uint32_t)(hashes % TC_AUDIT_TILE_HASHES)};
		if (tile.width == 0)
			continue;
		int r = take(context, &tile, hashes_slice(recount->edge[level], tile.width));
		if (r != 0)
			return r;
	}
	return 0;
}

/* RFC 6962 hangs each perfect subtree to the left of all that follows: from the right edge up, the
 * root is node(subtree, what is to its right). The perfect subtrees of a partial tile are at most
 * eight, one for each bit of its width. */
static int tile_fold(const struct tc_merkle_hash *hashes, uint32_t width,
		     struct tc_merkle_hash *root, bool *any)
{
	struct tc_merkle_hash level[TC_AUDIT_TILE_HASHES];
	struct tc_merkle_hash peaks[8];
	size_t peak_count = 0;
	uint32_t count = width;
	int r;

	memcpy(level, hashes, (size_t)width * sizeof(*hashes));
	for (; count > 0; count /= 2) {
		if (count % 2 == 1)
			peaks[peak_count++] = level[count - 1];
		for (uint32_t i = 0; i < count / 2; i++) {
			r = tc_merkle_node(&level[2 * i], &level[2 * i + 1], &level[i]);
			if (r < 0)
				return r;
		}
	}
	/* The smallest is the rightmost. */
	for (size_t i = 0; i < peak_count; i++) {
		if (*any) {
			r = tc_merkle_node(&peaks[i], root, root);
			if (r < 0)
				return r;
		} else {
			*root = peaks[i];
			*any = true;
		}
	}
	return 0;
}

int tc_audit_recount_root(const struct tc_audit_recount *recount, struct tc_merkle_hash *ret)
{
	struct tc_merkle_hash root = {{0}};
	bool any = false;

	if (recount->size == 0)
		return tc_sha256(tc_slice(NULL, 0), ret->bytes);
	for (uint8_t level = 0; level < tc_audit_levels(recount->size); level++) {
		uint64_t hashes = tc_audit_level_hashes(recount->size, level);
		int r = tile_fold(recount->edge[level], (uint32_t)(hashes % TC_AUDIT_TILE_HASHES),
				  &root, &any);
		if (r < 0)
			return r;
	}
	*ret = root;
	return 0;
}
