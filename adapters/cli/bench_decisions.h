/*
 * bench_decisions - how long one decision on consents takes, measured by throughcared.
 *
 * The decision engine is the exchange's and not linked here: `throughcared --measure-decisions`
 * (the one beside this program) records, asks and counts; its progress and its problems go to
 * stderr, its result is printed as this program prints results.
 *
 * Owner:  the main thread. Blocks: until throughcared has measured.
 */
#ifndef CLI_BENCH_DECISIONS_H
#define CLI_BENCH_DECISIONS_H

#include "cli/command.h"

enum tc_exit tc_bench_decisions_run(struct tc_invocation *invocation);

#endif
