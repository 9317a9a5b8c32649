/* backup_next, backup_make: a backup is whole whatever became of the next one; small segments
 * become few. */
#include "unit/backup/backup_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backup/backup_next.h"
#include "journal/journal_forget.h"

/* As whoever restores it reads it. */
static void whole_until(struct place *place, uint64_t next)
{
	struct backup_manifest manifest = {.runs = NULL};
	struct backup_problem problem = {.text = ""};
	struct backup_check_options options = {.manifest = &manifest};
	struct backup_folder folder;

	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_manifest_load(&folder, &manifest), 0);
	assert_int_equal(backup_next_settle(&folder, &manifest, false), 0);
	options.folder = &folder;
	assert_int_equal(manifest.next, next);
	assert_int_equal(backup_check(&options, &problem), 0);
	backup_manifest_free(&manifest);
	backup_folder_close(&folder);
}

static size_t segments(struct place *place)
{
	struct backup_manifest manifest = {.runs = NULL};
	struct backup_folder folder;
	size_t count;

	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_manifest_load(&folder, &manifest), 0);
	count = manifest.run_count;
	backup_manifest_free(&manifest);
	backup_folder_close(&folder);
	return count;
}

/* Stops the next one after so many turns. Whether it was stopped. */
static bool stopped_at(struct place *place, unsigned turn)
{
	struct backup_problem problem = {.text = ""};
	int r;

	place->turns = 0;
	place->last_turn = turn;
	r = make(place, &problem);
	place->last_turn = 0;
	atomic_store(&place->stopping, false);
	assert_true(r == 0 || r == BACKUP_CHECK_STOPPED);
	return r != 0;
}

static int next_find(void *context, const char *name)
{
	size_t *count = context;

	*count += strstr(name, BACKUP_NEXT_SUFFIX) != NULL;
	return 0;
}

static size_t nexts(struct place *place)
{
	struct backup_folder folder;
	size_t count = 0;

	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_folder_names(&folder, next_find, &count), 0);
	backup_folder_close(&folder);
	return count;
}

/* In which of them a segment and a file change. */
static void one_that_is_interrupted_leaves_the_one_before(void **state)
{
	struct place *place = *state;

	file_make(place, "base", "a base");
	for (unsigned i = 0; i < 4; i++) {
		append(place, 10);
		made(place);
	}
	for (unsigned turn = 1;; turn++) {
		const struct journal_range range = {.first = turn, .count = 1};
		uint64_t before = place->tip;

		/* The log notes it, as when it is forgotten in earnest. */
		assert_int_equal(journal_note_set(place->journal, JOURNAL_NOTE_FORGETTING,
						  tc_slice((const uint8_t *)&turn, sizeof(turn))),
				 0);
		assert_int_equal(journal_forget_records(place->journal, &range, 1), 0);
		file_make(place, "base", turn % 2 ? "another one" : "a base");
		append(place, 1);
		if (!stopped_at(place, turn))
			break;
		whole_until(place, before);
		made(place);
		assert_int_equal(nexts(place), 0);
		whole_until(place, place->tip);
	}
	whole_until(place, place->tip);
	assert_int_equal(nexts(place), 0);
}

static void one_that_fails_leaves_the_one_before(void **state)
{
	struct place *place = *state;
	struct backup_problem problem = {.text = ""};

	append(place, 10);
	file_make(place, "base", "a base");
	made(place);
	file_make(place, "base", "another one");
	file_make(place, "forgotten", "this is no entry");
	append(place, 1);
	assert_int_equal(make(place, &problem), BACKUP_CHECK_BAD);
	whole_until(place, 10);
	file_make(place, "forgotten", "");
	made(place);
	whole_until(place, 11);
	assert_int_equal(nexts(place), 0);
}

/* As if the exchange had died just after its manifest was saved. */
static void one_that_died_after_its_manifest_is_settled(void **state)
{
	struct place *place = *state;
	struct backup_folder folder;
	struct backup_file file;

	append(place, 10);
	file_make(place, "base", "a base");
	made(place);
	assert_int_equal(backup_folder_open(place->backup_path, false, &folder), 0);
	assert_int_equal(backup_folder_copy(&folder, "base", &folder, "base.next", &file), 0);
	assert_int_equal(backup_folder_wipe(&folder, "base"), 0);
	/* And what an older one had left. */
	assert_int_equal(
		backup_folder_write(&folder, "checkpoint.next", tc_slice_text("old"), &file), 0);
	backup_folder_close(&folder);
	whole_until(place, 10);
	assert_int_equal(nexts(place), 1);
	made(place);
	assert_int_equal(nexts(place), 0);
}

static void small_segments_are_put_together_when_there_are_many(void **state)
{
	struct place *place = *state;
	size_t most = 0;

	for (unsigned i = 0; i < BACKUP_SMALL_MAX + 9; i++) {
		append(place, 3);
		made(place);
		most = segments(place) > most ? segments(place) : most;
	}
	assert_int_equal(most, BACKUP_SMALL_MAX);
	assert_int_equal(segments(place), 9);
	journal_close(&place->journal);
	place->journal = restored(place);
}

static void one_that_is_interrupted_while_it_does_so_leaves_the_one_before(void **state)
{
	struct place *place = *state;
	uint64_t before;

	for (unsigned i = 0; i < BACKUP_SMALL_MAX; i++) {
		append(place, 3);
		made(place);
	}
	assert_int_equal(segments(place), BACKUP_SMALL_MAX);
	before = place->tip;
	append(place, 3);
	for (unsigned turn = 1; stopped_at(place, turn); turn++)
		whole_until(place, before);
	whole_until(place, place->tip);
	assert_int_equal(segments(place), 1);
	assert_int_equal(place->progress.first, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_interrupted_leaves_the_one_before),
		TEST(one_that_fails_leaves_the_one_before),
		TEST(one_that_died_after_its_manifest_is_settled),
		TEST(small_segments_are_put_together_when_there_are_many),
		TEST(one_that_is_interrupted_while_it_does_so_leaves_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
