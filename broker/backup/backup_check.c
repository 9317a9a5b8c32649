#include "backup/backup_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup/backup_segment.h"
#include "journal/journal_copy.h"
#include "trail/tree.h"

struct check {
	const struct backup_check_options *options;
	struct backup_problem *problem;
	struct tree_frontier frontier;
	struct tc_bytes bytes; /* of the segment that is read */
};

static int bad(struct check *check, const char *file, const char *text)
{
	snprintf(check->problem->file, sizeof(check->problem->file), "%s", file);
	snprintf(check->problem->text, sizeof(check->problem->text), "%s: %s", file, text);
	return BACKUP_CHECK_BAD;
}

/* Tiles are nobody's here: the frontier is all that a root needs. */
static int tile_take(void *context, uint8_t level, uint64_t index, const struct tree_hash *hash)
{
	(void)context;
	(void)level;
	(void)index;
	(void)hash;
	return 0;
}

static int record_add(struct check *check, const struct journal_copy_row *row)
{
	uint8_t entry[RECORD_LEAF_BYTES];
	struct tree_hash leaf;
	int r;

	record_leaf_entry(row->leaf.time_ms, row->sequence, row->leaf.commitment, entry);
	r = tree_leaf(tc_slice(entry, sizeof(entry)), &leaf);
	return r ? r : tree_append(&check->frontier, &leaf, tile_take, NULL);
}

static int row_take(struct check *check, const char *file, const struct journal_raw *raw)
{
	struct journal_copy_row row;
	char text[80];
	int r = journal_copy_check(raw->key, raw->value, &row);

	if (r == TC_ECORRUPT) {
		snprintf(text, sizeof(text), "record %" PRIu64 " is not what was recorded",
			 raw->sequence);
		return bad(check, file, text);
	}
	if (r == 0 && row.is_record)
		r = record_add(check, &row);
	if (r == 0 && check->options->take)
		r = check->options->take(check->options->context, raw);
	return r;
}

static int rows_take(struct check *check, const char *file, const struct backup_run *run)
{
	const struct backup_manifest *manifest = check->options->manifest;
	struct backup_segment segment;
	struct journal_raw raw;
	int r = backup_segment_open(tc_bytes_slice(&check->bytes), &segment);

	if (r == TC_ECORRUPT || segment.first != run->first ||
	    !tc_id_equal(segment.log_id, manifest->log_id))
		return bad(check, file, "this is no segment of this log");
	while (r == 0) {
		r = backup_segment_next(&segment, &raw);
		if (r == 0)
			r = row_take(check, file, &raw);
		else if (r == TC_ECORRUPT)
			r = bad(check, file, "its rows are cut, changed or out of order");
		else if (segment.next != run->next)
			r = bad(check, file, "it has other records than the manifest says");
		else
			return 0;
	}
	return r;
}

static int run_check(struct check *check, const struct backup_run *run)
{
	uint8_t digest[TC_SHA256_BYTES];
	char name[BACKUP_NAME_BYTES];
	int r;

	backup_run_name(run, name);
	check->bytes.len = 0;
	r = backup_folder_read(check->options->folder, name, BACKUP_SEGMENT_BYTES_MAX,
			       &check->bytes);
	if (r == BACKUP_FOLDER_ABSENT)
		return bad(check, name, "the file is missing");
	if (r == TC_EFULL)
		return bad(check, name, "the file is too large");
	if (r == TC_EIO)
		return bad(check, name, "the file cannot be read");
	if (r == 0)
		r = tc_sha256(tc_bytes_slice(&check->bytes), digest);
	if (r)
		return r;
	if (check->bytes.len != run->bytes || memcmp(digest, run->sha256, sizeof(digest)) != 0)
		return bad(check, name, "the file is not the one that was written");
	r = rows_take(check, name, run);
	return r == 0 && check->options->run_done
		       ? check->options->run_done(check->options->context)
		       : r;
}

static int file_check(struct check *check, const struct backup_file *expected)
{
	struct backup_file found;
	int r = backup_folder_measure(check->options->folder, expected->name, &found);

	if (r == BACKUP_FOLDER_ABSENT)
		return bad(check, expected->name, "the file is missing");
	if (r == TC_EIO)
		return bad(check, expected->name, "the file cannot be read");
	if (r == 0 && (found.bytes != expected->bytes ||
		       memcmp(found.sha256, expected->sha256, sizeof(found.sha256)) != 0))
		return bad(check, expected->name, "the file is not the one that was written");
	return r;
}

/* Of what was appended: the complete trees of the frontier, from the right to the left. */
static int root_of(const struct tree_frontier *frontier, struct tree_hash *ret)
{
	bool begun = false;
	int r = frontier->size ? 0 : tc_sha256(tc_slice(NULL, 0), ret->bytes);

	for (unsigned bit = 0; r == 0 && bit < 64; bit++) {
		if (!(frontier->size >> bit & 1))
			continue;
		if (begun)
			r = tree_node(&frontier->nodes[bit], ret, ret);
		else
			*ret = frontier->nodes[bit];
		begun = true;
	}
	return r;
}

static bool stopping(const struct check *check)
{
	return check->options->stopping && atomic_load(check->options->stopping);
}

int backup_check(const struct backup_check_options *options, struct backup_problem *problem)
{
	const struct backup_manifest *manifest = options->manifest;
	struct check check = {.options = options, .problem = problem};
	struct tree_hash root;
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->run_count; i++)
		r = stopping(&check) ? BACKUP_CHECK_STOPPED : run_check(&check, &manifest->runs[i]);
	for (size_t i = 0; r == 0 && i < manifest->file_count; i++)
		r = stopping(&check) ? BACKUP_CHECK_STOPPED
				     : file_check(&check, &manifest->files[i]);
	if (r == 0)
		r = root_of(&check.frontier, &root);
	if (r == 0 && memcmp(root.bytes, manifest->root, sizeof(root.bytes)) != 0)
		r = bad(&check, "manifest.json", "its records make another hash tree than it says");
	tc_bytes_free_secret(&check.bytes);
	return r;
}
