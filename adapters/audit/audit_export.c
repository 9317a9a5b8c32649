#include "audit/audit_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_log.h"

#define PROGRESS_BUNDLES 64

struct export
{
	const struct tc_audit_export *job;
	struct tc_audit_log log;
	struct tc_audit_finding *finding;
	struct tc_bytes bundle;
	bool fetching; /* what the folder has is used up */
};

static int tile_write(void *context, const struct tc_audit_tile *tile, struct tc_slice hashes)
{
	struct export *export = context;
	char name[TC_AUDIT_NAME_BYTES];

	/* Tiles beside bundles of the folder are written again: that costs less than looking. */
	tc_audit_tile_name(tile, name);
	return tc_audit_folder_write(export->job->folder, name, hashes, export->finding);
}

/* The hash of a full tile of the folder. */
static int tile_read_hash(struct export *export, uint8_t level, uint64_t number,
			  struct tc_merkle_hash *ret)
{
	struct tc_audit_tile tile = {
		.level = level, .number = number, .width = TC_AUDIT_TILE_HASHES};
	struct tc_bytes bytes = {0};
	char name[TC_AUDIT_NAME_BYTES];

	tc_audit_tile_name(&tile, name);
	int r = tc_audit_folder_read(export->job->folder, name, TC_AUDIT_TILE_BYTES, &bytes,
				     export->finding);
	if (r == 0 && bytes.len != TC_AUDIT_TILE_BYTES)
		r = tc_audit_find(export->finding, TC_AUDIT_TILE, "%s has %zu bytes", name,
				  bytes.len);
	if (r == 0)
		r = tc_audit_tile_hash((const struct tc_merkle_hash *)(const void *)bytes.data,
				       ret);
	tc_bytes_free(&bytes);
	return r;
}

/* Begins behind what the folder has: the right edge at that place, out of the folder's full tiles.
 * That they are right comes out at the end, when the root is. */
static int edge_load(struct export *export, uint64_t since)
{
	struct tc_audit_recount *recount = export->log.recount;

	recount->size = since - since % TC_AUDIT_TILE_HASHES;
	for (uint8_t level = 1; level < tc_audit_levels(recount->size); level++) {
		uint64_t hashes = tc_audit_level_hashes(recount->size, level);
		uint64_t first = hashes - hashes % TC_AUDIT_TILE_HASHES;

		for (uint64_t number = first; number < hashes; number++) {
			int r = tile_read_hash(export, (uint8_t)(level - 1), number,
					       &recount->edge[level][number - first]);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* The next bundle: the folder's when it is there and full, else the source's. */
static int bundle_get(struct export *export, const struct tc_audit_tile *tile, const char *name,
		      struct tc_slice *ret)
{
	const struct tc_audit_export *job = export->job;
	struct tc_audit_finding absent;

	if (!export->fetching && tile->width == TC_AUDIT_TILE_HASHES) {
		int r = tc_audit_folder_read(job->folder, name, TC_AUDIT_BUNDLE_BYTES_MAX,
					     &export->bundle, &absent);
		if (r < 0)
			return r;
		if (r == 0) {
			*ret = tc_bytes_slice(&export->bundle);
			return 0;
		}
	}
	export->fetching = true;
	return job->source(job->context, tile->number, tile->width, ret);
}

static int bundles_run(struct export *export, struct tc_audit_exported *ret)
{
	const struct tc_audit_export *job = export->job;
	uint64_t size = job->target->parsed.size;

	while (export->log.recount->size < size) {
		uint64_t done = export->log.recount->size;
		struct tc_audit_tile tile = {.entries = true,
					     .number = done / TC_AUDIT_TILE_HASHES};
		char name[TC_AUDIT_NAME_BYTES];
		struct tc_slice bundle;

		tile.width = tc_audit_tile_width(size, 0, tile.number);
		tc_audit_tile_name(&tile, name);
		int r = bundle_get(export, &tile, name, &bundle);
		if (r == 0 && export->fetching)
			r = tc_audit_folder_write(job->folder, name, bundle, export->finding);
		if (r == 0)
			r = tc_audit_log_add(&export->log, bundle, tile.width, tile_write, export,
					     export->finding);
		if (r != 0)
			return r;
		*(export->fetching ? &ret->fetched : &ret->kept) += tile.width;
		if (job->progress && tile.number % PROGRESS_BUNDLES == PROGRESS_BUNDLES - 1)
			job->progress(job->context, export->log.recount->size, size);
	}
	return 0;
}

/* What lay in the folder is taken over as it is: when nothing fits in the end, it may be that which
 * was damaged, and nobody's lie. */
static int found_beside(const struct export *export, bool taken_over)
{
	struct tc_audit_finding found = *export->finding;

	switch ((int)found.code) {
	case TC_AUDIT_FORMAT:
	case TC_AUDIT_TILE:
	case TC_AUDIT_ENTRY:
	case TC_AUDIT_BACKDATED:
	case TC_AUDIT_ROOT:
	case TC_AUDIT_FORKED:
		break;
	default:
		return TC_AUDIT_FOUND;
	}
	if (!taken_over && export->fetching)
		return TC_AUDIT_FOUND;
	return tc_audit_find(export->finding, found.code,
			     "%.300s; the beginning lay in the folder before: `throughcare trail "
			     "verify` tells whether it is still right",
			     found.detail);
}

int tc_audit_export_run(const struct tc_audit_export *job, struct tc_audit_exported *ret,
			struct tc_audit_finding *finding)
{
	struct export export = {.job = job, .finding = finding};
	uint64_t size = job->target->parsed.size;
	uint64_t since = job->since < size ? job->since : size;

	/* Begun behind it, the walk would not come by the earlier root. */
	if (job->earlier && since > job->earlier->parsed.size)
		since = job->earlier->parsed.size;
	*ret = (struct tc_audit_exported){0};
	int r = tc_audit_log_init(&export.log, job->target, job->earlier, finding);
	if (r == 0)
		r = edge_load(&export, since);
	if (r == 0)
		r = tc_audit_log_begin(&export.log, finding);
	if (r == 0)
		r = bundles_run(&export, ret);
	if (r == 0)
		r = tc_audit_log_end(&export.log, tile_write, &export, finding);
	if (r == TC_AUDIT_FOUND)
		r = found_beside(&export, since >= TC_AUDIT_TILE_HASHES || ret->kept > 0);
	if (r == 0)
		r = tc_audit_folder_sync(job->folder, finding);
	if (r == 0)
		r = tc_audit_folder_write(job->folder, TC_AUDIT_CHECKPOINT_FILE, job->note,
					  finding);
	if (r == 0)
		r = tc_audit_folder_sync(job->folder, finding);
	tc_bytes_free(&export.bundle);
	tc_audit_log_done(&export.log);
	return r;
}
