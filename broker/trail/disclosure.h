/*
 * disclosure - the chain of what was disclosed about each person.
 *
 * A row of the trail is a disclosure when something about a person was released and it
 * was not the exchange that said it. The disclosures about one person are numbered from 1
 * and chained, each link binding the one before, its position, its time and its row:
 *
 *   head = SHA-256("throughcare/disclosure/v1\n" || head before || u64be time_ms ||
 *                  u64be sequence || u32be n || SHA-256(row))
 *
 * So none can be left out of a person's list, or put between two others, without another
 * head. Links hold no text: when a row is removed its link stays as it was.
 *
 *   links: subject, j (from 1)  -> sequence, n, time, SHA-256 of the row
 *   heads: tag, subject         -> count, head
 *
 * `tag` is the first 8 bytes of SHA-256("throughcare/person/v1\n" || subject), so that
 * heads lie evenly, however ids are made.
 *
 * Owner:  disclosure_batch: the trail's writer. Reading: the owner of the transaction.
 * Blocks: never.
 */
#ifndef TRAIL_DISCLOSURE_H
#define TRAIL_DISCLOSURE_H

#include <stdbool.h>

#include "base/id.h"
#include "store/store.h"
#include "throughcare/v1/wire.pb-c.h"
#include "trail/posting.h"

#define DISCLOSURE_HASH_BYTES 32
#define DISCLOSURE_BUCKETS    65536 /* by the first 16 bits of a tag */

enum disclosure_outcome {
	DISCLOSURE_NONE = 1, /* no such link, or nothing was ever disclosed about this person */
};

struct disclosure_tables {
	struct store_table links;
	struct store_table heads;
};

struct disclosure_link {
	uint64_t number; /* j */
	struct posting_position at;
	int64_t time_ms;
	uint8_t row_sha256[DISCLOSURE_HASH_BYTES];
};

struct disclosure_head {
	uint64_t count;
	uint8_t hash[DISCLOSURE_HASH_BYTES];
};

/* ---- writing: in memory until it is written in the order of keys ---- */

struct disclosure_entry; /* the head of one person */
struct disclosure_pending;

/* How many there are, and whose heads have changed since the last anchor (anchor.h). */
struct disclosure_growth {
	uint64_t persons;
	uint64_t disclosures;
	uint8_t touched[DISCLOSURE_BUCKETS / 8]; /* one bit for each bucket */
	bool changed;                            /* since it was stored */
};

/* Empty is all zero. */
struct disclosure_batch {
	struct disclosure_entry *entries;
	size_t entry_count;
	size_t entry_capacity;
	uint32_t *slots; /* by tag: the entry's number + 1; 0 is free */
	size_t slot_count;
	struct disclosure_pending *links;
	size_t link_count;
	size_t link_capacity;
	struct disclosure_growth growth;
};

/* Whom the row discloses something about. False: it is no disclosure. */
bool disclosure_is(const Throughcare__V1__TrailRow *row, struct tc_id *ret_subject);

/* One more about `subject`; `row` as it is stored, without its time. 0 or a fault. */
int disclosure_batch_add(struct disclosure_batch *batch, struct store_txn *txn,
			 const struct disclosure_tables *tables, struct tc_id subject,
			 struct posting_position at, int64_t time_ms,
			 struct tc_slice row) TC_MUST_CHECK;
/* Writes and empties the batch. 0, STORE_FULL or a fault. */
int disclosure_batch_write(struct disclosure_batch *batch, struct store_txn *txn,
			   const struct disclosure_tables *tables) TC_MUST_CHECK;
void disclosure_batch_free(struct disclosure_batch *batch);

/* ---- reading ---- */

/* 0, DISCLOSURE_NONE or a fault. */
int disclosure_head_find(struct store_txn *txn, const struct disclosure_tables *tables,
			 struct tc_id subject, struct disclosure_head *ret) TC_MUST_CHECK;
/* Up to `max` links from number `from` on; fewer: these were the last. 0 or a fault. */
int disclosure_links(struct store_txn *txn, const struct disclosure_tables *tables,
		     struct tc_id subject, uint64_t from, struct disclosure_link *ret, size_t max,
		     size_t *ret_count) TC_MUST_CHECK;

/* Each person whose tag begins with `prefix`, in the order of tags. 0 or a fault. */
typedef int (*disclosure_visitor)(void *context, uint64_t tag, struct tc_id subject,
				  const struct disclosure_head *head);
int disclosure_heads(struct store_txn *txn, const struct disclosure_tables *tables,
		     struct tc_slice prefix, disclosure_visitor see, void *context) TC_MUST_CHECK;
/* From the head as it is now, the one just before record `before`; all zero: there was none.
 * UINT64_MAX: as it is. */
int disclosure_head_before(struct store_txn *txn, const struct disclosure_tables *tables,
			   struct tc_id subject, const struct disclosure_head *now, uint64_t before,
			   struct disclosure_head *ret) TC_MUST_CHECK;
int disclosure_tag(struct tc_id subject, uint64_t *ret) TC_MUST_CHECK;
void disclosure_touch(uint8_t touched[DISCLOSURE_BUCKETS / 8], uint64_t tag);

/* Is every head that of its links, and has every link a head? 0, TC_ECORRUPT or another fault. */
int disclosure_check(struct store_txn *txn, const struct disclosure_tables *tables) TC_MUST_CHECK;

/* The head after one more link. 0 or TC_ECRYPTO. */
int disclosure_chain(const uint8_t before[DISCLOSURE_HASH_BYTES],
		     const struct disclosure_link *link,
		     uint8_t ret[DISCLOSURE_HASH_BYTES]) TC_MUST_CHECK;

#endif
