/*
 * bench_floor - the least that any broker with these promises must do: take bytes over
 * mutual TLS 1.3, store them, sync, say so.
 *
 * It stands where the exchange stands, so that the same producers send it the same bytes
 * with the same window. A process with two threads: one reads requests and answers each
 * message of one with a receipt that is always the same; the other stores whatever has
 * come while the last sync ran, a row or a piece of the file for each message, and syncs
 * once. Nothing is verified, looked up, decided or delivered.
 *
 * Owner:  the main thread. Blocks: never.
 */
#ifndef CLI_BENCH_FLOOR_H
#define CLI_BENCH_FLOOR_H

#include "cli/bench.h"
#include "cli/bench_network.h"

struct tc_bench_floor_server {
	uint64_t *syncs; /* shared with the process */
};

/* Adds a sender to the network and starts the floor as the network's process, before any thread is
 * started; fills in the target. */
int tc_bench_floor_start(struct tc_bench_network *network, enum tc_bench_floor kind,
			 struct tc_bench_target *ret_target, struct tc_bench_floor_server *ret,
			 struct tc_problem *problem) TC_MUST_CHECK;
void tc_bench_floor_done(struct tc_bench_floor_server *server);

#endif
