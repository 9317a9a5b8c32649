#include "line_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "journal/journal_lmdb.h"
#include "journal_sample.h"
#include "scratch.h"

struct fixture *fixture_new(uint64_t map_bytes)
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
	assert_int_equal(bus_bind_pull(f->bus, "gateway-0", 1, &f->gateway), 0);
	assert_int_equal(bus_connect_push(f->bus, "gateway-0", 1, &f->to_gateway), 0);
	return f;
}

void fixture_start(struct fixture *f, unsigned rider_wait_ms)
{
	struct journal_thread_options options = {.journal = f->journal,
						 .inbox = f->inbox,
						 .ledger = f->to_ledger,
						 .gateways = &f->to_gateway,
						 .gateway_count = 1,
						 .rider_wait_ms = rider_wait_ms,
						 .figures = &f->figures};

	assert_int_equal(journal_thread_start(&options, &f->thread), 0);
}

void send_batch(struct fixture *f, struct record_batch *content)
{
	struct record_batch *batch = malloc(sizeof(*batch));

	assert_non_null(batch);
	*batch = *content;
	*content = (struct record_batch){0};
	assert_int_equal(bus_send(f->to_journal, BUS_RECORDS, batch, LINE_WAIT_MS), 0);
}

void send_samples(struct fixture *f, uint64_t first, size_t count, bool rider)
{
	struct record_batch batch = {0};

	sample_batch(&batch, first, count);
	for (struct record *record = batch.first; record; record = record->next)
		record->rider = rider;
	send_batch(f, &batch);
}

void take_message(struct fixture *f, struct bus_message *ret)
{
	for (;;) {
		assert_int_equal(bus_receive(f->ledger, LINE_WAIT_MS, ret), 0);
		if (ret->kind != BUS_DURABLE)
			return;
		free(ret->payload);
	}
}

void expect_durable(struct bus_socket *socket, uint64_t next)
{
	struct bus_position *position;
	struct bus_message message;

	assert_int_equal(bus_receive(socket, LINE_WAIT_MS, &message), 0);
	assert_int_equal(message.kind, BUS_DURABLE);
	position = message.payload;
	assert_int_equal(position->next, next);
	free(position);
}

void expect_nothing(struct bus_socket *socket)
{
	struct bus_message message;

	assert_int_equal(bus_receive(socket, 0, &message), BUS_EMPTY);
}

int expect_records(struct fixture *f, uint64_t from, size_t count)
{
	struct record_batch *batch;
	struct bus_message message;
	int batches = 0;

	for (size_t got = 0; got < count; batches++) {
		take_message(f, &message);
		assert_int_equal(message.kind, BUS_RECORDS);
		batch = message.payload;
		for (const struct record *record = batch->first; record; record = record->next)
			assert_int_equal(record->sequence, from + got++);
		record_batch_free(batch);
		free(batch);
	}
	return batches;
}

void expect_message(struct fixture *f, enum bus_message_kind kind)
{
	struct bus_message message;

	take_message(f, &message);
	assert_int_equal(message.kind, kind);
}

void fixture_stop(struct fixture *f)
{
	assert_int_equal(bus_send(f->to_journal, BUS_STOP, NULL, LINE_WAIT_MS), 0);
	expect_message(f, BUS_STOP);
	journal_thread_join(&f->thread);
	assert_null(f->thread);
}

void fixture_free(struct fixture *f)
{
	struct bus_message message;

	while (bus_receive(f->gateway, 0, &message) == 0 ||
	       bus_receive(f->ledger, 0, &message) == 0)
		free(message.payload);
	bus_socket_close(&f->gateway);
	bus_socket_close(&f->to_gateway);
	bus_socket_close(&f->inbox);
	bus_socket_close(&f->to_journal);
	bus_socket_close(&f->ledger);
	bus_socket_close(&f->to_ledger);
	bus_close(&f->bus);
	journal_close(&f->journal);
	scratch_remove(f->folder);
	free(f);
}
