/*
 * bench_histogram - counts of microseconds in buckets no wider than 1/64 of their value.
 *
 * Owner:  one thread at a time. Blocks: never.
 */
#ifndef CLI_BENCH_HISTOGRAM_H
#define CLI_BENCH_HISTOGRAM_H

#include <stdint.h>

#define TC_BENCH_BUCKETS 2432 /* up to 2^42 us: fifty days */

struct tc_bench_histogram {
	uint64_t total;
	uint64_t buckets[TC_BENCH_BUCKETS];
};

void tc_bench_histogram_add(struct tc_bench_histogram *histogram, int64_t us, uint64_t count);
/* In milliseconds, the value below which `share` (0..1) of all lie; NAN when there are none. */
double tc_bench_histogram_ms(const struct tc_bench_histogram *histogram, double share);

#endif
