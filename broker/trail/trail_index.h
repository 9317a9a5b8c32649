/*
 * trail_index - the rows of the trail and the lists by which they are found.
 *
 * A row is one fact that the ledger brought about when it applied a record: who was
 * told what, refused, settled or asked. Taking credit alone (a CollectRecord) is none:
 * what it brings about are releases, and each of these is a row. Rows are a function of the log, so
 * the whole folder can be deleted and is made again from the journal.
 *
 * The rule that keeps it whole: the ledger is never committed ahead of the trail.
 * A fact depends on its record *and* on the ledger's state before it, so a trail that
 * stood behind a committed ledger could not be filled up again. The ledger therefore
 * commits at a position only after the trail has reported a durable commit at or past
 * it, and a restart replays, from the ledger's position, facts of which the trail
 * drops those it has. Trail commits are durable ones, so that the order also survives
 * a loss of power. A trail that is behind all the same was deleted or damaged: then
 * ledger and trail are both made again from the journal.
 *
 * Owner:  one thread writes; any thread may open a trail_view.
 * Blocks: trail_index_commit, on the disk.
 */
#ifndef TRAIL_TRAIL_INDEX_H
#define TRAIL_TRAIL_INDEX_H

#include "ledger/effects.h"
#include "store/store.h"
#include "throughcare/v1/record.pb-c.h"
#include "trail/disclosure.h"

struct trail_index;

enum trail_index_outcome {
	TRAIL_TOLD = 1, /* of every disclosure, by an anchor */
};

struct trail_index_options {
	const char *path; /* folder of the store; made when absent */
	uint64_t map_bytes;
};

/* 0, or a fault: TC_EFULL, TC_ECORRUPT when it is another version's, TC_ESTORE when it is open
 * elsewhere or on a network file system. */
int trail_index_open(const struct trail_index_options *options,
		     struct trail_index **ret) TC_MUST_CHECK;
/* What was not committed is lost. NULL inside is accepted. */
void trail_index_close(struct trail_index **index);

/* Every record before this has its facts in. */
uint64_t trail_index_next(const struct trail_index *index);
/* Every record before this has its facts on stable storage and visible to views. */
uint64_t trail_index_committed(const struct trail_index *index);
/* Facts taken and not committed yet. */
size_t trail_index_pending(const struct trail_index *index);

/*
 * Takes the facts out of `effects`, which belong to records before `next` and after those of
 * earlier calls; facts that the index has already are dropped. 0 or a fault, TC_EFULL among
 * them; after a fault the index can only be closed.
 */
int trail_index_take(struct trail_index *index, struct effects *effects,
		     uint64_t next) TC_MUST_CHECK;
/* 0 or a fault, as above. Nothing to commit is done at once. */
int trail_index_commit(struct trail_index *index) TC_MUST_CHECK;

/* Are there disclosures that no anchor tells of? Then what the next one must say, with the root in
 * `ret_root`. 0, TRAIL_TOLD or a fault. */
int trail_index_anchor(struct trail_index *index, Throughcare__V1__AnchorRecord *ret,
		       uint8_t ret_root[DISCLOSURE_HASH_BYTES]) TC_MUST_CHECK;
/* How many it has taken since it was opened. */
uint64_t trail_index_anchors(const struct trail_index *index);

/* A ledger_sink for ledger_replay: `context` is the struct trail_index *. */
int trail_index_sink(void *context, struct effects *effects, uint64_t next,
		     bool durable) TC_MUST_CHECK;

/* SHA-256 over `before` and every committed row, posting, disclosure and anchor of the records
 * before it, in order. TC_EINVAL when the trail is not there yet, TC_ECORRUPT when a head is not
 * that of its links, or an anchor not that of the heads.
 */
int trail_index_digest(struct trail_index *index, uint64_t before, uint8_t ret[32]) TC_MUST_CHECK;

/* For trail_view. */
struct store *trail_index_store(struct trail_index *index);
struct trail_index_tables {
	struct store_table meta;     /* "next" -> u64 */
	struct store_table rows;     /* sequence, n -> i64 time, packed TrailRow */
	struct store_table postings; /* see posting.h */
	struct disclosure_tables disclosures;
	struct store_table anchors; /* see anchor.h */
	struct store_table tiles;
};
const struct trail_index_tables *trail_index_tables(const struct trail_index *index);
/* As of the transaction's snapshot. */
int trail_index_read_next(struct store_txn *txn, const struct trail_index_tables *tables,
			  uint64_t *ret) TC_MUST_CHECK;

#endif
