/*
 * posting - which rows of the trail speak of one person, referral, message, agency, ...
 *
 * A term (kind and 16 bytes) has the ascending list of the positions of its rows. The
 * list is stored in blocks of up to POSTING_BLOCK_MAX positions under the key
 * term || last position of the block, so that one forward seek finds the block that
 * holds the first position at or after any given one. In a block each position is told
 * by its distance from the one after it, so that what nearly every row has (an event, a
 * type) costs a byte or two a row.
 *
 * Writers collect postings in memory, grouped by term as they come. Only the terms are
 * sorted when they are written, so that a busy agency costs a row per block and not one
 * per fact.
 *
 * A name's term is cut from its SHA-256: whoever reads a row through a posting still
 * compares the row itself with what was asked.
 *
 * Owner:  posting_batch: the trail's writer. posting_cursor: the owner of its transaction.
 * Blocks: never.
 */
#ifndef TRAIL_POSTING_H
#define TRAIL_POSTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "store/store_cursor.h"

#define POSTING_BLOCK_MAX      128
#define POSTING_POSITION_BYTES 12
#define POSTING_TERM_BYTES     17
#define POSTING_BLOCK_BYTES    ((POSTING_BLOCK_MAX - 1) * 15) /* two numbers each, at most */

/* Stored: never renumber. */
enum posting_kind {
	POSTING_SUBJECT = 1,
	POSTING_REFERRAL = 2,
	POSTING_MESSAGE = 3,
	POSTING_AGENCY = 4,
	POSTING_ACTOR = 5,
	POSTING_CERTIFICATE = 6,
	POSTING_TYPE = 7,
	POSTING_EVENT = 8,
	POSTING_CODE = 9,
	POSTING_GRANT = 10,
	POSTING_PROCEEDING = 11,
};

/* The n-th fact of the record at `sequence`. */
struct posting_position {
	uint64_t sequence;
	uint32_t n;
};

struct posting_term {
	uint8_t kind;
	uint64_t high;
	uint64_t low;
};

struct posting_term posting_term_id(enum posting_kind kind, struct tc_id id);
/* 0 or TC_ECRYPTO. */
int posting_term_name(enum posting_kind kind, struct tc_slice name,
		      struct posting_term *ret) TC_MUST_CHECK;
/* Of the SHA-256 in hexadecimal. False: it is none. */
bool posting_term_certificate(const char *hex, struct posting_term *ret);

/* Below 0, 0, above 0. */
int posting_position_compare(struct posting_position a, struct posting_position b);
void posting_position_put(uint8_t to[POSTING_POSITION_BYTES], struct posting_position position);
struct posting_position posting_position_get(const uint8_t from[POSTING_POSITION_BYTES]);

struct posting_chunk;
struct posting_run;

/* Empty is all zero. Positions are added in ascending order; one that a term has already is not
 * added again. */
struct posting_batch {
	uint64_t first;               /* sequence of the position that was added first */
	struct posting_chunk *chunks; /* every position, in a list for each term */
	size_t count;
	size_t capacity;
	struct posting_run *runs; /* one for each term */
	size_t run_count;
	size_t run_capacity;
	uint32_t *slots; /* by hash of the term: its run's number + 1; 0 is free */
	size_t slot_count;
};

int posting_batch_add(struct posting_batch *batch, struct posting_term term,
		      struct posting_position position) TC_MUST_CHECK;
/* Writes the batch in the order of terms, and empties it. 0, STORE_FULL or a fault. */
int posting_batch_write(struct posting_batch *batch, struct store_txn *txn,
			struct store_table table) TC_MUST_CHECK;
void posting_batch_free(struct posting_batch *batch);

/* One stored row: its term's bytes, borrowed, and its positions, the newest first. 0 or
 * TC_ECORRUPT. */
int posting_row_read(struct tc_slice key, struct tc_slice value, struct tc_slice *ret_term,
		     struct posting_position ret[POSTING_BLOCK_MAX],
		     size_t *ret_count) TC_MUST_CHECK;

/* The value of a row with these positions, ascending; the last one stands in its key. */
size_t posting_block_encode(const struct posting_position *positions, size_t count,
			    uint8_t to[POSTING_BLOCK_BYTES]);

/* Walks one term's list, in either direction. */
struct posting_cursor {
	struct store_cursor rows;
	struct store_cursor rows_back;                    /* made when it is needed first */
	struct posting_position block[POSTING_BLOCK_MAX]; /* the newest first */
	size_t count;                                     /* 0: no block is loaded */
};

int posting_cursor_init(struct posting_cursor *cursor, struct store_txn *txn,
			struct store_table table, struct posting_term term) TC_MUST_CHECK;
/* The first position at or after `from`, or STORE_NOT_FOUND. */
int posting_cursor_seek(struct posting_cursor *cursor, struct posting_position from,
			struct posting_position *ret) TC_MUST_CHECK;
/* The last position at or before `from`, or STORE_NOT_FOUND. */
int posting_cursor_seek_back(struct posting_cursor *cursor, struct posting_position from,
			     struct posting_position *ret) TC_MUST_CHECK;
/* Of an all-zero one too. */
void posting_cursor_done(struct posting_cursor *cursor);

#endif
