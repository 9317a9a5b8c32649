/*
 * journal_lmdb - the embedded journal: one folder, one LMDB environment, one writer.
 *
 * A batch is one transaction with LMDB's default sync, all of it at the right edge of one
 * tree (journal_row.h). When the map or the disk comes near its end only riders are still
 * taken, so that what was accepted can be settled.
 *
 * Owner:  the journal thread. Blocks: journal_append, until the disk has it.
 */
#ifndef JOURNAL_JOURNAL_LMDB_H
#define JOURNAL_JOURNAL_LMDB_H

#include "base/clock.h"
#include "journal/journal.h"

#define JOURNAL_FULL_PERCENT_DEFAULT 85

struct journal_lmdb_options {
	const char *path;            /* a folder; made when absent */
	uint64_t map_bytes;          /* the most the log may ever hold; sparse */
	uint64_t disk_reserve_bytes; /* with less free than this on the disk the journal is full */
	unsigned full_percent;       /* of the map; 0: the default */
	const struct tc_clock *clock;
};

/* 0, JOURNAL_FENCED when another process has it open, TC_ECONFIG on a network file system,
 * TC_ECORRUPT when it is no journal of this version, or a fault. */
int journal_lmdb_open(const struct journal_lmdb_options *options,
		      struct journal **ret) TC_MUST_CHECK;

#endif
