/*
 * bench_consent - records the consent that a mailbox of the bench lives on.
 *
 * Owner:  the main thread.
 * Blocks: on the exchange.
 */
#ifndef CLI_BENCH_CONSENT_H
#define CLI_BENCH_CONSENT_H

#include "cli/bench.h"

/* A new person and grant for queue->agency, disclosed by `discloser` and recorded by the agency
 * `desk` with its profile; fills the queue's subject and grant. 0, or TC_E* with `problem`. */
int tc_bench_consent_record(const char *desk_profile, const char *desk, const char *discloser,
			    struct tc_bench_queue *queue, struct tc_problem *problem) TC_MUST_CHECK;

#endif
