/*
 * journal - the ordered, append-only, dense sequence of records that everything else follows from.
 *
 * A batch goes in by two steps. journal_stage says where and when each record stands, if
 * the batch becomes part of the log; journal_sync makes it part. Between the two nothing of
 * it is known to any reader, and a crash may forget it: whoever works ahead with a staged
 * batch tells nobody. Whatever journal_sync has returned 0 for is on stable storage and will
 * be read again after any crash.
 *
 * Implementations: journal_lmdb (embedded). The interface is written so that a replicated one
 * fits: FENCED says that another writer owns the log now, UNKNOWN that the batch may or may
 * not be in it, to be resolved by journal_find_batch and never by appending again blindly.
 *
 * Owner:  stage, sync, append: the journal thread. Readers: any thread, one reader each.
 * Blocks: sync and append until the storage has synced; reads on page faults only.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/id.h"
#include "journal/record.h"

struct journal;
struct journal_range; /* journal_forget.h */
struct journal_reader;

enum journal_outcome {
	JOURNAL_FENCED = 1, /* another writer has the log; stop */
	JOURNAL_UNKNOWN,    /* not known whether the batch was stored */
	JOURNAL_FULL,       /* no room; nothing was stored, settlements may still fit the reserve */
	JOURNAL_END,        /* read: nothing at or after this sequence */
	JOURNAL_FORGOTTEN,  /* read, read_parts: body and salt, or the parts, were expunged */
};

struct journal_usage {
	uint64_t tip;             /* number of records: the next sequence */
	uint64_t bytes_used;      /* of the map, live pages */
	uint64_t bytes_limit;     /* the map's size */
	uint64_t disk_free_bytes; /* of the file system it lies on */
	uint64_t syncs;           /* commits since it was opened */
	bool full;                /* only riders are taken: the reserve has been reached */
	struct tc_id log_id;      /* made with the log: tells a restored or foreign one apart */
	uint32_t origin;          /* how often a gap was accepted: checkpoints begin anew then */
};

/* One stored record as a reader sees it. The body is borrowed until the reader's next renew or
 * close. */
struct journal_entry {
	uint64_t sequence;
	int64_t time_ms;
	struct tc_slice body;
	uint8_t salt[RECORD_SALT_BYTES];
	uint8_t commitment[32]; /* SHA-256(salt || body), verified on every read but of forgotten */
};

/* What the leaf of one record is made of, beside its sequence: see record_leaf_entry. */
struct journal_leaf {
	int64_t time_ms;
	uint8_t commitment[32];
};

/* One row as it is stored, for copies of the log: of a record, of one of a record's parts, or of
 * what the log says of itself. Borrowed as a body is. */
struct journal_raw {
	struct tc_slice key;
	struct tc_slice value;
	uint64_t sequence; /* not of what the log says of itself */
};

/* 0: go on; > 0: that is enough; < 0: a fault. */
typedef int (*journal_raw_taker)(void *context, const struct journal_raw *row);

/* Implementations fill this; callers use the functions below. */
struct journal_ops {
	int (*stage)(struct journal *journal, struct record_batch *batch, struct tc_id batch_id);
	int (*sync)(struct journal *journal);
	int (*find_batch)(struct journal *journal, struct tc_id batch_id, uint64_t *ret_first);
	int (*usage)(struct journal *journal, struct journal_usage *ret);
	int (*reader_open)(struct journal *journal, struct journal_reader **ret);
	int (*read)(struct journal_reader *reader, uint64_t sequence, struct journal_entry *ret);
	int (*read_parts)(struct journal_reader *reader, uint64_t sequence,
			  struct record_part *parts, size_t count);
	int (*read_leaves)(struct journal_reader *reader, uint64_t first, size_t max,
			   struct journal_leaf *ret, size_t *ret_count);
	int (*read_raw)(struct journal_reader *reader, uint64_t first, journal_raw_taker take,
			void *context);
	int (*read_meta)(struct journal_reader *reader, journal_raw_taker take, void *context);
	int (*forget_parts)(struct journal *journal, uint64_t sequence, size_t count);
	int (*forget_records)(struct journal *journal, const struct journal_range *ranges,
			      size_t count);
	int (*wipe)(struct journal *journal);
	int (*note_set)(struct journal *journal, const char *name, struct tc_slice note);
	int (*note_get)(struct journal *journal, const char *name, uint8_t *ret, size_t *ret_len);
	void (*reader_renew)(struct journal_reader *reader);
	void (*reader_close)(struct journal_reader *reader);
	void (*close)(struct journal *journal);
};

struct journal {
	const struct journal_ops *ops;
};

struct journal_reader {
	const struct journal_ops *ops;
};

/*
 * Gives every record of the batch its sequence and time, puts all of them where the next
 * journal_sync finds them, and returns 0; the batch is not looked at again. Reserve space is
 * used only when every record of the batch is a rider. JOURNAL_FULL or JOURNAL_FENCED: nothing
 * has changed and no record was given a sequence. < 0: TC_ESTORE and the like: the process must
 * end. One batch is staged at a time.
 */
int journal_stage(struct journal *journal, struct record_batch *batch,
		  struct tc_id batch_id) TC_MUST_CHECK;
/* Stores what was staged, in one synced commit. 0 (also when nothing was staged), JOURNAL_FENCED,
 * JOURNAL_UNKNOWN, or a fault. After anything but 0 the batch may not be staged again. */
int journal_sync(struct journal *journal) TC_MUST_CHECK;
/* Both, for who has nothing to do in between. */
int journal_append(struct journal *journal, struct record_batch *batch,
		   struct tc_id batch_id) TC_MUST_CHECK;

/* 0 and the first sequence of the stored batch, or JOURNAL_END when it is not in the log. Keeps the
 * ids of at least the last 64 batches. */
int journal_find_batch(struct journal *journal, struct tc_id batch_id,
		       uint64_t *ret_first) TC_MUST_CHECK;
/* Measures anew; now and then, not for every batch. */
int journal_usage(struct journal *journal, struct journal_usage *ret) TC_MUST_CHECK;
/* Puts a mark in the place of each of the record's `count` parts, in a synced commit of its own.
 * The record stays, and so does every proof. 0, JOURNAL_END (no such record) or a fault. */
int journal_forget_parts(struct journal *journal, uint64_t sequence, size_t count) TC_MUST_CHECK;

int journal_reader_open(struct journal *journal, struct journal_reader **ret) TC_MUST_CHECK;
/* Lets go of the reader's snapshot; the next read takes a new one and sees what was appended up to
 * then. Cheap. Call it also before waiting for something: an open snapshot keeps replaced pages
 * from being used again. */
void journal_reader_renew(struct journal_reader *reader);
/* 0, JOURNAL_END (not in the snapshot: renew sees later ones), JOURNAL_FORGOTTEN (with sequence,
 * time and commitment alone), or TC_ECORRUPT when the record does not match its commitment. */
int journal_read(struct journal_reader *reader, uint64_t sequence,
		 struct journal_entry *ret) TC_MUST_CHECK;
/* Fills parts[0..count), as many as the record has. Contents are borrowed as a body is. 0,
 * JOURNAL_FORGOTTEN, TC_ECORRUPT when one is missing or does not match its checksum, or a fault.
 * The checksum finds rot; that a part is the one that was sent is proved by the header's manifest.
 */
int journal_read_parts(struct journal_reader *reader, uint64_t sequence, struct record_part *parts,
		       size_t count) TC_MUST_CHECK;
/* Times and commitments of up to `max` records from `first` on, without looking at their bodies, so
 * also of forgotten ones. 0 (at the tip with a count of 0), TC_ECORRUPT, or a fault. */
int journal_read_leaves(struct journal_reader *reader, uint64_t first, size_t max,
			struct journal_leaf *ret, size_t *ret_count) TC_MUST_CHECK;
/* Gives the rows of the records from `first` on, in order, each record's own before those of its
 * parts. 0 at the end, what the taker said, or a fault. */
int journal_read_raw(struct journal_reader *reader, uint64_t first, journal_raw_taker take,
		     void *context) TC_MUST_CHECK;
/* What the log says of itself, a row each: its version, its id and the like. */
int journal_read_meta(struct journal_reader *reader, journal_raw_taker take,
		      void *context) TC_MUST_CHECK;
void journal_reader_close(struct journal_reader **reader);
void journal_close(struct journal **journal);

#endif
