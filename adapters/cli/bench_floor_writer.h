/*
 * bench_floor_writer - the group commit of the floor: a thread that stores and syncs.
 *
 * Owner:  the floor's loop thread pushes and takes; the writer thread stores.
 * Blocks: never, but for taking a lock that is held for a moment.
 */
#ifndef CLI_BENCH_FLOOR_WRITER_H
#define CLI_BENCH_FLOOR_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/bench.h"
#include "wire/limits.h"

struct tc_bench_job {
	struct tc_bench_job *next;
	uint32_t connection;
	uint64_t request_id;
	uint32_t messages;
	uint32_t lens[TC_ENVELOPES_MAX]; /* of each message */
	size_t len;
	uint8_t bytes[]; /* one message after the other */
};

struct tc_bench_jobs {
	struct tc_bench_job *first;
	struct tc_bench_job *last;
};

void tc_bench_jobs_push(struct tc_bench_jobs *jobs, struct tc_bench_job *job);
void tc_bench_jobs_free(struct tc_bench_jobs *jobs);

struct tc_bench_writer;

/* Stores in `folder`; counts in *syncs; makes `event` (an eventfd) readable when jobs are stored. A
 * disk that fails ends the process. */
int tc_bench_writer_start(const char *folder, enum tc_bench_floor kind, uint64_t *syncs, int event,
			  struct tc_bench_writer **ret) TC_MUST_CHECK;
/* Takes all jobs over, leaving `jobs` empty. */
void tc_bench_writer_push(struct tc_bench_writer *writer, struct tc_bench_jobs *jobs);
/* What has been stored since the last time. */
struct tc_bench_jobs tc_bench_writer_stored(struct tc_bench_writer *writer);

#endif
