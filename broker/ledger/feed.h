/*
 * feed - who normally sends what to whom, and who has stopped.
 *
 *   feed  sender, recipient, type -> row
 *
 * Systems fall silent without anybody noticing. Once a day the exchange looks whether
 * what used to come has not come for three times as long as ever before, and at least two
 * working days, and tells both ends; and again when it has begun anew. Only what was
 * handed over counts, so nobody learns of what is held.
 *
 * Rows are written behind, through a small cache: nothing is added to what one message
 * writes.
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never.
 */
#ifndef LEDGER_FEED_H
#define LEDGER_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/delivery.h"
#include "store/store.h"

struct job;
struct ledger;

#define FEED_GAPS        8 /* that are remembered; before so many messages nothing is usual */
#define FEED_SILENCE     3 /* times the longest of them */
#define FEED_SILENT_DAYS 2 /* working days of the sender, at least */
#define FEED_CACHE_SLOTS 1024

enum feed_outcome {
	FEED_UNKNOWN = 1, /* no further one */
};

struct feed {
	uint32_t from, to; /* principals */
	char type[DELIVERY_TYPE_BYTES_MAX + 1];
	uint64_t count;
	int64_t last_ms;
	uint32_t gaps[FEED_GAPS]; /* the latest ones, in seconds */
	bool silent;              /* it was said that it has stopped */
};

struct feed_slot {
	struct feed feed; /* count 0: empty */
	bool dirty;
};

struct feeds {
	struct feed_slot slots[FEED_CACHE_SLOTS];
};

/* A message was handed over for the first time. */
int feed_note(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;
int feeds_flush(struct ledger *ledger) TC_MUST_CHECK;
/* TIMER_FEEDS: looks at all of them, in slices. */
int feeds_clock(struct ledger *ledger) TC_MUST_CHECK;
/* A slice of JOB_FEEDS: 0, JOB_MORE or a fault. */
int feeds_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

/* The one after `after` (NULL: the first). 0, FEED_UNKNOWN or a fault. */
int feed_next(struct store_txn *txn, struct store_table table, const struct feed *after,
	      struct feed *ret) TC_MUST_CHECK;
/* The longest silence that was normal, in seconds. */
uint32_t feed_usual_gap(const struct feed *feed);

#endif
