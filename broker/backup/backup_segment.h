/*
 * backup_segment - a run of the log's rows in one file, as they are stored.
 *
 *   "throughcare/segment/v1\n" || log id(16) || u64be sequence of the first record
 *   a row   u32be crc32c of the rest of the row || u8 bytes of the key || u32be bytes of the value
 * || key || value the end a row with an empty key, whose value is the u64be sequence after the last
 * record
 *
 * Records follow one another without a gap, each one's row before those of its parts. So a file
 * that was cut, changed, or put together in another order is none; whether it is the one that was
 * written, its SHA-256 in the manifest says.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef BACKUP_BACKUP_SEGMENT_H
#define BACKUP_BACKUP_SEGMENT_H

#include "base/id.h"
#include "journal/journal.h"

#define BACKUP_SEGMENT_BYTES (16 * 1024 * 1024) /* after so many another one is begun */
#define BACKUP_SEGMENT_BYTES_MAX                                                                   \
	(32 * 1024 * 1024) /* none is larger: a record ends where it ends */

enum backup_segment_outcome {
	BACKUP_SEGMENT_END = 1, /* there is no further row, and nothing is missing */
};

/* Appended to `to`, in this order: 0 or TC_ENOMEM. */
int backup_segment_begin(struct tc_bytes *to, struct tc_id log_id, uint64_t first) TC_MUST_CHECK;
int backup_segment_row(struct tc_bytes *to, struct tc_slice key,
		       struct tc_slice value) TC_MUST_CHECK;
int backup_segment_end(struct tc_bytes *to, uint64_t next) TC_MUST_CHECK;

struct backup_segment {
	struct tc_slice rest;
	struct tc_id log_id;
	uint64_t first;
	uint64_t next;  /* after the records that were given */
	uint32_t parts; /* of the last one, so far */
};

/* Borrows `bytes`. 0 or TC_ECORRUPT. */
int backup_segment_open(struct tc_slice bytes, struct backup_segment *ret) TC_MUST_CHECK;
/* 0, BACKUP_SEGMENT_END or TC_ECORRUPT. What the row says is not looked at. */
int backup_segment_next(struct backup_segment *segment, struct journal_raw *ret) TC_MUST_CHECK;

#endif
