#include "journal_conformance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal_sample.h"

#define START_MS 1795000000000LL

static struct journal_candidate *tested;

static int64_t candidate_now_ms(void *context)
{
	return ((struct journal_candidate *)context)->now_ms;
}

static int setup(void **state)
{
	(void)state;
	tested->clock = (struct tc_clock){.now_ms = candidate_now_ms, .context = tested};
	tested->now_ms = START_MS;
	tested->place_make(tested);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tested->place_remove(tested);
	return 0;
}

static struct journal *opened(bool small)
{
	struct journal *journal = NULL;

	assert_int_equal(tested->open(tested, small, &journal), 0);
	assert_non_null(journal);
	return journal;
}

static struct journal_reader *reader_of(struct journal *journal)
{
	struct journal_reader *reader = NULL;

	assert_int_equal(journal_reader_open(journal, &reader), 0);
	return reader;
}

static struct tc_id id_of(uint8_t number)
{
	return (struct tc_id){.bytes = {number, 1}};
}

/* Appends the samples from..from+count and checks what the records were given. */
static void append(struct journal *journal, uint64_t from, size_t count, struct tc_id batch_id)
{
	struct record_batch batch = {0};
	struct journal_usage usage;
	uint64_t expected;

	assert_int_equal(journal_usage(journal, &usage), 0);
	expected = usage.tip;
	sample_batch(&batch, from, count);
	assert_int_equal(journal_append(journal, &batch, batch_id), 0);
	for (const struct record *record = batch.first; record; record = record->next)
		assert_int_equal(record->sequence, expected++);
	record_batch_free(&batch);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_int_equal(usage.tip, expected);
}

static void sequences_are_dense_from_zero_and_content_comes_back(void **state)
{
	struct journal *journal = opened(false);
	struct journal_reader *reader;
	struct journal_entry entry;

	(void)state;
	append(journal, 0, 1, id_of(1));
	append(journal, 1, 50, id_of(2));
	append(journal, 51, 3, id_of(3));
	reader = reader_of(journal);
	for (uint64_t i = 0; i < 54; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	assert_int_equal(journal_read(reader, 54, &entry), JOURNAL_END);
	assert_int_equal(journal_read(reader, UINT64_MAX, &entry), JOURNAL_END);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void everything_is_there_after_reopening_and_goes_on(void **state)
{
	struct journal_usage before, after;
	struct journal_reader *reader;
	struct journal *journal = opened(false);
	struct journal_entry entry;
	uint8_t commitment[32];

	(void)state;
	append(journal, 0, 20, id_of(1));
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 7, &entry), 0);
	memcpy(commitment, entry.commitment, sizeof(commitment));
	journal_reader_close(&reader);
	assert_int_equal(journal_usage(journal, &before), 0);
	journal_close(&journal);
	assert_null(journal);
	journal = opened(false);
	assert_int_equal(journal_usage(journal, &after), 0);
	assert_int_equal(after.tip, 20);
	assert_true(tc_id_equal(before.log_id, after.log_id));
	assert_false(tc_id_is_none(after.log_id));
	append(journal, 20, 5, id_of(2));
	reader = reader_of(journal);
	for (uint64_t i = 0; i < 25; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	assert_int_equal(journal_read(reader, 7, &entry), 0);
	assert_memory_equal(commitment, entry.commitment, sizeof(commitment));
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void what_is_staged_is_not_there_before_the_sync(void **state)
{
	struct journal *journal = opened(false);
	struct record_batch batch = {0};
	struct journal_usage usage;
	struct journal_reader *reader;
	struct journal_entry entry;
	uint64_t first;

	(void)state;
	append(journal, 0, 2, id_of(1));
	sample_batch(&batch, 2, 3);
	assert_int_equal(journal_stage(journal, &batch, id_of(2)), 0);
	assert_int_equal(batch.first->sequence, 2);
	assert_int_equal(batch.last->sequence, 4);
	assert_int_equal(batch.last->time_ms, START_MS);
	record_batch_free(&batch); /* it is not looked at again */
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 2, &entry), JOURNAL_END);
	assert_int_equal(journal_find_batch(journal, id_of(2), &first), JOURNAL_END);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_int_equal(usage.tip, 2);
	assert_int_equal(journal_sync(journal), 0);
	journal_reader_renew(reader);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	assert_int_equal(journal_find_batch(journal, id_of(2), &first), 0);
	assert_int_equal(first, 2);
	journal_reader_close(&reader);
	append(journal, 5, 1, id_of(3));
	journal_close(&journal);
}

static void what_is_staged_and_never_synced_is_forgotten(void **state)
{
	struct journal *journal = opened(false);
	struct record_batch batch = {0};
	struct journal_reader *reader;

	(void)state;
	append(journal, 0, 2, id_of(1));
	sample_batch(&batch, 7, 3);
	assert_int_equal(journal_stage(journal, &batch, id_of(2)), 0);
	record_batch_free(&batch);
	journal_close(&journal);
	journal = opened(false);
	append(journal, 2, 1, id_of(2));
	reader = reader_of(journal);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	assert_int_equal(sample_check(reader, 3, 3), JOURNAL_END);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void each_batch_is_one_sync(void **state)
{
	struct journal *journal = opened(false);
	struct journal_usage before, after;

	(void)state;
	append(journal, 0, 1, id_of(1));
	assert_int_equal(journal_usage(journal, &before), 0);
	append(journal, 1, 500, id_of(2));
	append(journal, 501, 1, id_of(3));
	assert_int_equal(journal_usage(journal, &after), 0);
	assert_int_equal(after.syncs, before.syncs + 2);
	journal_close(&journal);
}

static void an_empty_batch_changes_nothing(void **state)
{
	struct journal *journal = opened(false);
	struct record_batch batch = {0};
	struct journal_usage usage;

	(void)state;
	assert_int_equal(journal_append(journal, &batch, id_of(1)), 0);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_int_equal(usage.tip, 0);
	journal_close(&journal);
}

static int64_t time_of(struct journal *journal, uint64_t sequence)
{
	struct journal_reader *reader = reader_of(journal);
	struct journal_entry entry;

	assert_int_equal(journal_read(reader, sequence, &entry), 0);
	journal_reader_close(&reader);
	return entry.time_ms;
}

static void time_never_goes_back_also_not_after_reopening(void **state)
{
	struct journal *journal = opened(false);

	(void)state;
	append(journal, 0, 1, id_of(1));
	tested->now_ms = START_MS + 5000;
	append(journal, 1, 1, id_of(2));
	tested->now_ms = START_MS - 86400000;
	append(journal, 2, 1, id_of(3));
	journal_close(&journal);
	journal = opened(false);
	append(journal, 3, 1, id_of(4));
	tested->now_ms = START_MS + 5001;
	append(journal, 4, 1, id_of(5));
	assert_int_equal(time_of(journal, 0), START_MS);
	assert_int_equal(time_of(journal, 1), START_MS + 5000);
	assert_int_equal(time_of(journal, 2), START_MS + 5000);
	assert_int_equal(time_of(journal, 3), START_MS + 5000);
	assert_int_equal(time_of(journal, 4), START_MS + 5001);
	journal_close(&journal);
}

static void a_batch_is_found_by_its_id_among_the_last_64(void **state)
{
	struct journal *journal = opened(false);
	uint64_t first = 0;

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		append(journal, i * 3U, 3, id_of(i));
	for (int reopened = 0; reopened < 2; reopened++) {
		for (uint8_t i = 36; i < 100; i++) {
			assert_int_equal(journal_find_batch(journal, id_of(i), &first), 0);
			assert_int_equal(first, i * 3U);
		}
		assert_int_equal(journal_find_batch(journal, id_of(200), &first), JOURNAL_END);
		journal_close(&journal);
		journal = opened(false);
	}
	journal_close(&journal);
}

static void nothing_is_found_in_an_empty_log(void **state)
{
	struct journal *journal = opened(false);
	struct journal_reader *reader = reader_of(journal);
	struct journal_entry entry;
	uint64_t first;

	(void)state;
	assert_int_equal(journal_find_batch(journal, id_of(1), &first), JOURNAL_END);
	assert_int_equal(journal_read(reader, 0, &entry), JOURNAL_END);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void a_reader_sees_later_records_after_it_renews(void **state)
{
	struct journal *journal = opened(false);
	struct journal_reader *reader;
	struct journal_entry entry;

	(void)state;
	append(journal, 0, 1, id_of(1));
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 0, &entry), 0);
	append(journal, 1, 1, id_of(2));
	assert_int_equal(journal_read(reader, 1, &entry), JOURNAL_END);
	journal_reader_renew(reader);
	assert_int_equal(sample_check(reader, 1, 1), 0);
	journal_reader_renew(reader);
	journal_reader_renew(reader);
	assert_int_equal(sample_check(reader, 0, 0), 0);
	journal_reader_close(&reader);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void forgotten_parts_are_gone_and_the_record_stays(void **state)
{
	struct journal *journal = opened(false);
	struct record_part parts[SAMPLE_PARTS_MAX];
	struct journal_reader *reader;
	struct journal_entry entry;

	(void)state;
	append(journal, 0, 12, id_of(1));
	assert_int_equal(journal_forget_parts(journal, 7, sample_part_count(7)), 0);
	assert_int_equal(journal_forget_parts(journal, 12, 1), JOURNAL_END);
	journal_close(&journal);
	journal = opened(false);
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 7, &entry), 0);
	assert_int_equal(journal_read_parts(reader, 7, parts, sample_part_count(7)),
			 JOURNAL_FORGOTTEN);
	assert_int_equal(sample_check(reader, 6, 6), 0);
	assert_int_equal(sample_check(reader, 11, 11), 0);
	journal_reader_close(&reader);
	append(journal, 12, 1, id_of(2));
	journal_close(&journal);
}

static void asking_for_more_parts_than_there_are_is_a_fault(void **state)
{
	struct journal *journal = opened(false);
	struct record_part parts[SAMPLE_PARTS_MAX];
	struct journal_reader *reader;

	(void)state;
	append(journal, 0, 4, id_of(1));
	reader = reader_of(journal);
	assert_int_equal(journal_read_parts(reader, 2, parts, 2), 0);
	assert_int_equal(journal_read_parts(reader, 2, parts, 3), TC_ECORRUPT);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void a_flipped_bit_in_a_record_is_seen_and_only_there(void **state)
{
	struct journal *journal = opened(false);
	struct journal_reader *reader;
	struct journal_entry entry;
	uint8_t needle[64];

	(void)state;
	append(journal, 1, 30, id_of(1));
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 4, &entry), 0);
	assert_true(entry.body.len >= sizeof(needle));
	memcpy(needle, entry.body.data, sizeof(needle));
	journal_reader_close(&reader);
	journal_close(&journal);
	assert_true(tested->corrupt(tested, tc_slice(needle, sizeof(needle))));
	journal = opened(false);
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 4, &entry), TC_ECORRUPT);
	assert_int_equal(sample_check(reader, 3, 4), 0);
	assert_int_equal(sample_check(reader, 5, 6), 0);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void a_flipped_bit_in_a_commitment_or_a_part_is_seen(void **state)
{
	struct record_part parts[SAMPLE_PARTS_MAX];
	struct journal *journal = opened(false);
	struct journal_reader *reader;
	struct journal_entry entry;
	uint8_t commitment[32];
	uint8_t content[32];

	(void)state;
	append(journal, 0, 30, id_of(1));
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 5, &entry), 0);
	memcpy(commitment, entry.commitment, sizeof(commitment));
	assert_int_equal(journal_read_parts(reader, 9, parts, 1), 0);
	assert_true(parts[0].content.len >= sizeof(content));
	memcpy(content, parts[0].content.data, sizeof(content));
	journal_reader_close(&reader);
	journal_close(&journal);
	assert_true(tested->corrupt(tested, tc_slice(commitment, sizeof(commitment))));
	assert_true(tested->corrupt(tested, tc_slice(content, sizeof(content))));
	journal = opened(false);
	reader = reader_of(journal);
	assert_int_equal(journal_read(reader, 5, &entry), TC_ECORRUPT);
	assert_int_equal(journal_read(reader, 9, &entry), 0);
	assert_int_equal(journal_read_parts(reader, 9, parts, 1), TC_ECORRUPT);
	assert_int_equal(sample_check(reader, 6, 6), 0);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void make_riders(struct record_batch *batch)
{
	for (struct record *record = batch->first; record; record = record->next)
		record->rider = true;
}

static void a_full_log_takes_riders_only_and_loses_nothing(void **state)
{
	struct journal *journal = opened(true);
	struct record_batch batch = {0};
	struct journal_reader *reader;
	struct journal_usage usage;
	struct record *record;
	uint64_t tip = 0;
	int r;

	(void)state;
	do {
		sample_batch(&batch, tip, 10);
		r = journal_append(journal, &batch, id_of((uint8_t)tip));
		if (r == 0)
			tip += 10;
		record_batch_free(&batch);
	} while (r == 0 && tip < 100000);
	assert_int_equal(r, JOURNAL_FULL);
	assert_int_equal(journal_usage(journal, &usage), 0);
	assert_int_equal(usage.tip, tip);
	assert_true(usage.full);
	/* One that is no rider keeps the whole batch out. */
	sample_batch(&batch, tip, 3);
	make_riders(&batch);
	batch.last->rider = false;
	assert_int_equal(journal_append(journal, &batch, id_of(1)), JOURNAL_FULL);
	batch.last->rider = true;
	assert_int_equal(journal_append(journal, &batch, id_of(1)), 0);
	assert_int_equal(batch.first->sequence, tip);
	tip += 3;
	record_batch_free(&batch);
	/* The reserve ends too, and says so. */
	do {
		record = sample_record(tip);
		record->rider = true;
		record_batch_push(&batch, &record);
		r = journal_append(journal, &batch, id_of(2));
		if (r == 0)
			tip++;
		record_batch_free(&batch);
	} while (r == 0 && tip < 100000);
	assert_int_equal(r, JOURNAL_FULL);
	journal_close(&journal);
	journal = opened(true);
	reader = reader_of(journal);
	for (uint64_t i = 0; i < tip; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	assert_int_equal(sample_check(reader, tip, tip), JOURNAL_END);
	journal_reader_close(&reader);
	journal_close(&journal);
}

static void a_second_writer_is_fenced(void **state)
{
	struct journal *journal = opened(false);
	struct journal *second = NULL;

	(void)state;
	assert_int_equal(tested->open(tested, false, &second), JOURNAL_FENCED);
	assert_null(second);
	journal_close(&journal);
	journal = opened(false);
	journal_close(&journal);
}

#define CONFORMANCE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int journal_conformance_run(struct journal_candidate *candidate)
{
	const struct CMUnitTest tests[] = {
		CONFORMANCE(sequences_are_dense_from_zero_and_content_comes_back),
		CONFORMANCE(everything_is_there_after_reopening_and_goes_on),
		CONFORMANCE(what_is_staged_is_not_there_before_the_sync),
		CONFORMANCE(what_is_staged_and_never_synced_is_forgotten),
		CONFORMANCE(each_batch_is_one_sync),
		CONFORMANCE(an_empty_batch_changes_nothing),
		CONFORMANCE(time_never_goes_back_also_not_after_reopening),
		CONFORMANCE(a_batch_is_found_by_its_id_among_the_last_64),
		CONFORMANCE(nothing_is_found_in_an_empty_log),
		CONFORMANCE(a_reader_sees_later_records_after_it_renews),
		CONFORMANCE(forgotten_parts_are_gone_and_the_record_stays),
		CONFORMANCE(asking_for_more_parts_than_there_are_is_a_fault),
		CONFORMANCE(a_flipped_bit_in_a_record_is_seen_and_only_there),
		CONFORMANCE(a_flipped_bit_in_a_commitment_or_a_part_is_seen),
		CONFORMANCE(a_full_log_takes_riders_only_and_loses_nothing),
		CONFORMANCE(a_second_writer_is_fenced),
	};

	tested = candidate;
	return cmocka_run_group_tests_name("journal_conformance", tests, NULL, NULL) +
	       journal_conformance_leaves_run(candidate);
}
