/*
 * journal_forget - what is taken out of the log again, so that every proof still holds.
 *
 * Owner:  the journal's writer, as long as it writes nothing else. Blocks: until the storage has
 *         synced; journal_wipe also while the whole log is read.
 */
#ifndef JOURNAL_JOURNAL_FORGET_H
#define JOURNAL_JOURNAL_FORGET_H

#include "journal/journal.h"

#define JOURNAL_NOTE_BYTES_MAX 64

/* What is noted beside the log; copies of the log have it, too. */
enum journal_note {
	JOURNAL_NOTE_FORGETTING, /* for who has to finish something after a crash */
	JOURNAL_NOTE_FORGOTTEN,  /* what has to stay forgotten: backup/forgotten_file.h */
	JOURNAL_NOTE_COUNT,
};

/* The name under which journal_read_meta gives the last of these. */
#define JOURNAL_META_FORGOTTEN "forgotten"

/* Records beside one another. */
struct journal_range {
	uint64_t first;
	uint64_t count;
};

/* Takes body, salt and parts from every record of the ranges, in synced commits; time and
 * commitment stay, and with them every proof. Those that are forgotten already are passed over. 0,
 * JOURNAL_END (a range goes beyond the tip; nothing was done), JOURNAL_FULL or a fault. */
int journal_forget_records(struct journal *journal, const struct journal_range *ranges,
			   size_t count) TC_MUST_CHECK;
/* Overwrites what is stored and no longer part of the log. While no reader has a snapshot, and in a
 * journal that was opened since something was taken from it (store_wipe.h says why). 0,
 * JOURNAL_FULL or a fault. */
int journal_wipe(struct journal *journal) TC_MUST_CHECK;
/* An empty note is none; JOURNAL_NOTE_BYTES_MAX at most. Synced. 0, JOURNAL_FULL or a fault. */
int journal_note_set(struct journal *journal, enum journal_note which,
		     struct tc_slice note) TC_MUST_CHECK;
/* 0 (length 0: none) or a fault. */
int journal_note_get(struct journal *journal, enum journal_note which,
		     uint8_t ret[JOURNAL_NOTE_BYTES_MAX], size_t *ret_len) TC_MUST_CHECK;

#endif
