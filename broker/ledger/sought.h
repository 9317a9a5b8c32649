/*
 * sought - ids that are looked for in any bytes: as their 16 bytes, and as text.
 *
 * One look over the bytes, whatever the number of ids: their last bytes are random.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef LEDGER_SOUGHT_H
#define LEDGER_SOUGHT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"

#define SOUGHT_FILTER_BYTES 8192

/* Empty is all zero. */
struct sought {
	struct tc_id *ids; /* in the order of adding */
	size_t count, capacity;
	uint32_t *slots; /* number + 1 */
	size_t slot_count;
	uint8_t filter[SOUGHT_FILTER_BYTES]; /* bits by an id's last four bytes */
};

/* Again, or none: nothing happens. 0 or TC_ENOMEM. */
int sought_add(struct sought *sought, struct tc_id id) TC_MUST_CHECK;
bool sought_has(const struct sought *sought, struct tc_id id);
/* Does any of them stand in these bytes? */
bool sought_in(const struct sought *sought, struct tc_slice bytes);
/* Zeros in the place of each (in text: of its digits). *ret: were there any? */
bool sought_blank(const struct sought *sought, uint8_t *bytes, size_t len);
void sought_done(struct sought *sought);

/* Numbers; empty is all zero. Sort after adding and before asking. */
struct sought_numbers {
	uint64_t *numbers;
	size_t count, capacity;
};

int sought_numbers_add(struct sought_numbers *numbers, uint64_t number) TC_MUST_CHECK;
/* Ascending, each once. */
void sought_numbers_sort(struct sought_numbers *numbers);
bool sought_numbers_has(const struct sought_numbers *numbers, uint64_t number);
/* Is one of them in first..last? */
bool sought_numbers_within(const struct sought_numbers *numbers, uint64_t first, uint64_t last);
void sought_numbers_done(struct sought_numbers *numbers);

#endif
