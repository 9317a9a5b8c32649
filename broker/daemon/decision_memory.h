/*
 * decision_memory - what decisions read, in memory; and of its store nothing else.
 *
 * For decision_bench. Recording many consents leaves in memory what was written last, most of it
 * documents, which no decision reads; and the system takes neighbours in and lets go of them
 * together. An exchange that has run for a while has what its decisions read. So the pages of what
 * they read are noted while it is recorded, and then the file is read from its beginning to its
 * end, as disks like it, and let go of but for these.
 *
 * Knows of LMDB that a page begins with its number, and lies in the file by it.
 *
 * Owner: one thread. Blocks: settle reads and writes the whole file.
 */
#ifndef DAEMON_DECISION_MEMORY_H
#define DAEMON_DECISION_MEMORY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct decision_memory {
	int fd; /* the data file, which may have lost its name */
	size_t page_bytes;
	uint64_t pages;
	uint8_t *noted;     /* a bit for each page */
	const uint8_t *map; /* where page 0 lies; NULL until a row was noted */
};

/* The data file of a store that is open with that map. 0 or a fault. */
int decision_memory_open(struct decision_memory *ret, const char *path,
			 uint64_t map_bytes) TC_MUST_CHECK;
/* A row as it was read from the store, in its map. */
void decision_memory_note(struct decision_memory *memory, struct tc_slice row);
/* Nobody reads or writes the store meanwhile. 0 or a fault. */
int decision_memory_settle(struct decision_memory *memory) TC_MUST_CHECK;
void decision_memory_close(struct decision_memory *memory);

#endif
