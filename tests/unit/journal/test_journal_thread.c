#include "journal/journal_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal_sample.h"
#include "line_fixture.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/record.pb-c.h"

#define MAP_BYTES       (64 * 1024 * 1024)
#define MAP_BYTES_SMALL (2 * 1024 * 1024)

static void what_is_queued_is_joined_into_one_commit(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);
	struct journal_reader *reader = NULL;

	(void)state;
	/* Queued before the thread runs, so that all of it waits together. */
	for (uint64_t i = 0; i < 50; i++)
		send_samples(f, i * 4, 4, false);
	fixture_start(f, 5);
	assert_int_equal(expect_records(f, 0, 200), 1);
	fixture_stop(f);
	assert_int_equal(f->figures.syncs, 1);
	assert_int_equal(f->figures.tip, 200);
	assert_true(f->figures.bytes_limit == MAP_BYTES);
	assert_int_equal(journal_reader_open(f->journal, &reader), 0);
	for (uint64_t i = 0; i < 200; i++)
		assert_int_equal(sample_check(reader, i, i), 0);
	journal_reader_close(&reader);
	fixture_free(f);
}

static void riders_come_along_with_the_next_commit(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);

	(void)state;
	fixture_start(f, LINE_WAIT_MS * 10);
	send_samples(f, 0, 3, true);
	send_samples(f, 3, 2, true);
	send_samples(f, 5, 1, false);
	assert_int_equal(expect_records(f, 0, 6), 1);
	fixture_stop(f);
	assert_int_equal(f->figures.syncs, 1);
	fixture_free(f);
}

static void riders_alone_do_not_wait_for_ever(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);

	(void)state;
	fixture_start(f, 20);
	send_samples(f, 0, 3, true);
	assert_int_equal(expect_records(f, 0, 3), 1);
	fixture_stop(f);
	fixture_free(f);
}

/* Whether what was announced comes or not. */
static void an_announcement_changes_no_commit(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);

	(void)state;
	fixture_start(f, 5);
	assert_int_equal(bus_send(f->to_journal, BUS_SOON, NULL, LINE_WAIT_MS), 0);
	send_samples(f, 0, 1, false);
	assert_int_equal(expect_records(f, 0, 1), 1);
	assert_int_equal(bus_send(f->to_journal, BUS_SOON, NULL, LINE_WAIT_MS), 0);
	send_samples(f, 1, 2, true);
	assert_int_equal(expect_records(f, 1, 2), 1);
	assert_int_equal(bus_send(f->to_journal, BUS_SOON, NULL, LINE_WAIT_MS), 0);
	send_samples(f, 3, 2, true);
	assert_int_equal(bus_send(f->to_journal, BUS_STOP, NULL, LINE_WAIT_MS), 0);
	assert_int_equal(expect_records(f, 3, 2), 1);
	expect_message(f, BUS_STOP);
	journal_thread_join(&f->thread);
	assert_int_equal(f->figures.tip, 5);
	fixture_free(f);
}

static void drain_takes_riders_along_and_goes_down_the_line(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);

	(void)state;
	fixture_start(f, LINE_WAIT_MS * 10);
	send_samples(f, 0, 3, true);
	assert_int_equal(bus_send(f->to_journal, BUS_DRAIN, NULL, LINE_WAIT_MS), 0);
	expect_records(f, 0, 3);
	expect_message(f, BUS_DRAIN);
	send_samples(f, 3, 2, true);
	assert_int_equal(bus_send(f->to_journal, BUS_STOP, NULL, LINE_WAIT_MS), 0);
	expect_records(f, 3, 2);
	expect_message(f, BUS_STOP);
	journal_thread_join(&f->thread);
	fixture_free(f);
}

/* A submission as a gateway makes it, as far as the journal looks at it. */
static struct record *submission(uint64_t connection, char *message_id, size_t part_bytes)
{
	Throughcare__V1__SubmissionRecord submission = THROUGHCARE__V1__SUBMISSION_RECORD__INIT;
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__Header header = THROUGHCARE__V1__HEADER__INIT;
	struct record *record = record_new();
	uint8_t packed[256];
	size_t len;

	assert_non_null(record);
	header.message_id = message_id;
	header.type = (char[]){"AttendanceRecord"};
	submission.has_header = 1;
	submission.header.data = packed;
	submission.header.len = throughcare__v1__header__pack(&header, packed);
	body.has_connection = 1;
	body.connection = connection;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_SUBMISSION;
	body.submission = &submission;
	len = throughcare__v1__record__get_packed_size(&body);
	assert_int_equal(tc_bytes_reserve(&record->owned, len + part_bytes), 0);
	throughcare__v1__record__pack(&body, record->owned.data);
	memset(record->owned.data + len, 'p', part_bytes);
	record->owned.len = len + part_bytes;
	record->body = tc_slice(record->owned.data, len);
	record->parts = calloc(1, sizeof(*record->parts));
	assert_non_null(record->parts);
	record->parts[0].content = tc_slice(record->owned.data + len, part_bytes);
	record->part_count = 1;
	record->connection = connection;
	record->request_id = connection + 1;
	record->index = 2;
	record->count = 3;
	return record;
}

static bool is_refusal(const struct record *record, const char *message_id)
{
	Throughcare__V1__Record *body =
		throughcare__v1__record__unpack(NULL, record->body.len, record->body.data);
	bool refusal;

	assert_non_null(body);
	assert_int_equal(body->connection, record->connection);
	refusal = body->body_case == THROUGHCARE__V1__RECORD__BODY_REFUSAL;
	if (refusal) {
		assert_string_equal(body->refusal->code, "exchange_full");
		assert_string_equal(body->refusal->message_id, message_id);
		assert_string_equal(body->refusal->type, "AttendanceRecord");
		assert_int_equal(record->part_count, 0);
	}
	throughcare__v1__record__free_unpacked(body, NULL);
	return refusal;
}

static void a_full_journal_refuses_submissions_in_the_log_and_takes_the_rest(void **state)
{
	char message_id[] = "01935000-0000-7000-8000-000000000001";
	struct fixture *f = fixture_new(MAP_BYTES_SMALL);
	struct record_batch *batch;
	struct bus_message message;
	struct record_batch content;
	struct record *record;
	bool refused = false;

	(void)state;
	fixture_start(f, 0);
	for (uint64_t i = 0; !refused && i < 10000; i++) {
		record = submission(77, message_id, 3000);
		content = (struct record_batch){0};
		record_batch_push(&content, &record);
		send_batch(f, &content);
		take_message(f, &message);
		batch = message.payload;
		assert_int_equal(batch->first->sequence, i);
		assert_int_equal(batch->first->request_id, 78);
		assert_int_equal(batch->first->index, 2);
		assert_int_equal(batch->first->count, 3);
		refused = is_refusal(batch->first, message_id);
		record_batch_free(batch);
		free(batch);
	}
	assert_true(refused);
	fixture_stop(f);
	fixture_free(f);
}

/* Whether there is room in the ledger is not the journal's to know: it is told. */
static void short_of_room_elsewhere_only_settlements_are_taken(void **state)
{
	static char message_id[] = "1b671a64-40d5-491e-99b0-da01ff1f3341";
	struct fixture *f = fixture_new(MAP_BYTES);
	struct record_batch content = {0};
	struct record *record = submission(77, message_id, 100);
	struct record_batch *batch;
	struct bus_message message;

	(void)state;
	atomic_store(&f->figures.short_of_room, true);
	fixture_start(f, 0);
	record_batch_push(&content, &record);
	send_batch(f, &content);
	take_message(f, &message);
	batch = message.payload;
	assert_true(is_refusal(batch->first, message_id));
	record_batch_free(batch);
	free(batch);
	send_samples(f, 1, 3, true);
	assert_int_equal(expect_records(f, 1, 3), 1);
	atomic_store(&f->figures.short_of_room, false);
	send_samples(f, 4, 2, false);
	assert_int_equal(expect_records(f, 4, 2), 1);
	fixture_stop(f);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_queued_is_joined_into_one_commit),
		cmocka_unit_test(riders_come_along_with_the_next_commit),
		cmocka_unit_test(riders_alone_do_not_wait_for_ever),
		cmocka_unit_test(an_announcement_changes_no_commit),
		cmocka_unit_test(drain_takes_riders_along_and_goes_down_the_line),
		cmocka_unit_test(a_full_journal_refuses_submissions_in_the_log_and_takes_the_rest),
		cmocka_unit_test(short_of_room_elsewhere_only_settlements_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
