/*
 * record - one entry of the journal, and the batch in which it travels.
 *
 * A record is a packed throughcare.v1.Record (record.proto) plus, for submissions,
 * the parts' salts and contents, which stand in a table of their own so that a part
 * can be forgotten while the record stays. Sequence and time are given by the
 * journal when it appends: dense from 0 (so a sequence is the RFC 6962 leaf index),
 * and never going back.
 *
 * Owner: whoever holds the batch; it moves whole from thread to thread.
 */
#ifndef JOURNAL_RECORD_H
#define JOURNAL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define RECORD_SALT_BYTES 32
#define RECORD_LEAF_BYTES 68 /* the entry whose RFC 6962 leaf hash is in the tree */

/* A logoff's code when the peer closed the connection in good order. The ledger blames nothing
 * that the peer had in hand for it. */
#define RECORD_LOGOFF_GOODBYE "goodbye"

struct record_part {
	uint8_t salt[RECORD_SALT_BYTES];
	struct tc_slice content; /* inside record.owned */
};

struct record {
	uint64_t sequence;    /* set by journal_append */
	int64_t time_ms;      /* likewise: Unix time, never before an earlier record's */
	struct tc_slice body; /* packed throughcare.v1.Record, inside .owned */
	struct record_part *parts;
	size_t part_count;
	struct tc_bytes owned; /* the memory that body and contents lie in */

	/* Where the reply goes. Not journaled: replies to a life before are not owed. */
	uint16_t gateway;
	uint64_t connection;
	uint64_t request_id;
	uint32_t index; /* of the envelope within its request */
	uint32_t count; /* envelopes in that request */

	/* May wait for the next commit that is due anyway (settlements, top-up credit). */
	bool rider;
	struct record *next; /* in a batch */
};

/* A singly linked run of records in order. Empty is all zero. */
struct record_batch {
	struct record *first;
	struct record *last;
	size_t count;
	size_t bytes;
};

/* NULL when memory is short. */
struct record *record_new(void);
void record_free(struct record **record);
/* Of its body and parts, as they count towards a batch. */
size_t record_bytes(const struct record *record);
/* `record` must be complete: body and parts do not change any more. */
void record_batch_push(struct record_batch *batch, struct record **record);
/* NULL when empty. */
struct record *record_batch_pop(struct record_batch *batch);
/* Moves everything from `from` to the end of `to`. */
void record_batch_join(struct record_batch *to, struct record_batch *from);
void record_batch_free(struct record_batch *batch);

/*
 * The canonical leaf entry, final since the first release:
 *   "throughcare/leaf/v1\n" (20 bytes) || u64be time_ms || u64be sequence || SHA-256(salt || body)
 */
void record_leaf_entry(int64_t time_ms, uint64_t sequence, const uint8_t commitment[32],
		       uint8_t entry[RECORD_LEAF_BYTES]);

#endif
