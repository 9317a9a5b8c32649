/*
 * space - how full everything is that the exchange writes to, and what follows from it.
 *
 * Journal, ledger, trail and tree have a map of a fixed size each, and all of them lie on one
 * disk. At 70, 85 and 95 per cent of any of these an event is logged. At 85 per cent of a map
 * nothing is accepted any more but what settles (journal_thread.h): the rest is for emptying
 * mailboxes. The disk has its reserve instead (journal.disk_reserve), since it is shared with
 * others. What cannot be measured counts as full. Nothing is ever removed for want of room.
 *
 * Owner: the main thread. Blocks: never.
 */
#ifndef DAEMON_SPACE_H
#define DAEMON_SPACE_H

#include "daemon/stores.h"
#include "query/exchange_figures.h"

#define SPACE_CHECK_MS      1000
#define SPACE_SHORT_PERCENT 85

struct space {
	const struct stores *stores;
	struct exchange_figures *figures;
	uint64_t disk_reserve_bytes;
	unsigned told[ROOM_COUNT]; /* the alarm that was logged last; 0: none */
	int64_t due_us;
};

/* Measures at once: before the first thread starts. All pointers live as long as the space. */
void space_begin(struct space *ret, const struct stores *stores, struct exchange_figures *figures,
		 const struct config *config);
/* Measures, publishes and tells, when SPACE_CHECK_MS have passed since the last time. */
void space_check(struct space *space);

/* The alarm of something that is `percent` full, of which `told` was logged before: 0, 70, 85 or
 * 95. It falls back only when there is some room again, so that none is told each second. */
unsigned space_alarm(unsigned percent, unsigned told);

/* 0..100; 100 also when the limit is not known. */
unsigned space_percent(uint64_t bytes_used, uint64_t bytes_limit);

#endif
