#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal/journal_forget.h"
#include "journal/journal_row.h"
#include "journal_conformance.h"
#include "journal_sample.h"

static struct journal_candidate *tested;

static int64_t candidate_now_ms(void *context)
{
	return ((struct journal_candidate *)context)->now_ms;
}

static int setup(void **state)
{
	(void)state;
	tested->clock = (struct tc_clock){.now_ms = candidate_now_ms, .context = tested};
	tested->now_ms = 1795000000000LL;
	tested->place_make(tested);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tested->place_remove(tested);
	return 0;
}

static struct journal *opened(void)
{
	struct journal *journal = NULL;

	assert_int_equal(tested->open(tested, false, &journal), 0);
	return journal;
}

static struct journal_reader *reader_of(struct journal *journal)
{
	struct journal_reader *reader = NULL;

	assert_int_equal(journal_reader_open(journal, &reader), 0);
	return reader;
}

static void append(struct journal *journal, uint64_t from, size_t count)
{
	struct tc_id id = {.bytes = {(uint8_t)count, 1}};
	struct record_batch batch = {0};

	sample_batch(&batch, from, count);
	assert_int_equal(journal_append(journal, &batch, id), 0);
	record_batch_free(&batch);
}

static void leaves_are_read_in_runs_without_their_bodies(void **state)
{
	struct journal *journal = opened();
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_leaf leaves[40];
	size_t count;

	(void)state;
	append(journal, 0, 25);
	tested->now_ms += 17;
	append(journal, 25, 5);
	reader = reader_of(journal);
	assert_int_equal(journal_read_leaves(reader, 3, 20, leaves, &count), 0);
	assert_int_equal(count, 20);
	assert_int_equal(journal_read_leaves(reader, 23, 40, leaves + 20, &count), 0);
	assert_int_equal(count, 7);
	for (size_t i = 0; i < 27; i++) {
		assert_int_equal(journal_read(reader, 3 + i, &entry), 0);
		assert_int_equal(leaves[i].time_ms, entry.time_ms);
		assert_memory_equal(leaves[i].commitment, entry.commitment,
				    sizeof(entry.commitment));
	}
	assert_int_equal(journal_read_leaves(reader, 30, 40, leaves, &count), 0);
	assert_int_equal(count, 0);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void a_damaged_body_does_not_keep_leaves_from_being_read(void **state)
{
	struct journal *journal = opened();
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_leaf leaves[30];
	uint8_t body[64];
	uint8_t commitment[32];
	size_t count;

	(void)state;
	append(journal, 1, 30);
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 4, &entry), 0);
	memcpy(body, entry.body.data, sizeof(body));
	assert_int_equal(journal_read(reader, 7, &entry), 0);
	memcpy(commitment, entry.commitment, sizeof(commitment));
	journal_reader_close(&reader);
	journal_close(&journal);
	assert_true(tested->corrupt(tested, tc_slice(body, sizeof(body))));
	journal = opened();
	reader = reader_of(journal);
	assert_int_equal(journal_read_leaves(reader, 0, 30, leaves, &count), 0);
	assert_int_equal(count, 30);
	journal_reader_close(&reader);
	journal_close(&journal);
	assert_true(tested->corrupt(tested, tc_slice(commitment, sizeof(commitment))));
	journal = opened();
	reader = reader_of(journal);
	assert_int_equal(journal_read_leaves(reader, 0, 30, leaves, &count), TC_ECORRUPT);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void the_salt_that_comes_with_a_record_makes_its_commitment(void **state)
{
	struct journal *journal = opened();
	struct journal_reader *reader;
	struct journal_entry entry;
	uint8_t commitment[32];

	(void)state;
	append(journal, 0, 2);
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 1, &entry), 0);
	assert_int_equal(journal_row_commit(entry.salt, entry.body, commitment), 0);
	assert_memory_equal(commitment, entry.commitment, sizeof(commitment));
	journal_reader_close(&reader);
	journal_close(&journal);
}

/* Is the body of a sample anywhere in the storage of the closed journal? */
static bool stored(uint64_t number)
{
	struct record *record = sample_record(number);
	bool found = tested->corrupt(tested, record->body);

	record_free(&record);
	return found;
}

static void forgotten_records_keep_time_and_commitment(void **state)
{
	const struct journal_range ranges[] = {{3, 2}, {7, 1}, {11, 1}};
	struct journal *journal = opened();
	struct record_part parts[SAMPLE_PARTS_MAX];
	const uint8_t zeros[RECORD_SALT_BYTES] = {0};
	struct journal_leaf leaves[12];
	struct journal_entry before[12], entry;
	struct journal_reader *reader;
	size_t count;

	(void)state;
	append(journal, 0, 12);
	reader = reader_of(journal);
	for (uint64_t i = 0; i < 12; i++)
		assert_int_equal(journal_read(reader, i, &before[i]), 0);
	journal_reader_close(&reader);
	assert_int_equal(journal_forget_records(journal, ranges, 3), 0);
	assert_int_equal(journal_forget_records(journal, ranges, 3), 0);
	assert_int_equal(journal_wipe(journal), 0);
	journal_close(&journal);
	assert_false(stored(3));
	assert_false(stored(7));
	journal = opened();
	reader = reader_of(journal);
	assert_int_equal(journal_read_leaves(reader, 0, 12, leaves, &count), 0);
	assert_int_equal(count, 12);
	for (uint64_t i = 0; i < 12; i++) {
		bool gone = i == 3 || i == 4 || i == 7 || i == 11;

		assert_memory_equal(leaves[i].commitment, before[i].commitment, 32);
		assert_int_equal(leaves[i].time_ms, before[i].time_ms);
		if (!gone) {
			assert_int_equal(sample_check(reader, i, i), 0);
			continue;
		}
		assert_int_equal(journal_read(reader, i, &entry), JOURNAL_FORGOTTEN);
		assert_int_equal(entry.sequence, i);
		assert_int_equal(entry.time_ms, before[i].time_ms);
		assert_int_equal(entry.body.len, 0);
		assert_memory_equal(entry.salt, zeros, sizeof(zeros));
		assert_memory_equal(entry.commitment, before[i].commitment, 32);
		if (sample_part_count(i) > 0)
			assert_int_equal(journal_read_parts(reader, i, parts, sample_part_count(i)),
					 JOURNAL_FORGOTTEN);
	}
	journal_reader_close(&reader);
	append(journal, 12, 1);
	assert_int_equal(journal_forget_records(journal, &(struct journal_range){12, 2}, 1),
			 JOURNAL_END);
	journal_close(&journal);
}

static void notes_stand_beside_the_log(void **state)
{
	static const char *const texts[JOURNAL_NOTE_COUNT] = {"to be done", "what is gone"};
	struct journal *journal = opened();
	uint8_t note[JOURNAL_NOTE_BYTES_MAX];
	size_t len;

	(void)state;
	for (int i = 0; i < JOURNAL_NOTE_COUNT; i++) {
		assert_int_equal(journal_note_get(journal, i, note, &len), 0);
		assert_int_equal(len, 0);
		assert_int_equal(journal_note_set(journal, i, tc_slice_text(texts[i])), 0);
	}
	journal_close(&journal);
	journal = opened();
	for (int i = 0; i < JOURNAL_NOTE_COUNT; i++) {
		assert_int_equal(journal_note_get(journal, i, note, &len), 0);
		assert_true(tc_slice_equal(tc_slice(note, len), tc_slice_text(texts[i])));
		assert_int_equal(journal_note_set(journal, i, tc_slice(NULL, 0)), 0);
		assert_int_equal(journal_note_get(journal, i, note, &len), 0);
		assert_int_equal(len, 0);
	}
	journal_close(&journal);
}

#define CONFORMANCE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int journal_conformance_leaves_run(struct journal_candidate *candidate)
{
	const struct CMUnitTest tests[] = {
		CONFORMANCE(leaves_are_read_in_runs_without_their_bodies),
		CONFORMANCE(a_damaged_body_does_not_keep_leaves_from_being_read),
		CONFORMANCE(the_salt_that_comes_with_a_record_makes_its_commitment),
		CONFORMANCE(forgotten_records_keep_time_and_commitment),
		CONFORMANCE(notes_stand_beside_the_log),
	};

	tested = candidate;
	return cmocka_run_group_tests_name("journal_conformance_leaves", tests, NULL, NULL);
}
