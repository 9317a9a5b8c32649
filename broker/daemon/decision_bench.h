/*
 * decision_bench - throughcared --measure-decisions: how long one decision takes.
 *
 * Records consents of made-up persons (decision_person.h) in a store of its own below TMPDIR or
 * /var/tmp, by the code that records them in an exchange; then asks the decision engine about
 * persons drawn at random, as the exchange does for every recipient of every message, and prints
 * one JSON object. Before it asks it reads the rows of all grants once, so that they are in memory
 * if it has room for them, as in an exchange that has run for a while. Half of the questions are
 * about a person of all, drawn anew; the other half about persons who were asked about a moment
 * ago, as in the course of one case.
 *
 * The store's files are unlinked as soon as they are open: however the process ends, the disk is
 * free again. SIGINT and SIGTERM also remove the folder, which is empty then.
 *
 * Owner: the main thread. Blocks: on the disk, while it records.
 */
#ifndef DAEMON_DECISION_BENCH_H
#define DAEMON_DECISION_BENCH_H

#include <stdint.h>

#define DECISION_BENCH_PERSONS_DEFAULT 100000
#define DECISION_BENCH_PERSONS_MAX     10000000
#define DECISION_BENCH_GRANTS_DEFAULT  50
#define DECISION_BENCH_GRANTS_MAX      1000
#define DECISION_BENCH_SECONDS_DEFAULT 10
#define DECISION_BENCH_SECONDS_MAX     3600

struct decision_bench_plan {
	uint64_t persons; /* 2..: of both shapes */
	unsigned grants;  /* of each person */
	unsigned seconds; /* of asking */
};

/* The process's exit status. Progress and problems go to stderr. */
int decision_bench_run(const struct decision_bench_plan *plan);

#endif
