/*
 * trail_thread - follows the ledger: takes its facts, commits them, says how far it is, and
 * anchors disclosures in the log.
 *
 * Commits when five seconds have passed, when enough facts wait, or when the ledger wants
 * to commit itself (see trail_index.h for why it must ask) and then gets an answer.
 * After each commit every query thread is told the position reached.
 *
 * An anchor's record (anchor.h) goes to the journal when there are disclosures that none tells
 * of, `anchor_ms` after the one before it: it rides with the next commit, never waits for the
 * journal, and none follows before it has come back as a fact. The last ones are made by the
 * daemon, when every thread has ended: stores_finish.
 *
 * When it cannot be written the process ends at once (TRAIL_THREAD_EXIT): nothing is
 * disclosed that the trail could not tell of.
 *
 * Messages: BUS_FACTS, BUS_COMMIT_WANTED; BUS_STOP takes what is still queued, commits
 * and ends the thread.
 *
 * Owner:  the daemon starts it, and joins it after BUS_STOP.
 */
#ifndef TRAIL_TRAIL_THREAD_H
#define TRAIL_TRAIL_THREAD_H

#include "bus/bus.h"
#include "bus/thread.h"
#include "trail/trail_index.h"

#define TRAIL_THREAD_EXIT    74   /* the process's exit status: the trail failed */
#define TRAIL_THREAD_WAIT_MS 5000 /* the ledger asks before that, as a rule */
#define TRAIL_THREAD_FACTS   65536

struct trail_thread_options {
	struct trail_index *index;   /* closed by the caller, after the join */
	struct bus_socket *inbox;    /* PULL; adopted by the thread, closed by the caller */
	struct bus_socket *ledger;   /* PUSH, told when it wanted a commit; likewise */
	struct bus_socket **queries; /* PUSH, likewise; the array too lives until the join */
	size_t query_count;
	struct bus_socket *journal; /* PUSH, likewise; NULL: no anchors */
	unsigned anchor_ms;
	unsigned wait_ms; /* longest wait of a fact for its commit; 0: TRAIL_THREAD_WAIT_MS */
};

int trail_thread_start(const struct trail_thread_options *options,
		       struct thread **ret) TC_MUST_CHECK;

#endif
