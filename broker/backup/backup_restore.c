#include "backup/backup_restore.h"

#include "journal/journal_copy.h"

static int row_put(void *context, const struct journal_raw *row)
{
	return journal_copy_put(context, row->key, row->value);
}

static int run_put(void *context)
{
	return journal_copy_commit(context);
}

static int meta_put(const struct backup_manifest *manifest, struct journal_copy *copy)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->meta_count; i++) {
		const struct backup_meta *meta = &manifest->meta[i];

		r = journal_copy_put_meta(copy, tc_slice_text(meta->name),
					  tc_slice(meta->value, meta->value_len));
	}
	return r;
}

int backup_restore(const struct backup_folder *folder, const struct backup_manifest *manifest,
		   const char *path, uint64_t map_bytes, struct backup_problem *problem)
{
	struct backup_check_options options = {
		.folder = folder, .manifest = manifest, .take = row_put, .run_done = run_put};
	struct journal_copy *copy = NULL;
	int r = journal_copy_open(path, map_bytes, &copy);

	options.context = copy;
	if (r == 0)
		r = meta_put(manifest, copy);
	if (r == 0)
		r = backup_check(&options, problem);
	if (r == 0)
		r = journal_copy_commit(copy);
	journal_copy_close(&copy);
	return r;
}
