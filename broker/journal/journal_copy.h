/*
 * journal_copy - a new journal on disk, made of the rows of another one.
 *
 * What comes out of journal_read_raw and journal_read_meta goes in here as it is, row by
 * row in the same order. Each row is held against its own checksum and each record against
 * its commitment, so that a copy of a copy finds what the first one spoiled.
 *
 * Owner:  check: any thread. The rest: the thread that opened it.
 * Blocks: commit, until the disk has the rows.
 */
#ifndef JOURNAL_JOURNAL_COPY_H
#define JOURNAL_JOURNAL_COPY_H

#include "journal/journal.h"

struct journal_copy;

/* What one row is. */
struct journal_copy_row {
	uint64_t sequence;
	bool is_record;
	uint16_t part;            /* of a part's row */
	struct journal_leaf leaf; /* of a record's row: also of one that was forgotten */
	struct tc_slice body;     /* likewise; borrowed */
};

/* 0; TC_ECORRUPT when it is no row of a log, or not the one that was stored; or a fault. */
int journal_copy_check(struct tc_slice key, struct tc_slice value,
		       struct journal_copy_row *ret) TC_MUST_CHECK;

/* In a new folder `path`. 0, TC_ECONFIG when there is a journal already or on a network file
 * system, or a fault. */
int journal_copy_open(const char *path, uint64_t map_bytes,
		      struct journal_copy **ret) TC_MUST_CHECK;
/* The next row of the log; the first one's sequence is 0. 0, TC_ECORRUPT when it is not the next
 * one, TC_EFULL or a fault. */
int journal_copy_put(struct journal_copy *copy, struct tc_slice key,
		     struct tc_slice value) TC_MUST_CHECK;
int journal_copy_put_meta(struct journal_copy *copy, struct tc_slice key,
			  struct tc_slice value) TC_MUST_CHECK;
/* Stores what was put; now and then, and at the end. 0, TC_EFULL or a fault. */
int journal_copy_commit(struct journal_copy *copy) TC_MUST_CHECK;
/* What was not committed is lost. */
void journal_copy_close(struct journal_copy **copy);

/* What journal_usage then says of the journal in the folder `path`, which nobody has open. 0,
 * TC_EFULL or a fault. */
int journal_copy_set_origin(const char *path, uint64_t map_bytes, uint32_t origin) TC_MUST_CHECK;

#endif
