/*
 * decision_gauge - counts of nanoseconds in buckets no wider than 1/64 of their value.
 *
 * Owner: one thread. Blocks: never.
 */
#ifndef DAEMON_DECISION_GAUGE_H
#define DAEMON_DECISION_GAUGE_H

#include <stdint.h>

#define DECISION_GAUGE_BUCKETS 2432 /* up to 2^42 ns: more than an hour */

struct decision_gauge {
	uint64_t total;
	uint64_t sum_ns;
	uint64_t most_ns;
	uint64_t buckets[DECISION_GAUGE_BUCKETS];
};

void decision_gauge_add(struct decision_gauge *gauge, uint64_t ns);
/* Adds what another has counted. */
void decision_gauge_merge(struct decision_gauge *gauge, const struct decision_gauge *other);
/* The value below which `permille` of all lie; 0 when there are none. */
uint64_t decision_gauge_ns(const struct decision_gauge *gauge, unsigned permille);

#endif
