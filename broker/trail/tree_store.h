/*
 * tree_store - the tiles of the log's hash tree and its signed checkpoints, on disk.
 *
 * Made from the journal alone: absent, of another log, of another origin or ahead of the
 * journal, it is made anew. What is lost then are old signatures, never what they said.
 *
 *   tiles        u8 level, u64 number    32 bytes a hash; grows until it has 256
 *   checkpoints  u64 size                i64 time_ms, the note with the log's signatures
 *   meta         "size" "log_id" "origin" "vkeys" "signed" (the size of the newest checkpoint)
 *
 * Of the checkpoints the newest TREE_CHECKPOINTS_KEPT stay, and of older ones the first of
 * each hour. Growing and a checkpoint are one commit each.
 *
 * Owner:  the store: one thread at a time. Views: any thread, one view each.
 * Blocks: grow and checkpoint_put until the disk has them.
 */
#ifndef TRAIL_TREE_STORE_H
#define TRAIL_TREE_STORE_H

#include "base/id.h"
#include "journal/journal.h"
#include "trail/tree.h"

#define TREE_CHECKPOINTS_KEPT 4096

struct tree_store;
struct store_usage;
struct tree_view;

enum tree_outcome {
	TREE_UNKNOWN = 1, /* the tree is not so large, or there is no such checkpoint */
};

struct tree_store_options {
	const char *path; /* a folder; made when absent */
	uint64_t map_bytes;
	struct tc_id log_id;
	const char *origin; /* copied */
	uint64_t tip;       /* of the journal */
};

/* A stored checkpoint; the note is borrowed from the view. */
struct tree_checkpoint {
	uint64_t size;
	int64_t time_ms;
	struct tc_slice note;
};

int tree_store_open(const struct tree_store_options *options,
		    struct tree_store **ret) TC_MUST_CHECK;
void tree_store_close(struct tree_store **store);
uint64_t tree_store_size(const struct tree_store *store);
const char *tree_store_origin(const struct tree_store *store);
/* Appends the journal's records up to `to`, or as far as the reader sees. 0, or TC_EFULL and other
 * faults; the tree is then as it was after some commit. */
int tree_store_grow(struct tree_store *store, struct journal_reader *journal,
		    uint64_t to) TC_MUST_CHECK;
int tree_store_checkpoint_put(struct tree_store *store, uint64_t size, int64_t time_ms,
			      struct tc_slice note) TC_MUST_CHECK;
/* Public keys of the log, a vkey line each: added to those that signed before. */
int tree_store_vkeys_add(struct tree_store *store, struct tc_slice vkeys) TC_MUST_CHECK;
int tree_store_usage(struct tree_store *store, struct store_usage *ret) TC_MUST_CHECK;

/* ---- views: what is stored, as of one commit ---- */

int tree_view_open(struct tree_store *store, struct tree_view **ret) TC_MUST_CHECK;
/* To the newest commit. */
int tree_view_renew(struct tree_view *view) TC_MUST_CHECK;
/* Lets go of the snapshot until the next renew. */
void tree_view_reset(struct tree_view *view);
void tree_view_close(struct tree_view **view);

uint64_t tree_view_size(const struct tree_view *view);
/* The tile as the tree of `size` leaves has it: 1..256 hashes. 0 or TREE_UNKNOWN. */
int tree_view_tile(struct tree_view *view, uint8_t level, uint64_t number, uint64_t size,
		   struct tc_slice *ret) TC_MUST_CHECK;
/* As tree.h; TREE_UNKNOWN for sizes beyond the view. */
int tree_view_root(struct tree_view *view, uint64_t size, struct tree_hash *ret) TC_MUST_CHECK;
int tree_view_inclusion(struct tree_view *view, uint64_t index, uint64_t size,
			struct tree_hash *ret, size_t *ret_count) TC_MUST_CHECK;
int tree_view_consistency(struct tree_view *view, uint64_t old_size, uint64_t new_size,
			  struct tree_hash *ret, size_t *ret_count) TC_MUST_CHECK;
/* The newest, or with `at_most` the largest that is not beyond it. 0 or TREE_UNKNOWN. */
int tree_view_checkpoint(struct tree_view *view, uint64_t at_most,
			 struct tree_checkpoint *ret) TC_MUST_CHECK;
/* The public keys that have signed what is stored, a line each, the newest last; empty when nothing
 * was signed. Borrowed. */
int tree_view_vkeys(struct tree_view *view, struct tc_slice *ret) TC_MUST_CHECK;

#endif
