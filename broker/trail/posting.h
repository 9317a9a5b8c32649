/*
 * posting - which rows of the trail speak of one person, referral, message, agency or actor.
 *
 * A term (kind and 16 bytes) has the ascending list of the positions of its rows. The
 * list is stored in blocks of up to POSTING_BLOCK_MAX positions under the key
 * term || last position of the block, so that one forward seek finds the block that
 * holds the first position at or after any given one. Writers collect postings in
 * memory and write them sorted, so that a busy agency costs one row per batch and
 * not one per fact.
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

/* Stored: never renumber. */
enum posting_kind {
	POSTING_SUBJECT = 1,
	POSTING_REFERRAL = 2,
	POSTING_MESSAGE = 3,
	POSTING_AGENCY = 4,
	POSTING_ACTOR = 5,
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

/* Below 0, 0, above 0. */
int posting_position_compare(struct posting_position a, struct posting_position b);
void posting_position_put(uint8_t to[POSTING_POSITION_BYTES], struct posting_position position);
struct posting_position posting_position_get(const uint8_t from[POSTING_POSITION_BYTES]);

struct posting {
	struct posting_term term;
	struct posting_position position;
};

/* Empty is all zero. Positions are added in ascending order. */
struct posting_batch {
	struct posting *postings;
	size_t count;
	size_t capacity;
};

int posting_batch_add(struct posting_batch *batch, struct posting_term term,
		      struct posting_position position) TC_MUST_CHECK;
/* Sorts, writes and empties the batch. 0, STORE_FULL or a fault. */
int posting_batch_write(struct posting_batch *batch, struct store_txn *txn,
			struct store_table table) TC_MUST_CHECK;
void posting_batch_free(struct posting_batch *batch);

/* Walks one term's list. */
struct posting_cursor {
	struct store_cursor rows;
	struct tc_slice block;        /* positions but the last; borrowed from the transaction */
	struct posting_position last; /* of the block */
	bool loaded;
};

int posting_cursor_init(struct posting_cursor *cursor, struct store_txn *txn,
			struct store_table table, struct posting_term term) TC_MUST_CHECK;
/* The first position at or after `from`, or STORE_NOT_FOUND. */
int posting_cursor_seek(struct posting_cursor *cursor, struct posting_position from,
			struct posting_position *ret) TC_MUST_CHECK;
/* Of an all-zero one too. */
void posting_cursor_done(struct posting_cursor *cursor);

#endif
