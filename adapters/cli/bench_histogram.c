#include "cli/bench_histogram.h"

#include <math.h>

#define LINEAR   128 /* below this each value has a bucket of its own */
#define HALF     64  /* buckets for each further doubling */
#define BITS_MAX 41

static unsigned bucket_of(uint64_t us)
{
	unsigned top, shift;

	if (us < LINEAR)
		return (unsigned)us;
	if (us >> BITS_MAX != 0)
		us = ((uint64_t)1 << BITS_MAX) - 1;
	top = 63 - (unsigned)__builtin_clzll(us);
	shift = top - 6;
	return shift * HALF + (unsigned)(us >> shift);
}

/* The middle of what a bucket stands for. */
static double value_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < LINEAR)
		return bucket;
	shift = bucket / HALF - 1;
	return ((double)(bucket - shift * HALF) + 0.5) * (double)((uint64_t)1 << shift);
}

void tc_bench_histogram_add(struct tc_bench_histogram *histogram, int64_t us, uint64_t count)
{
	histogram->buckets[bucket_of(us > 0 ? (uint64_t)us : 0)] += count;
	histogram->total += count;
}

double tc_bench_histogram_ms(const struct tc_bench_histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)histogram->total);
	uint64_t seen = 0;

	if (histogram->total == 0)
		return (double)NAN;
	for (unsigned i = 0; i < TC_BENCH_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= wanted)
			return value_of(i) / 1000.0;
	}
	return (double)NAN;
}
