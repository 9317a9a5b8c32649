/*
 * forget_record - ForgottenRecords: made of a plan, and what they say read again.
 *
 * Owner:  the main thread. Blocks: on page faults, and as journal_forget_parts.
 */
#ifndef DAEMON_FORGET_RECORD_H
#define DAEMON_FORGET_RECORD_H

#include "daemon/forget.h"
#include "daemon/forget_memory.h"
#include "journal/journal_forget.h"

/* As many as the plan's ranges need. 0 or a fault. */
int forget_record_make(const struct forget_plan *plan, struct record_batch *ret) TC_MUST_CHECK;

struct forget_ranges {
	struct journal_range *ranges;
	size_t count;
};

/* ForgottenRecords beside one another. */
struct forget_records {
	uint64_t first;
	Throughcare__V1__ForgottenRecord **records;
	size_t count;
	struct forget_ranges whole, parts;
	uint64_t record_count;              /* in both */
	Throughcare__V1__Record **unpacked; /* that own `records` */
};

/* Those from `first` on; none when another record stands there. To be ended in any case. */
int forget_record_read(struct journal *journal, uint64_t first,
		       struct forget_records *ret) TC_MUST_CHECK;
void forget_records_done(struct forget_records *records);

/* While the bodies are there: `what` they are about, as far as it stands in the records, and of it
 * the targets alone, as order and memory say them. */
int forget_record_what(struct stores *stores, const struct forget_memory *memory,
		       const struct forget_records *records, struct forget_what *what,
		       struct forget_what *targets) TC_MUST_CHECK;
/* Reads what->records: adds the targets of old that they name, and notes which are orders. */
int forget_record_know(struct journal *journal, const struct forget_memory *memory,
		       struct forget_what *what) TC_MUST_CHECK;
/* Takes the parts of every message in the range. 0 or a fault. */
int forget_record_parts(struct journal *journal, const struct journal_range *range) TC_MUST_CHECK;

#endif
