/*
 * log_answered - what somebody has answered for, as the log itself says: its accepted gaps.
 *
 * A checkpoint from before such a gap is not to be found in the log that went on without its
 * records; that it went on stands in the log, with the name under which it is signed since.
 *
 * Owner: the main thread. Blocks: on the disk, the time of reading the whole log.
 */
#ifndef DAEMON_LOG_ANSWERED_H
#define DAEMON_LOG_ANSWERED_H

#include "journal/journal.h"
#include "sealer/sealer_state.h"

struct log_answer {
	char origin[TC_NOTE_NAME_BYTES]; /* of the log's checkpoints since */
	uint64_t have;                   /* records that it had */
	uint64_t size;                   /* that were signed */
	struct tc_merkle_hash root;
};

struct log_answered {
	size_t count;
	struct log_answer answers[SEALER_ORIGINS_MAX]; /* there are no more origins */
};

/* 0 or a fault. */
int log_answered_read(struct journal *journal, struct log_answered *ret) TC_MUST_CHECK;
/* Was the log named so because somebody answered for a gap? */
bool log_answered_names(const struct log_answered *answered, const char *origin);
/* Is this what is known to be missing, or a part of it? */
bool log_answered_covers(const struct log_answered *answered, const struct sealer_origin *known);

#endif
