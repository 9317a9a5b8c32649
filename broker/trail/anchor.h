/*
 * anchor - binds everybody's disclosures to the log, and proves one person's to whoever asks.
 *
 * An AnchorRecord says the root of the tree over all heads (person_tree.h) as it was just
 * before the record of the anchor before it. So every root is checked by whoever applies the
 * log, here and in each replay, and stands in the log before anybody asks for it. Another
 * anchor is wanted while there are disclosures that no anchor's root tells of.
 *
 *   anchors: sequence of the AnchorRecord -> time, root, persons, disclosures: of the records
 *            before it
 *   tiles:   number, sequence             -> hashes of 256 nodes, as of that anchor; 0..255 hold
 *            the buckets, 256 the folded others; an absent one is empty
 *   meta:    "growth"                     -> struct disclosure_growth
 *
 * A tile is written anew when one of its buckets was touched, and stays while one of the newest
 * ANCHORS_KEPT anchors needs it: an answer is of an anchor whose root stands under a checkpoint,
 * so never of the last.
 *
 * Owner:  writing: the trail's writer. Reading: the owner of the transaction.
 * Blocks: never.
 */
#ifndef TRAIL_ANCHOR_H
#define TRAIL_ANCHOR_H

#include "throughcare/v1/record.pb-c.h"
#include "trail/person_tree.h"
#include "trail/trail_index.h"

#define ANCHORS_KEPT 8

enum anchor_outcome {
	ANCHOR_NONE = 1, /* there is no such anchor, or nothing can be proven by it */
};

struct anchor {
	uint64_t sequence;
	int64_t time_ms;
	uint8_t root[PERSON_TREE_HASH_BYTES];
	uint64_t persons;
	uint64_t disclosures;
};

/* ---- writing ---- */

#define ANCHOR_GROWTH_BYTES (16 + DISCLOSURE_BUCKETS / 8)

/* The row of meta, for who dumps it. */
bool anchor_is_growth(struct tc_slice key);
void anchor_growth_put(const struct disclosure_growth *growth, uint8_t to[ANCHOR_GROWTH_BYTES]);

/* 0 or a fault. */
int anchor_growth_load(struct store_txn *txn, const struct trail_index_tables *tables,
		       struct disclosure_growth *ret) TC_MUST_CHECK;
/* Nothing when it has not changed. 0, STORE_FULL or a fault. */
int anchor_growth_store(struct store_txn *txn, const struct trail_index_tables *tables,
			struct disclosure_growth *growth) TC_MUST_CHECK;

/* The newest before record `before`. 0, ANCHOR_NONE or a fault. */
int anchor_find(struct store_txn *txn, const struct trail_index_tables *tables, uint64_t before,
		struct anchor *ret) TC_MUST_CHECK;
/* Takes the record's word for the anchor before it only if it is what this trail has: otherwise
 * TC_ECORRUPT. All heads must be written. 0, STORE_FULL or a fault. */
int anchor_take(struct store_txn *txn, const struct trail_index_tables *tables,
		struct disclosure_growth *growth, const Throughcare__V1__AnchorRecord *record,
		uint64_t sequence, int64_t time_ms) TC_MUST_CHECK;
/* How many disclosures the newest anchor's record tells of. 0 or a fault. */
int anchor_carried(struct store_txn *txn, const struct trail_index_tables *tables,
		   uint64_t *ret) TC_MUST_CHECK;

/* ---- reading ---- */

struct anchor_proof {
	uint64_t carrier; /* the record that says the root */
	struct anchor anchor;
	struct disclosure_head head; /* of the person; count 0: nobody */
	struct person_way way;
	bool other; /* nobody, but somebody else stands there */
	struct person_leaf other_leaf;
};

/* From the newest root that a record before `size` says. 0, ANCHOR_NONE or a fault: TC_ECORRUPT
 * when it does not come out. */
int anchor_prove(struct store_txn *txn, const struct trail_index_tables *tables,
		 struct tc_id subject, uint64_t size, struct anchor_proof *ret) TC_MUST_CHECK;
/* Do the tiles lead to their anchors' roots, and is the growth what it must be? 0, TC_ECORRUPT or
 * another fault. */
int anchor_check(struct store_txn *txn, const struct trail_index_tables *tables) TC_MUST_CHECK;

#endif
