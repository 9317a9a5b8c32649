/*
 * ledger_thread - applies what the journal is about to make durable, and sends what follows
 * from it on its way: effects to the gateways, facts to the trail.
 *
 * It applies a batch while the journal syncs it. Effects go to the gateways at once, with the
 * position that must be durable before one of them is told; a gateway holds them until then.
 * Neither facts nor a commit go ahead of what is durable: a crash would leave trail or ledger
 * with what the journal never had. One batch at a time is passed on and not durable, so that is
 * one batch's facts at most, and one sync's wait.
 *
 * It commits rarely (its state is a function of the log): when the commit interval has
 * passed, after so many records, or when a question wants to see what is new; and never
 * ahead of the trail, which it asks to commit first and waits for. Unless a question
 * waits, it asks twice: the first commit is the large one, and records are applied
 * meanwhile; only for the rest do they wait. Facts go to the trail many at a time, and
 * all that there are before it is asked. When a timer is due
 * it sends one tick record to the journal: time, too, comes to the state through the log.
 *
 * Messages taken: BUS_RECORDS; BUS_DURABLE; BUS_COMMIT_WANTED; BUS_COMMITTED of the trail;
 * BUS_DRAIN commits; BUS_STOP commits and ends the thread. A fault ends the process
 * (LEDGER_THREAD_EXIT): nothing is lost, a restart replays.
 *
 * Owner:  the daemon starts and joins it. Blocks: ledger_thread_join.
 */
#ifndef LEDGER_LEDGER_THREAD_H
#define LEDGER_LEDGER_THREAD_H

#include <stdatomic.h>

#include "base/clock.h"
#include "bus/bus.h"
#include "ledger/ledger.h"

#define LEDGER_THREAD_EXIT           75 /* the process's exit status: the ledger failed */
#define LEDGER_THREAD_COMMIT_MS      4000
#define LEDGER_THREAD_COMMIT_RECORDS 65536
#define LEDGER_THREAD_FACTS          256 /* passed on to the trail at once */
#define LEDGER_THREAD_TICK_LIMIT     128 /* so that others wait for no longer than this many clocks */

struct ledger_thread;

/* Written by the thread with each commit. */
struct ledger_figures {
	atomic_bool forget_due; /* an order to expunge waits to be executed: order.h */
};

struct ledger_thread_options {
	struct ledger *ledger;      /* open, replayed and parked; parked again after the join */
	struct bus_socket *inbox;   /* PULL; sockets are adopted, and closed by the caller */
	struct bus_socket *journal; /* PUSH, for ticks */
	struct bus_socket *const *gateways; /* PUSH, by effect.gateway; borrowed until the join */
	size_t gateway_count;
	struct bus_socket *trail; /* PUSH; NULL: facts are dropped and commits wait for nobody */
	struct bus_socket *const *queries; /* PUSH, told of commits; borrowed until the join */
	size_t query_count;
	const struct tc_clock *clock;   /* NULL: the real one */
	struct ledger_figures *figures; /* NULL: nobody looks */
};

int ledger_thread_start(const struct ledger_thread_options *options,
			struct ledger_thread **ret) TC_MUST_CHECK;
/* After BUS_STOP was sent to its inbox. */
void ledger_thread_join(struct ledger_thread **thread);

#endif
