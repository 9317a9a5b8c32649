/*
 * tree_thread - keeps the tree and its checkpoints close behind the journal.
 *
 * Wakes up at its interval and does one round (checkpointer.h). A sealer that does not answer
 * is told of once and asked again at every round; meanwhile the newest checkpoint grows old,
 * which the status of the exchange shows. When the disk fails, or the sealer has signed a tree
 * that this log is not the continuation of, the process ends at once (TREE_THREAD_EXIT).
 *
 * Messages: BUS_RELOAD: the sealer is started or connected to anew, so that it reads its keys
 * again. BUS_STOP, after the journal has ended: a last round, and the thread ends.
 *
 * Owner: the daemon starts it, and joins it after BUS_STOP.
 */
#ifndef TRAIL_TREE_THREAD_H
#define TRAIL_TREE_THREAD_H

#include "bus/bus.h"
#include "bus/thread.h"
#include "trail/checkpointer.h"

#define TREE_THREAD_EXIT 74 /* the process's exit status: the tree failed */

struct tree_thread_options {
	struct checkpointer *checkpointer; /* closed by the caller, after the join */
	struct bus_socket *inbox;          /* PULL; adopted by the thread, closed by the caller */
	unsigned interval_ms;
};

int tree_thread_start(const struct tree_thread_options *options, struct thread **ret) TC_MUST_CHECK;

#endif
