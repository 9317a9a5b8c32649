/*
 * bench_load - what the producer and the consumer thread share while a load runs.
 *
 * Inside the bench only. Counters are atomic; a problem is set once, by whoever fails
 * first, and ends both threads.
 *
 * Owner: the main thread makes it; each half says which thread it is of.
 */
#ifndef CLI_BENCH_LOAD_H
#define CLI_BENCH_LOAD_H

#include <pthread.h>
#include <stdatomic.h>

#include <throughcare/client.h>

#include "cli/bench.h"

/* A set of numbers from 0, mostly dense. */
struct tc_bench_tally {
	uint8_t *bits;
	size_t bytes;
};

struct tc_bench_load {
	const struct tc_bench_plan *plan;
	const struct tc_bench_target *target;
	uint32_t run;
	int64_t start_us;
	int64_t stop_us; /* no new messages after this */

	atomic_uint_fast64_t accepted;
	atomic_uint_fast64_t delivered;
	atomic_bool produced; /* the last receipt has come */
	atomic_bool failed;
	pthread_mutex_t lock;
	int fault;                 /* under the lock */
	struct tc_problem problem; /* under the lock */

	/* Producer thread. */
	struct tc_bench_tally accepted_of[TC_BENCH_CONNECTIONS_MAX];
	struct tc_bench_histogram ack;
	int64_t last_receipt_us;

	/* Consumer thread. */
	struct tc_bench_tally seen_of[TC_BENCH_CONNECTIONS_MAX];
	struct tc_bench_histogram delivery;
	uint64_t duplicated;
	int64_t last_settled_us;
};

/* Adds `number`. 0, 1 when it was there before, or TC_ENOMEM. */
int tc_bench_tally_add(struct tc_bench_tally *tally, uint64_t number) TC_MUST_CHECK;
/* How many of `all` are not in `some`. */
uint64_t tc_bench_tally_missing(const struct tc_bench_tally *all,
				const struct tc_bench_tally *some);
void tc_bench_tally_free(struct tc_bench_tally *tally);

/* Keeps the first problem and ends the load. `client` may be NULL. */
void tc_bench_load_fail(struct tc_bench_load *load, int fault, const struct tc_client *client,
			const char *what);

/* Opens the profile and connects; without verifying senders, which is the agencies' work and not
 * the exchange's. NULL after a failure. */
struct tc_client *tc_bench_load_connect(struct tc_bench_load *load, const char *profile);

/* Watches a client's descriptor; `index` comes back in epoll_event.data.u32. */
int tc_bench_load_watch(int epoll, struct tc_client *client, uint32_t index,
			bool *watches_write) TC_MUST_CHECK;

/* Thread bodies; the argument is the load. */
void *tc_bench_producers_run(void *load);
void *tc_bench_consumers_run(void *load);

#endif
