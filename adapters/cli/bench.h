/*
 * bench - what is measured, against what, and what came out.
 *
 * One producer thread and one consumer thread drive all connections over the client
 * library; the exchange is a process of its own. `--floor` puts a bare group-commit
 * writer behind the same TLS in the exchange's place (bench_floor.h).
 *
 * Owner:  the main thread. Blocks: for as long as the plan says, and to drain.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/bench_histogram.h"
#include "cli/file.h"
#include "cli/problem.h"
#include "cli/screen.h"

#define TC_BENCH_QUEUES_MAX      64
#define TC_BENCH_CONNECTIONS_MAX 1024
#define TC_BENCH_WINDOW_MAX      65536
#define TC_BENCH_BYTES_MAX       4096
#define TC_BENCH_WAIT_MS         30000 /* without any progress: given up */

enum tc_bench_floor {
	TC_BENCH_FLOOR_NONE,
	TC_BENCH_FLOOR_LMDB, /* MDB_APPEND, one synced transaction for all that has come */
	TC_BENCH_FLOOR_FILE, /* append to a file and fdatasync */
};

struct tc_bench_plan {
	unsigned producers;
	unsigned window;
	unsigned consumers;
	unsigned queues;
	unsigned seconds;
	unsigned bytes; /* of one packed Envelope: header and parts */
	enum tc_bench_floor floor;
};

/* Envelopes under one signature. */
static inline unsigned tc_bench_plan_batch(const struct tc_bench_plan *plan)
{
	return plan->window < 64 ? plan->window : 64;
}

/* One mailbox: its agency, whose consent covers what is sent there, and the profile to collect. */
struct tc_bench_queue {
	char agency[64];
	char subject[37];
	char grant[37];
	char profile[TC_FILE_PATH_BYTES];
};

/* Whom to send to, and the process to be measured (0: none that we could look at). */
struct tc_bench_target {
	char producer[TC_FILE_PATH_BYTES]; /* profile */
	char operator[TC_FILE_PATH_BYTES]; /* profile to ask for the exchange's figures, or "" */
	struct tc_bench_queue queues[TC_BENCH_QUEUES_MAX];
	int pid;
};

/* What is unknown is NAN. */
struct tc_bench_result {
	uint64_t accepted;
	uint64_t delivered;  /* once, and their acknowledgement was confirmed */
	uint64_t lost;       /* accepted and never delivered */
	uint64_t duplicated; /* deliveries of what had been delivered before */
	double send_s;       /* from the first submission to the last receipt */
	double deliver_s;    /* from the first submission to the last confirmed acknowledgement */
	struct tc_bench_histogram ack;
	struct tc_bench_histogram delivery;
	double cpu_s; /* of the exchange */
	double rss_peak_mib;
	double disk_bytes;
	double syncs;
};

/* Sends, collects, acknowledges and drains. 0, or TC_E* with `problem` filled. */
int tc_bench_load_run(const struct tc_bench_plan *plan, const struct tc_bench_target *target,
		      const struct tc_screen *screen, struct tc_bench_result *ret,
		      struct tc_problem *problem) TC_MUST_CHECK;

/* One JSON object, or a table. */
void tc_bench_report(const struct tc_screen *screen, const struct tc_bench_plan *plan,
		     const struct tc_bench_result *result);

#endif
