/*
 * bench_message - the messages of the bench: attendance at a treatment programme, which
 * needs the person's consent, with a number in its remark to know it again.
 *
 * Owner:  any thread. Blocks: never.
 */
#ifndef CLI_BENCH_MESSAGE_H
#define CLI_BENCH_MESSAGE_H

#include <throughcare/message.h>

#include "cli/bench.h"

#define TC_BENCH_REMARK_BYTES_MIN 56

/* What the remark says. */
struct tc_bench_mark {
	uint32_t run; /* so that messages of an earlier run are told apart */
	uint32_t producer;
	uint64_t number;
	int64_t sent_us; /* monotonic: sender and recipient are one process */
};

/* How long the remark must be for a packed Envelope of plan->bytes; never under the least. */
size_t tc_bench_message_remark_bytes(const struct tc_bench_plan *plan, const char *sender,
				     const struct tc_bench_queue *queue);

/* 0 or an enum tc_fault. */
int tc_bench_message_new(const struct tc_bench_mark *mark, const struct tc_bench_queue *queue,
			 size_t remark_bytes, struct tc_message **ret) TC_MUST_CHECK;

/* From the content of a delivered part. False when it is no message of the bench. */
bool tc_bench_message_read(const void *content, size_t len, struct tc_bench_mark *ret);

#endif
