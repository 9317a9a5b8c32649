/*
 * tree_check - holds the stored tree against the journal it was made from.
 *
 * Makes every hash again and compares: each tile, whole; each checkpoint's root and the
 * signatures of the keys that are known; and that nothing else is stored. Each difference is
 * a line on stdout.
 *
 * Owner: the main thread, while no exchange runs on the folder. Blocks: on the disk.
 */
#ifndef TRAIL_TREE_CHECK_H
#define TRAIL_TREE_CHECK_H

#include "journal/journal.h"
#include "store/store.h"

struct tree_findings {
	uint64_t size;        /* of the stored tree */
	uint64_t checkpoints; /* stored */
	struct store_usage usage;
	uint64_t wrong;
};

struct tree_check_options {
	struct journal *journal;
	const char *path; /* the tree's folder */
	uint64_t map_bytes;
	const char *origin;
};

/* 0 and *ret, or a fault. A tree that is not there at all is none that is wrong. */
int tree_check(const struct tree_check_options *options, struct tree_findings *ret) TC_MUST_CHECK;

#endif
