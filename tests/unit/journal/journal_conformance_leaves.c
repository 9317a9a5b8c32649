#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

#define CONFORMANCE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int journal_conformance_leaves_run(struct journal_candidate *candidate)
{
	const struct CMUnitTest tests[] = {
		CONFORMANCE(leaves_are_read_in_runs_without_their_bodies),
		CONFORMANCE(a_damaged_body_does_not_keep_leaves_from_being_read),
		CONFORMANCE(the_salt_that_comes_with_a_record_makes_its_commitment),
	};

	tested = candidate;
	return cmocka_run_group_tests_name("journal_conformance_leaves", tests, NULL, NULL);
}
