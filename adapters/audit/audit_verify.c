#include "audit/audit_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit_log.h"

#define PROGRESS_BUNDLES 64

struct verify {
	const struct tc_audit_folder *folder;
	struct tc_audit_finding *finding;
	struct tc_audit_log log;
	struct tc_bytes tile;
	uint64_t tiles;
};

/* The first hash that differs tells where. */
static int tile_compare(void *context, const struct tc_audit_tile *tile, struct tc_slice hashes)
{
	struct verify *verify = context;
	char name[TC_AUDIT_NAME_BYTES];
	size_t at = 0;

	tc_audit_tile_name(tile, name);
	int r = tc_audit_folder_read(verify->folder, name, TC_AUDIT_TILE_BYTES, &verify->tile,
				     verify->finding);
	if (r != 0)
		return r;
	verify->tiles++;
	if (tc_slice_equal(tc_bytes_slice(&verify->tile), hashes))
		return 0;
	if (verify->tile.len != hashes.len)
		return tc_audit_find(verify->finding, TC_AUDIT_TILE,
				     "%s has %zu bytes, and should have %zu", name,
				     verify->tile.len, hashes.len);
	while (verify->tile.data[at] == hashes.data[at])
		at++;
	return tc_audit_find(verify->finding, TC_AUDIT_TILE, "%s, hash %zu, byte %zu", name,
			     at / TC_AUDIT_HASH_BYTES, at);
}

static int bundles_walk(struct verify *verify, uint64_t size, tc_audit_progress progress,
			void *context)
{
	struct tc_bytes bundle = {0};
	int r = 0;

	while (r == 0 && verify->log.recount->size < size) {
		struct tc_audit_tile tile = {.entries = true,
					     .number = verify->log.recount->size /
						       TC_AUDIT_TILE_HASHES};
		char name[TC_AUDIT_NAME_BYTES];

		tile.width = tc_audit_tile_width(size, 0, tile.number);
		tc_audit_tile_name(&tile, name);
		r = tc_audit_folder_read(verify->folder, name, TC_AUDIT_BUNDLE_BYTES_MAX, &bundle,
					 verify->finding);
		if (r == 0)
			r = tc_audit_log_add(&verify->log, tc_bytes_slice(&bundle), tile.width,
					     tile_compare, verify, verify->finding);
		if (r == 0 && progress && tile.number % PROGRESS_BUNDLES == PROGRESS_BUNDLES - 1)
			progress(context, verify->log.recount->size, size);
	}
	tc_bytes_free(&bundle);
	return r;
}

int tc_audit_verify_folder(const struct tc_audit_folder *folder,
			   const struct tc_audit_policy *policy,
			   const struct tc_audit_checkpoint *earlier, tc_audit_progress progress,
			   void *context, struct tc_audit_verdict *ret,
			   struct tc_audit_finding *finding)
{
	struct verify verify = {.folder = folder, .finding = finding};
	struct tc_audit_checkpoint checkpoint;
	struct tc_bytes note = {0};
	int r = tc_audit_folder_read(folder, TC_AUDIT_CHECKPOINT_FILE, TC_NOTE_BYTES_MAX, &note,
				     finding);

	if (r == 0)
		r = tc_audit_checkpoint_check(policy, tc_bytes_slice(&note), &checkpoint, finding);
	if (r == 0)
		r = tc_audit_log_init(&verify.log, &checkpoint, earlier, finding);
	if (r == 0)
		r = tc_audit_log_begin(&verify.log, finding);
	if (r == 0)
		r = bundles_walk(&verify, checkpoint.parsed.size, progress, context);
	if (r == 0)
		r = tc_audit_log_end(&verify.log, tile_compare, &verify, finding);
	if (r == 0) {
		*ret = (struct tc_audit_verdict){.size = checkpoint.parsed.size,
						 .tiles = verify.tiles,
						 .first_ms = verify.log.first_ms,
						 .last_ms = verify.log.last_ms,
						 .witnesses = checkpoint.witnesses,
						 .root = checkpoint.parsed.root};
		snprintf(ret->origin, sizeof(ret->origin), "%.*s",
			 (int)checkpoint.parsed.origin.len,
			 (const char *)checkpoint.parsed.origin.data);
	}
	tc_bytes_free(&note);
	tc_bytes_free(&verify.tile);
	tc_audit_log_done(&verify.log);
	return r;
}
