/*
 * query_thread - answers questions from snapshots of ledger and trail.
 *
 * A question is answered as of its own record: the thread waits until ledger and trail
 * have committed past it, and asks the ledger to commit when they have not. One that
 * waits longer than the deadline is answered "busy". A fault while answering one
 * question is that question's end ("internal") and not the thread's.
 *
 * Messages: BUS_QUERY, BUS_COMMITTED. BUS_STOP answers nothing more and ends the thread.
 *
 * Owner:  the daemon starts and joins it. Blocks: query_thread_join.
 */
#ifndef QUERY_QUERY_THREAD_H
#define QUERY_QUERY_THREAD_H

#include "bus/bus.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "query/exchange_figures.h"
#include "trail/trail_index.h"
#include "trail/tree_store.h"

#define QUERY_THREAD_DEADLINE_MS  10000
#define QUERY_THREAD_WATCHING_MAX 1024 /* that wait for changes; more are told at once of none */
#define QUERY_THREAD_WAITING_MAX  1024 /* questions; more are answered "busy" at once */

struct query_thread;

struct query_thread_options {
	struct journal *journal; /* these three are closed by the caller, after the join */
	struct ledger *ledger;
	struct trail_index *trail;
	struct tree_store *tree; /* likewise; NULL: nothing is proved */
	const struct exchange_figures *figures;
	struct bus_socket *inbox;     /* PULL; adopted by the thread, closed by the caller */
	struct bus_socket *to_ledger; /* PUSH: BUS_COMMIT_WANTED; likewise */
	struct bus_socket **gateways; /* PUSH: BUS_ANSWER, by query_request.gateway; likewise */
	size_t gateway_count;
	unsigned deadline_ms;
};

/* The views are opened here, so that a fault is the caller's and not the thread's. */
int query_thread_start(const struct query_thread_options *options,
		       struct query_thread **ret) TC_MUST_CHECK;
/* After BUS_STOP was sent to its inbox. */
void query_thread_join(struct query_thread **thread);

#endif
