/*
 * line_fixture - a journal thread between a gateway's and the ledger's end of the bus.
 *
 * Owner: the test. Blocks: up to LINE_WAIT_MS. Failures end the test.
 */
#ifndef UNIT_JOURNAL_LINE_FIXTURE_H
#define UNIT_JOURNAL_LINE_FIXTURE_H

#include <limits.h>

#include "journal/journal_thread.h"

#define LINE_WAIT_MS 20000

struct fixture {
	char folder[PATH_MAX];
	struct journal *journal;
	struct bus *bus;
	struct bus_socket *inbox, *to_journal, *to_ledger, *ledger, *to_gateway, *gateway;
	struct journal_figures figures;
	struct journal_thread *thread;
};

struct fixture *fixture_new(uint64_t map_bytes);
/* The thread is started apart, so that a test may queue something before. */
void fixture_start(struct fixture *f, unsigned rider_wait_ms);
/* Sends BUS_STOP, sees it come to the ledger, joins. */
void fixture_stop(struct fixture *f);
void fixture_free(struct fixture *f);

/* To the journal; takes what `content` holds. */
void send_batch(struct fixture *f, struct record_batch *content);
void send_samples(struct fixture *f, uint64_t first, size_t count, bool rider);

/* What comes to the ledger next but for positions, which are told after each batch. */
void take_message(struct fixture *f, struct bus_message *ret);
void expect_message(struct fixture *f, enum bus_message_kind kind);
/* Takes records from the ledger's end until `count` have come; returns in how many batches. */
int expect_records(struct fixture *f, uint64_t from, size_t count);
void expect_durable(struct bus_socket *socket, uint64_t next);
void expect_nothing(struct bus_socket *socket);

#endif
