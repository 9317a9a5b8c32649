#include "ledger/record_ranges.h"

bool record_ranges_have(const struct record_ranges *ranges, uint64_t sequence)
{
	size_t from = 0, to = ranges->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const Throughcare__V1__SequenceRange *at = ranges->ranges[middle];

		if (sequence < at->first)
			to = middle;
		else if (sequence - at->first < at->count)
			return true;
		else
			from = middle + 1;
	}
	return false;
}
