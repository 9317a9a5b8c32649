/*
 * forget_memory - data_dir/forgotten: what an older copy of the log has to be made to forget again.
 *
 * It holds no id, only digests: positions and commitments of records, and a hash of each target,
 * with which the ids are known again in those records, as long as they are there.
 *
 * Each entry (backup/forgotten_file.h) is a packed ForgottenMemory.
 *
 * Owner:  the main thread. Blocks: on the disk.
 */
#ifndef DAEMON_FORGET_MEMORY_H
#define DAEMON_FORGET_MEMORY_H

#include "daemon/config.h"
#include "journal/journal.h"
#include "ledger/ledger_forget.h"
#include "throughcare/v1/record.pb-c.h"

struct forget_memory {
	Throughcare__V1__ForgottenMemory **entries; /* of this log */
	size_t count;
	struct tc_bytes roots, messages; /* their hashes, of all entries, ascending */
	struct tc_id log_id;
};

/* 0: it is whole, and has all that the log knows of (NULL: nothing). A fault, TC_ECORRUPT when it
 * is damaged or has less, has been told on stderr. */
int forget_memory_check(const struct config *config, struct journal *journal) TC_MUST_CHECK;
/* Has it less than the log knows of? 0 or a fault. */
int forget_memory_less(const struct config *config, struct journal *journal,
		       bool *ret) TC_MUST_CHECK;
/* From here on the log knows of what is there, and of no more. 0 or a fault. */
int forget_memory_note(const struct config *config, struct journal *journal) TC_MUST_CHECK;
/* An absent file is an empty one. 0, TC_ECORRUPT or another fault. */
int forget_memory_load(const struct config *config, struct journal *journal,
		       struct forget_memory *ret) TC_MUST_CHECK;
void forget_memory_done(struct forget_memory *memory);
/* Adds an entry, synced: the ForgottenRecord at `sequence`, and the targets in `what`. */
int forget_memory_add(const struct config *config, struct journal *journal, uint64_t sequence,
		      const Throughcare__V1__ForgottenRecord *record,
		      const struct forget_what *targets) TC_MUST_CHECK;

/* Adds to `what` each id in these bytes that was a target once. */
int forget_memory_know(const struct forget_memory *memory, struct tc_slice bytes,
		       struct forget_what *what) TC_MUST_CHECK;
/* Records that were forgotten and are in this log all the same: at the
 * same position, with the same commitment, and with a body. Unsorted. */
int forget_memory_find(const struct forget_memory *memory, struct journal *journal,
		       struct sought_numbers *ret_records) TC_MUST_CHECK;

#endif
