/*
 * record_ranges - records that a ForgottenRecord names, as ranges of positions.
 *
 * Owner: the caller; borrowed from the record. Blocks: never.
 */
#ifndef LEDGER_RECORD_RANGES_H
#define LEDGER_RECORD_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "throughcare/v1/record.pb-c.h"

/* Ascending. */
struct record_ranges {
	Throughcare__V1__SequenceRange *const *ranges;
	size_t count;
};

bool record_ranges_have(const struct record_ranges *ranges, uint64_t sequence);

#endif
