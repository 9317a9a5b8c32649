#include "unit/backup/backup_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "backup/backup_restore.h"
#include "base/clock.h"
#include "journal/journal_copy.h"
#include "journal/journal_lmdb.h"
#include "scratch.h"
#include "unit/journal/journal_sample.h"

int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct journal_lmdb_options options = {.map_bytes = MAP_BYTES, .clock = &tc_clock_real};

	assert_non_null(place);
	scratch_make(place->folder);
	snprintf(place->journal_path, sizeof(place->journal_path), "%s/journal", place->folder);
	snprintf(place->tree_path, sizeof(place->tree_path), "%s/tree", place->folder);
	snprintf(place->data, sizeof(place->data), "%s/data", place->folder);
	snprintf(place->backup_path, sizeof(place->backup_path), "%s/backup", place->folder);
	snprintf(place->copy_path, sizeof(place->copy_path), "%s/copy", place->folder);
	assert_int_equal(mkdir(place->data, 0700), 0);
	options.path = place->journal_path;
	assert_int_equal(journal_lmdb_open(&options, &place->journal), 0);
	*state = place;
	return 0;
}

int teardown(void **state)
{
	struct place *place = *state;

	journal_close(&place->journal);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

void append(struct place *place, size_t count)
{
	struct record_batch batch = {0};

	sample_batch(&batch, place->tip, count);
	assert_int_equal(journal_append(place->journal, &batch, tc_id_new(1)), 0);
	record_batch_free(&batch);
	place->tip += count;
}

void file_make(struct place *place, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place->data, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void progress_see(void *context, const struct backup_progress *progress)
{
	struct place *place = context;

	place->progress = *progress;
	if (++place->turns == place->last_turn)
		atomic_store(&place->stopping, true);
}

int make(struct place *place, struct backup_problem *problem)
{
	struct tree_store_options tree = {.path = place->tree_path,
					  .map_bytes = MAP_BYTES,
					  .origin = DOMAIN "/trail",
					  .tip = place->tip};
	struct backup_make_options options = {.path = place->backup_path,
					      .trust_domain = DOMAIN,
					      .data_dir = place->data,
					      .sealer_state = "",
					      .journal = place->journal,
					      .tip = place->tip,
					      .stopping = &place->stopping,
					      .progress = progress_see,
					      .context = place};
	struct journal_reader *reader = NULL;
	struct tree_store *store = NULL;
	struct journal_usage usage;
	int r;

	place->progress = (struct backup_progress){0};
	assert_int_equal(journal_usage(place->journal, &usage), 0);
	tree.log_id = usage.log_id;
	assert_int_equal(tree_store_open(&tree, &store), 0);
	assert_int_equal(journal_reader_open(place->journal, &reader), 0);
	assert_int_equal(tree_store_grow(store, reader, UINT64_MAX), 0);
	options.tree = store;
	r = backup_make(&options, problem);
	journal_reader_close(&reader);
	tree_store_close(&store);
	return r;
}

void made(struct place *place)
{
	struct backup_problem problem = {.text = ""};
	int r = make(place, &problem);

	assert_string_equal(problem.text, "");
	assert_int_equal(r, 0);
}

/* The backup as a journal of its own. */
struct journal *restored(struct place *place)
{
	struct journal_lmdb_options open = {
		.path = place->copy_path, .map_bytes = MAP_BYTES, .clock = &tc_clock_real};
	struct backup_manifest manifest = {.runs = NULL};
	struct backup_problem problem = {.text = ""};
	struct backup_folder folder;
	struct journal *journal = NULL;

	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_manifest_load(&folder, &manifest), 0);
	assert_int_equal(backup_restore(&folder, &manifest, place->copy_path, MAP_BYTES, &problem),
			 0);
	assert_int_equal(journal_copy_set_origin(place->copy_path, MAP_BYTES, 3), 0);
	backup_manifest_free(&manifest);
	backup_folder_close(&folder);
	assert_int_equal(journal_lmdb_open(&open, &journal), 0);
	return journal;
}

int64_t changed_at(struct place *place, const char *name)
{
	char path[PATH_MAX + 128];
	struct stat about;

	snprintf(path, sizeof(path), "%s/%s", place->backup_path, name);
	if (stat(path, &about) != 0)
		return 0;
	return about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
}
