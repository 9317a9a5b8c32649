/* backup_make, backup_check, journal_copy: a backup is the log, and finds what is wrong with it. */
#include "unit/backup/backup_place.h"

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
