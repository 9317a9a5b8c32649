/* backup_make, backup_check, journal_copy: a backup is the log, and finds what is wrong with it. */
#include "backup/backup_make.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "backup/backup_restore.h"
#include "backup/backup_segment.h"
#include "base/clock.h"
#include "journal/journal_copy.h"
#include "journal/journal_forget.h"
#include "journal/journal_lmdb.h"
#include "scratch.h"
#include "throughcare/v1/record.pb-c.h"
#include "unit/journal/journal_sample.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define MAP_BYTES  (256 * 1024 * 1024)
#define DOMAIN     "test.example"

struct place {
	char folder[PATH_MAX];
	char journal_path[PATH_MAX + 16], tree_path[PATH_MAX + 16], data[PATH_MAX + 16];
	char backup_path[PATH_MAX + 16], copy_path[PATH_MAX + 16];
	struct journal *journal;
	uint64_t tip;
	atomic_bool stopping;
	struct backup_progress progress;
	unsigned turns, last_turn; /* 0: it is not stopped */
};

static int setup(void **state)
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

static int teardown(void **state)
{
	struct place *place = *state;

	journal_close(&place->journal);
	scratch_remove(place->folder);
	free(place);
	return 0;
}

static void append(struct place *place, size_t count)
{
	struct record_batch batch = {0};

	sample_batch(&batch, place->tip, count);
	assert_int_equal(journal_append(place->journal, &batch, tc_id_new(1)), 0);
	record_batch_free(&batch);
	place->tip += count;
}

static void file_make(struct place *place, const char *name, const char *text)
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

static int make(struct place *place, struct backup_problem *problem)
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

static void made(struct place *place)
{
	struct backup_problem problem = {.text = ""};
	int r = make(place, &problem);

	assert_string_equal(problem.text, "");
	assert_int_equal(r, 0);
}

/* The backup as a journal of its own. */
static struct journal *restored(struct place *place)
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

static void a_backup_is_the_log_again(void **state)
{
	struct place *place = *state;
	struct journal_reader *reader = NULL;
	struct journal_usage usage, original;
	struct journal *journal;

	append(place, 300);
	made(place);
	journal = restored(place);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_int_equal(journal_usage(place->journal, &original), 0);
	assert_int_equal(usage.tip, 300);
	assert_true(tc_id_equal(usage.log_id, original.log_id));
	assert_int_equal(original.origin, 0);
	assert_int_equal(usage.origin, 3);
	assert_int_equal(journal_reader_open(journal, &reader), 0);
	for (uint64_t i = 0; i < 300; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	journal_reader_close(&reader);
	/* And goes on. */
	journal_close(&place->journal);
	place->journal = journal;
	append(place, 1);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_int_equal(usage.tip, 301);
}

static int64_t changed_at(struct place *place, const char *name)
{
	char path[PATH_MAX + 128];
	struct stat about;

	snprintf(path, sizeof(path), "%s/%s", place->backup_path, name);
	if (stat(path, &about) != 0)
		return 0;
	return about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
}

static void the_next_backup_writes_what_is_new(void **state)
{
	struct place *place = *state;
	int64_t before;

	append(place, 100);
	file_make(place, "base", "a base");
	made(place);
	assert_int_equal(place->progress.first, 0);
	before = changed_at(place, "segment-0-99");
	assert_true(before > 0);
	assert_true(changed_at(place, "base") > 0);
	append(place, 20);
	made(place);
	assert_int_equal(place->progress.first, 100);
	assert_int_equal(place->progress.next, 120);
	assert_int_equal(changed_at(place, "segment-0-99"), before);
	assert_true(changed_at(place, "segment-100-119") > 0);
	made(place);
	assert_int_equal(place->progress.bytes, 0);
	journal_close(&place->journal);
	place->journal = restored(place);
}

static void a_segment_ends_when_it_is_large(void **state)
{
	struct place *place = *state;
	struct backup_manifest manifest;
	struct backup_folder folder;

	for (unsigned i = 0; i < 16; i++)
		append(place, 2000);
	made(place);
	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_manifest_load(&folder, &manifest), 0);
	assert_true(manifest.run_count > 1);
	backup_manifest_free(&manifest);
	backup_folder_close(&folder);
	journal_close(&place->journal);
	place->journal = restored(place);
}

static void flip(struct place *place, const char *name, off_t at)
{
	char path[PATH_MAX + 128];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", place->backup_path, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void rot_in_an_old_segment_is_found_and_mended_by_the_next(void **state)
{
	struct place *place = *state;
	struct backup_problem problem = {.text = ""};

	append(place, 50);
	made(place);
	flip(place, "segment-0-49", 5000);
	append(place, 5);
	assert_int_equal(make(place, &problem), BACKUP_CHECK_BAD);
	assert_string_equal(problem.text, "segment-0-49: the file is not the one that was written");
	made(place);
	flip(place, "segment-50-54", 60);
	problem = (struct backup_problem){.text = ""};
	assert_int_equal(make(place, &problem), BACKUP_CHECK_BAD);
}

/* Whether the bytes of a sample's body stand anywhere in the backup. */
static bool in_the_backup(struct place *place, uint64_t number)
{
	struct record *record = sample_record(number);
	struct backup_manifest manifest;
	struct backup_folder folder;
	struct tc_bytes bytes = {0};
	char name[BACKUP_NAME_BYTES];
	bool found = false;

	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_manifest_load(&folder, &manifest), 0);
	for (size_t i = 0; i < manifest.run_count; i++) {
		backup_run_name(&manifest.runs[i], name);
		assert_int_equal(
			backup_folder_read(&folder, name, BACKUP_SEGMENT_BYTES_MAX, &bytes), 0);
	}
	found = memmem(bytes.data, bytes.len, record->body.data, record->body.len) != NULL;
	tc_bytes_free(&bytes);
	backup_manifest_free(&manifest);
	backup_folder_close(&folder);
	record_free(&record);
	return found;
}

/* What says in the log that records were forgotten. */
static void forgotten_append(struct place *place)
{
	Throughcare__V1__ForgottenRecord forgotten = THROUGHCARE__V1__FORGOTTEN_RECORD__INIT;
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	struct record *record = record_new();
	struct record_batch batch = {0};
	uint8_t packed[64];

	assert_non_null(record);
	body.body_case = THROUGHCARE__V1__RECORD__BODY_FORGOTTEN;
	body.forgotten = &forgotten;
	assert_int_equal(tc_bytes_append(&record->owned, packed,
					 throughcare__v1__record__pack(&body, packed)),
			 0);
	record->body = tc_bytes_slice(&record->owned);
	record_batch_push(&batch, &record);
	assert_int_equal(journal_append(place->journal, &batch, tc_id_new(1)), 0);
	record_batch_free(&batch);
	place->tip++;
}

static void what_was_forgotten_goes_from_old_segments_too(void **state)
{
	const struct journal_range range = {.first = 41, .count = 2};
	struct place *place = *state;
	struct journal_reader *reader = NULL;
	struct journal_entry entry;
	struct journal *journal;
	int64_t before;

	append(place, 40);
	made(place);
	append(place, 40);
	made(place);
	assert_true(in_the_backup(place, 41));
	before = changed_at(place, "segment-0-39");
	forgotten_append(place);
	assert_int_equal(journal_forget_records(place->journal, &range, 1), 0);
	made(place);
	assert_false(in_the_backup(place, 41));
	assert_false(in_the_backup(place, 42));
	assert_true(in_the_backup(place, 43));
	assert_int_equal(changed_at(place, "segment-0-39"), before);
	journal = restored(place);
	assert_int_equal(journal_reader_open(journal, &reader), 0);
	assert_int_equal(sample_check(reader, 40, 40), 0);
	assert_int_equal(journal_read(reader, 41, &entry), JOURNAL_FORGOTTEN);
	assert_int_equal(sample_check(reader, 43, 43), 0);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void a_folder_of_another_log_is_left_alone(void **state)
{
	struct place *place = *state;
	struct journal_lmdb_options options = {.map_bytes = MAP_BYTES, .clock = &tc_clock_real};
	struct backup_problem problem = {.text = ""};
	char path[PATH_MAX + 16];

	append(place, 10);
	made(place);
	journal_close(&place->journal);
	snprintf(path, sizeof(path), "%s/other", place->folder);
	options.path = path;
	assert_int_equal(journal_lmdb_open(&options, &place->journal), 0);
	place->tip = 0;
	append(place, 20);
	assert_int_equal(make(place, &problem), BACKUP_CHECK_BAD);
	assert_non_null(strstr(problem.text, "another log"));
}

static void one_that_is_to_stop_stops(void **state)
{
	struct place *place = *state;
	struct backup_problem problem = {.text = ""};

	append(place, 10);
	atomic_store(&place->stopping, true);
	assert_int_equal(make(place, &problem), BACKUP_CHECK_STOPPED);
	atomic_store(&place->stopping, false);
	made(place);
}

static void what_one_that_was_stopped_has_left_goes_with_the_next(void **state)
{
	struct place *place = *state;
	struct backup_problem problem = {.text = ""};

	append(place, 40);
	place->last_turn = 2;
	assert_int_equal(make(place, &problem), BACKUP_CHECK_STOPPED);
	assert_true(changed_at(place, "segment-0-39") > 0);
	atomic_store(&place->stopping, false);
	append(place, 10);
	made(place);
	assert_true(changed_at(place, "segment-0-49") > 0);
	assert_int_equal(changed_at(place, "segment-0-39"), 0);
}

static void a_damaged_memory_does_not_come_into_the_place_of_a_whole_one(void **state)
{
	static const struct tc_slice one = {.data = (const uint8_t *)"one", .len = 3};
	struct place *place = *state;
	struct backup_problem problem = {.text = ""};
	struct backup_folder data, backup;
	struct tc_bytes bytes = {0}, kept = {0};
	uint8_t known[FORGOTTEN_KNOWN_BYTES];
	struct backup_file file;

	append(place, 3);
	assert_int_equal(backup_folder_open(place->data, false, &data), 0);
	assert_int_equal(forgotten_file_add(&bytes, one), 0);
	assert_int_equal(forgotten_file_add(&bytes, one), 0);
	assert_int_equal(
		backup_folder_write(&data, FORGOTTEN_FILE_NAME, tc_bytes_slice(&bytes), &file), 0);
	made(place);
	bytes.data[0] ^= 1;
	assert_int_equal(
		backup_folder_write(&data, FORGOTTEN_FILE_NAME, tc_bytes_slice(&bytes), &file), 0);
	assert_int_equal(make(place, &problem), BACKUP_CHECK_BAD);
	assert_non_null(strstr(problem.text, "data_dir/forgotten is damaged"));
	bytes.data[0] ^= 1;
	assert_int_equal(forgotten_file_know(tc_bytes_slice(&bytes), known), 0);
	assert_int_equal(journal_note_set(place->journal, JOURNAL_NOTE_FORGOTTEN,
					  tc_slice(known, sizeof(known))),
			 0);
	assert_int_equal(backup_folder_remove(&data, FORGOTTEN_FILE_NAME), 0);
	assert_int_equal(make(place, &problem), BACKUP_CHECK_BAD);
	assert_non_null(strstr(problem.text, "data_dir/forgotten is gone, or an older one"));
	assert_int_equal(backup_folder_open(place->backup_path, false, &backup), 0);
	assert_int_equal(forgotten_file_read(&backup, &kept), 0);
	assert_true(tc_slice_equal(tc_bytes_slice(&kept), tc_bytes_slice(&bytes)));
	tc_bytes_free(&kept);
	tc_bytes_free(&bytes);
	backup_folder_close(&backup);
	backup_folder_close(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_backup_is_the_log_again),
		TEST(the_next_backup_writes_what_is_new),
		TEST(a_segment_ends_when_it_is_large),
		TEST(rot_in_an_old_segment_is_found_and_mended_by_the_next),
		TEST(what_was_forgotten_goes_from_old_segments_too),
		TEST(a_damaged_memory_does_not_come_into_the_place_of_a_whole_one),
		TEST(a_folder_of_another_log_is_left_alone),
		TEST(one_that_is_to_stop_stops),
		TEST(what_one_that_was_stopped_has_left_goes_with_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
