#include "journal/journal_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "journal/journal_lmdb.h"
#include "journal_sample.h"
#include "scratch.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/record.pb-c.h"

#define WAIT_MS         20000
#define MAP_BYTES       (64 * 1024 * 1024)
#define MAP_BYTES_SMALL (2 * 1024 * 1024)

struct fixture {
	char folder[PATH_MAX];
	struct journal *journal;
	struct bus *bus;
	struct bus_socket *inbox, *to_journal, *to_ledger, *ledger;
	struct journal_figures figures;
	struct journal_thread *thread;
};

static struct fixture *fixture_new(uint64_t map_bytes)
{
	struct journal_lmdb_options options = {.map_bytes = map_bytes, .clock = &tc_clock_real};
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	scratch_make(f->folder);
	options.path = f->folder;
	assert_int_equal(journal_lmdb_open(&options, &f->journal), 0);
	assert_int_equal(bus_open(&f->bus), 0);
	assert_int_equal(bus_bind_pull(f->bus, "journal", 1024, &f->inbox), 0);
	assert_int_equal(bus_connect_push(f->bus, "journal", 1024, &f->to_journal), 0);
	assert_int_equal(bus_bind_pull(f->bus, "ledger", 1024, &f->ledger), 0);
	assert_int_equal(bus_connect_push(f->bus, "ledger", 1024, &f->to_ledger), 0);
	return f;
}

static void start(struct fixture *f, unsigned rider_wait_ms)
{
	struct journal_thread_options options = {.journal = f->journal,
						 .inbox = f->inbox,
						 .ledger = f->to_ledger,
						 .rider_wait_ms = rider_wait_ms,
						 .figures = &f->figures};

	assert_int_equal(journal_thread_start(&options, &f->thread), 0);
}

static void send_batch(struct fixture *f, struct record_batch *content)
{
	struct record_batch *batch = malloc(sizeof(*batch));

	assert_non_null(batch);
	*batch = *content;
	*content = (struct record_batch){0};
	assert_int_equal(bus_send(f->to_journal, BUS_RECORDS, batch, WAIT_MS), 0);
}

static void send_samples(struct fixture *f, uint64_t first, size_t count, bool rider)
{
	struct record_batch batch = {0};

	sample_batch(&batch, first, count);
	for (struct record *record = batch.first; record; record = record->next)
		record->rider = rider;
	send_batch(f, &batch);
}

/* Takes records from the ledger's end until `count` have come; returns in how many batches. */
static int expect_records(struct fixture *f, uint64_t from, size_t count)
{
	struct record_batch *batch;
	struct bus_message message;
	int batches = 0;

	for (size_t got = 0; got < count; batches++) {
		assert_int_equal(bus_receive(f->ledger, WAIT_MS, &message), 0);
		assert_int_equal(message.kind, BUS_RECORDS);
		batch = message.payload;
		for (const struct record *record = batch->first; record; record = record->next)
			assert_int_equal(record->sequence, from + got++);
		record_batch_free(batch);
		free(batch);
	}
	return batches;
}

static void expect_message(struct fixture *f, enum bus_message_kind kind)
{
	struct bus_message message;

	assert_int_equal(bus_receive(f->ledger, WAIT_MS, &message), 0);
	assert_int_equal(message.kind, kind);
}

static void fixture_stop(struct fixture *f)
{
	assert_int_equal(bus_send(f->to_journal, BUS_STOP, NULL, WAIT_MS), 0);
	expect_message(f, BUS_STOP);
	journal_thread_join(&f->thread);
	assert_null(f->thread);
}

static void fixture_free(struct fixture *f)
{
	bus_socket_close(&f->inbox);
	bus_socket_close(&f->to_journal);
	bus_socket_close(&f->ledger);
	bus_socket_close(&f->to_ledger);
	bus_close(&f->bus);
	journal_close(&f->journal);
	scratch_remove(f->folder);
	free(f);
}

static void what_is_queued_is_joined_into_one_commit(void **state)
{
	struct fixture *f = fixture_new(MAP_BYTES);
	struct journal_reader *reader = NULL;

	(void)state;
	/* Queued before the thread runs, so that all of it waits together. */
	for (uint64_t i = 0; i < 50; i++)
		send_samples(f, i * 4, 4, false);
	start(f, 5);
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
	start(f, WAIT_MS * 10);
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
	start(f, 20);
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
	start(f, 5);
	assert_int_equal(bus_send(f->to_journal, BUS_SOON, NULL, WAIT_MS), 0);
	send_samples(f, 0, 1, false);
	assert_int_equal(expect_records(f, 0, 1), 1);
	assert_int_equal(bus_send(f->to_journal, BUS_SOON, NULL, WAIT_MS), 0);
	send_samples(f, 1, 2, true);
	assert_int_equal(expect_records(f, 1, 2), 1);
	assert_int_equal(bus_send(f->to_journal, BUS_SOON, NULL, WAIT_MS), 0);
	send_samples(f, 3, 2, true);
	assert_int_equal(bus_send(f->to_journal, BUS_STOP, NULL, WAIT_MS), 0);
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
	start(f, WAIT_MS * 10);
	send_samples(f, 0, 3, true);
	assert_int_equal(bus_send(f->to_journal, BUS_DRAIN, NULL, WAIT_MS), 0);
	expect_records(f, 0, 3);
	expect_message(f, BUS_DRAIN);
	send_samples(f, 3, 2, true);
	assert_int_equal(bus_send(f->to_journal, BUS_STOP, NULL, WAIT_MS), 0);
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
	start(f, 0);
	for (uint64_t i = 0; !refused && i < 10000; i++) {
		record = submission(77, message_id, 3000);
		content = (struct record_batch){0};
		record_batch_push(&content, &record);
		send_batch(f, &content);
		assert_int_equal(bus_receive(f->ledger, WAIT_MS, &message), 0);
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

static int broken_append(struct journal *journal, struct record_batch *batch, struct tc_id id)
{
	(void)journal;
	(void)batch;
	(void)id;
	return TC_ESTORE;
}

static void a_log_that_cannot_be_written_ends_the_process(void **state)
{
	static const struct journal_ops broken_ops = {.append = broken_append};
	struct journal broken = {.ops = &broken_ops};
	struct bus_message message;
	struct fixture *f;
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		f = fixture_new(MAP_BYTES);
		scratch_remove(f->folder);
		journal_close(&f->journal);
		f->journal = &broken;
		start(f, 5);
		send_samples(f, 0, 1, false);
		(void)!bus_receive(f->ledger, WAIT_MS, &message);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), JOURNAL_THREAD_EXIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_that_cannot_be_written_ends_the_process),
		cmocka_unit_test(what_is_queued_is_joined_into_one_commit),
		cmocka_unit_test(riders_come_along_with_the_next_commit),
		cmocka_unit_test(riders_alone_do_not_wait_for_ever),
		cmocka_unit_test(an_announcement_changes_no_commit),
		cmocka_unit_test(drain_takes_riders_along_and_goes_down_the_line),
		cmocka_unit_test(a_full_journal_refuses_submissions_in_the_log_and_takes_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
