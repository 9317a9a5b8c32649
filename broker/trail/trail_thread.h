/*
 * trail_thread - follows the ledger: takes its facts, commits them, says how far it is.
 *
 * Commits when a second has passed, when enough facts wait, or when the ledger wants
 * to commit itself (see trail_index.h for why it must ask). After each commit the
 * ledger and every query thread are told the position reached.
 *
 * A fault ends the thread, and with it the process: no disclosure without its row.
 *
 * Owner:  new, start and join: the daemon. Blocks: join, until the thread has ended.
 */
#ifndef TRAIL_TRAIL_THREAD_H
#define TRAIL_TRAIL_THREAD_H

#include "bus/bus.h"
#include "trail/trail_index.h"

#define TRAIL_COMMIT_MS    1000
#define TRAIL_COMMIT_FACTS 65536
#define TRAIL_QUEUE_MAX    256
#define TRAIL_QUERIES_MAX  16

struct trail_thread;

/* Binds "trail". `index` stays the caller's, and is the thread's between start and join. */
int trail_thread_new(struct bus *bus, struct trail_index *index,
		     struct trail_thread **ret) TC_MUST_CHECK;
struct trail_thread_options {
	uint16_t query_threads; /* "query.0" and so on: told after each commit */
	/* Called once, by the thread, when a fault ends it: the process must then end. */
	void (*failed)(void *context, int fault);
	void *context;
};

/* Connects to "ledger" and the query threads, which are bound by then. Runs until BUS_STOP, then
 * takes what is still queued, commits and ends. */
int trail_thread_start(struct trail_thread *thread,
		       const struct trail_thread_options *options) TC_MUST_CHECK;
/* Of a started thread. 0, or the fault that ended it. */
int trail_thread_join(struct trail_thread *thread) TC_MUST_CHECK;
/* Of one that was never started or has been joined. NULL inside is accepted. */
void trail_thread_free(struct trail_thread **thread);

#endif
