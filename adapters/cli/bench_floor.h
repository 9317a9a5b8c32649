/*
 * bench_floor - the least that any broker with these promises must do: take bytes over
 * mutual TLS 1.3, store them, sync, say so.
 *
 * A process with two threads. One reads frames (u32be bytes, u32be messages, bytes) and
 * answers each with the number of its messages (u32be); the other stores whatever has
 * come while the last sync ran and syncs once. Nothing is decoded, verified or delivered.
 *
 * Owner:  the main thread. Blocks: as said.
 */
#ifndef CLI_BENCH_FLOOR_H
#define CLI_BENCH_FLOOR_H

#include "cli/bench.h"
#include "cli/bench_network.h"

#define TC_BENCH_FLOOR_HEADER_BYTES 8
#define TC_BENCH_FLOOR_FRAME_MAX    (1024 * 1024)

struct tc_bench_floor_server {
	int port;
	uint64_t *syncs; /* shared with the process */
};

/* Starts it in the network's folder, as the network's process, before any thread is started. */
int tc_bench_floor_start(struct tc_bench_network *network, enum tc_bench_floor kind,
			 struct tc_bench_floor_server *ret,
			 struct tc_problem *problem) TC_MUST_CHECK;
void tc_bench_floor_done(struct tc_bench_floor_server *server);

/* Adds a sender to the network, and sends as the plan says: frames as large as the exchange's
 * requests with as many messages, and the same window. */
int tc_bench_floor_run(const struct tc_bench_plan *plan, struct tc_bench_network *network,
		       const struct tc_bench_floor_server *server, struct tc_bench_result *ret,
		       struct tc_problem *problem) TC_MUST_CHECK;

#endif
