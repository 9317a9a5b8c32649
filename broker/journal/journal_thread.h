/*
 * journal_thread - the one writer of the log: joins what is queued, passes it on, syncs once.
 *
 * It takes BUS_RECORDS from its inbox, stages everything that came while the last sync
 * ran as one batch, and sends that batch to the ledger, which applies it while this thread
 * syncs. When the sync has returned, BUS_DURABLE says so to every gateway, where what follows
 * from the batch is held, and to the ledger. The next batch is staged after that: so at most one
 * has been passed on and is not durable. Riders alone do not set off a
 * commit: they wait for the next one, `rider_wait_ms` at most. When the journal is full,
 * submissions become journaled refusals ("exchange_full") and the rest uses the reserve.
 *
 * When the log cannot be written the process ends at once (JOURNAL_THREAD_EXIT): nothing
 * that was not stored is ever acknowledged, and a restart finds out what is. The same when the
 * storage cannot say what became of a batch that was passed on and it is then not found.
 *
 * Messages: BUS_SOON, from a gateway that has a lone request in hand: the thread wakes up
 * while that is checked, and for a moment does not sleep. BUS_DRAIN: what is pending is passed on
 * and synced without waiting for company, then BUS_DRAIN itself goes on to the ledger. BUS_STOP:
 * everything queued so far is taken, passed on and synced, BUS_STOP goes on to the ledger, and
 * the thread ends.
 *
 * Owner:  the daemon starts and joins it. Blocks: journal_thread_join.
 */
#ifndef JOURNAL_JOURNAL_THREAD_H
#define JOURNAL_JOURNAL_THREAD_H

#include <stdatomic.h>

#include "bus/bus.h"
#include "journal/journal.h"

#define JOURNAL_THREAD_EXIT          74 /* the process's exit status: the log failed */
#define JOURNAL_THREAD_BATCH_RECORDS 4096
#define JOURNAL_THREAD_BATCH_BYTES   (8 * 1024 * 1024)
#define JOURNAL_THREAD_RIDER_WAIT_MS 5
#define JOURNAL_THREAD_RIDER_RECORDS 1024 /* so many riders are company enough */
#define JOURNAL_THREAD_AWAKE_US      150  /* a little longer than a signature's check takes */

struct journal_thread;

/* Any thread may read these. Zero before the first commit. */
struct journal_figures {
	atomic_uint_fast64_t tip;
	atomic_uint_fast64_t syncs;
	atomic_uint_fast64_t bytes_used;
	atomic_uint_fast64_t bytes_limit;
	atomic_bool full;
	/* Written by who watches what is made from the log: while it is set, the journal is taken
	 * for full. */
	atomic_bool short_of_room;
};

struct journal_thread_options {
	struct journal *journal;            /* closed by the caller, after the join */
	struct bus_socket *inbox;           /* PULL; adopted by the thread, closed by the caller */
	struct bus_socket *ledger;          /* PUSH; likewise */
	struct bus_socket *const *gateways; /* PUSH; likewise; the array too lives until the join */
	size_t gateway_count;
	unsigned rider_wait_ms; /* 0: riders do not wait */
	struct journal_figures *figures;
};

int journal_thread_start(const struct journal_thread_options *options,
			 struct journal_thread **ret) TC_MUST_CHECK;
/* After BUS_STOP was sent to its inbox. */
void journal_thread_join(struct journal_thread **thread);

#endif
