#include "daemon/decision_gauge.h"

#define LINEAR   128 /* below this each value has a bucket of its own */
#define HALF     64  /* buckets for each further doubling */
#define BITS_MAX 41

static unsigned bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < LINEAR)
		return (unsigned)ns;
	if (ns >> BITS_MAX != 0)
		ns = (UINT64_C(1) << BITS_MAX) - 1;
	shift = 63 - (unsigned)__builtin_clzll(ns) - 6;
	return shift * HALF + (unsigned)(ns >> shift);
}

/* The middle of what a bucket stands for. */
static uint64_t value_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < LINEAR)
		return bucket;
	shift = bucket / HALF - 1;
	return ((uint64_t)(bucket - shift * HALF) << shift) + (UINT64_C(1) << shift) / 2;
}

void decision_gauge_add(struct decision_gauge *gauge, uint64_t ns)
{
	gauge->buckets[bucket_of(ns)]++;
	gauge->total++;
	gauge->sum_ns += ns;
	if (ns > gauge->most_ns)
		gauge->most_ns = ns;
}

void decision_gauge_merge(struct decision_gauge *gauge, const struct decision_gauge *other)
{
	for (unsigned i = 0; i < DECISION_GAUGE_BUCKETS; i++)
		gauge->buckets[i] += other->buckets[i];
	gauge->total += other->total;
	gauge->sum_ns += other->sum_ns;
	if (other->most_ns > gauge->most_ns)
		gauge->most_ns = other->most_ns;
}

uint64_t decision_gauge_ns(const struct decision_gauge *gauge, unsigned permille)
{
	uint64_t wanted = (gauge->total * permille + 999) / 1000;
	uint64_t seen = 0;

	for (unsigned i = 0; i < DECISION_GAUGE_BUCKETS; i++) {
		seen += gauge->buckets[i];
		if (seen >= wanted && seen > 0)
			return value_of(i);
	}
	return 0;
}
