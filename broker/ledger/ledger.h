/*
 * ledger - the state of the exchange: a pure function of the journal.
 *
 * ledger_apply reads one record and the tables and changes the tables; it knows no
 * clock, no random number and no I/O beyond them, so the same log gives the same
 * state, byte for byte, on any machine (P10). Changes are committed lazily together
 * with the sequence reached: losing them costs a replay, nothing else.
 *
 * Owner:  one thread. Blocks: ledger_commit, on the disk.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>

#include "journal/journal.h"
#include "ledger/effects.h"

struct ledger;
struct store_usage;

struct ledger_options {
	const char *path; /* folder of the environment; made when absent */
	uint64_t map_bytes;
	/* In force until a barrier record says otherwise (LedgerSettings in record.proto). */
	uint32_t mailbox_messages_max;
	uint64_t mailbox_bytes_max;
	uint32_t delivery_attempts_max;
	uint32_t retry_first_ms; /* doubles with each attempt... */
	uint32_t retry_max_ms;   /* ...up to this */
	uint32_t job_slice; /* deliveries that are decided again in one record; 0: the default */
};

int ledger_open(struct ledger **ret, const struct ledger_options *options) TC_MUST_CHECK;
void ledger_close(struct ledger **ledger);

/* The sequence that ledger_apply expects next. */
uint64_t ledger_next(const struct ledger *ledger);

/* Of the latest barrier record; 0: none yet. */
uint32_t ledger_boot(const struct ledger *ledger);
#define LEDGER_ORIGIN_BYTES 256
struct ledger_barrier {
	bool known; /* there was one */
	uint64_t sequence;
	bool based; /* it says the digest of a base */
	uint8_t base_sha256[32];
	/* What the sealer remembered, as of the latest that says it, and under which origin. */
	bool sealed;
	uint64_t signed_size;
	char origin[LEDGER_ORIGIN_BYTES];
};
const struct ledger_barrier *ledger_barrier(const struct ledger *ledger);

/* Applies the record with sequence ledger_next. `record` may come from the live path (with reply
 * routing) or from replay (all routing zero). 0 or a fault; refusals are effects. */
int ledger_apply(struct ledger *ledger, const struct record *record,
		 struct effects *effects) TC_MUST_CHECK;

/* When the earliest timer is due or a little before, Unix ms; INT64_MAX when none. 0: at once,
 * since a job is open that goes on with each tick. */
int64_t ledger_due_ms(const struct ledger *ledger);

/* Makes what was applied visible to readers, and durable soon. */
int ledger_commit(struct ledger *ledger) TC_MUST_CHECK;

/*
 * LMDB ties a write transaction to the thread that began it, and the ledger has one open all the
 * time: whoever hands the ledger to another thread parks it first (a commit), and that thread
 * resumes it before any other call. ledger_close takes either.
 */
int ledger_park(struct ledger *ledger) TC_MUST_CHECK;
int ledger_resume(struct ledger *ledger) TC_MUST_CHECK;

/* How full it is, as of the last commit. Any thread. */
int ledger_usage(struct ledger *ledger, struct store_usage *ret) TC_MUST_CHECK;

/* SHA-256 over every row of every table in key order: equal states have equal digests. */
int ledger_digest(struct ledger *ledger, uint8_t ret[32]) TC_MUST_CHECK;
/* See store_search.h. */
int ledger_search_check(struct ledger *ledger, uint64_t *ret_lost) TC_MUST_CHECK;

/*
 * Takes the facts of all records before `next` (leaves effects without them). `durable`: returns 0
 * only after they are on disk, since the ledger is never committed ahead of the trail.
 */
typedef int (*ledger_sink)(void *context, struct effects *effects, uint64_t next, bool durable);

/* Reads the journal from ledger_next to its tip and applies, committing now and then. A NULL sink
 * drops the facts. */
int ledger_replay(struct ledger *ledger, struct journal *journal, ledger_sink sink,
		  void *context) TC_MUST_CHECK;

#endif
