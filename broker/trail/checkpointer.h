/*
 * checkpointer - one round: the tree follows the journal, and its root is signed.
 *
 * Without a sealer the tree grows all the same and nothing is signed.
 *
 * Owner: one thread at a time: the daemon's at the start, then the tree's.
 * Blocks: on the disk, and on the sealer (sealer_link.h).
 */
#ifndef TRAIL_CHECKPOINTER_H
#define TRAIL_CHECKPOINTER_H

#include <stdatomic.h>

#include "trail/sealer_link.h"
#include "trail/tree_store.h"

struct checkpointer;

/* Any thread may read these. Zero before the first round. */
struct tree_figures {
	atomic_uint_fast64_t size; /* of the tree */
	atomic_uint_fast64_t checkpoint_size;
	atomic_int_fast64_t checkpoint_ms; /* when it was signed */
};

enum checkpointer_outcome {
	CHECKPOINTER_UNSIGNED = 1, /* the sealer does not answer, or cannot sign under this name */
	CHECKPOINTER_SMALLER,      /* a larger tree was signed: records are missing here */
	CHECKPOINTER_INCONSISTENT, /* another tree was signed: records here are others */
};

struct checkpointer_options {
	struct tree_store *store;
	struct journal *journal;
	struct sealer_link *link; /* NULL: nothing is signed */
	struct tree_figures *figures;
};

int checkpointer_open(const struct checkpointer_options *options,
		      struct checkpointer **ret) TC_MUST_CHECK;
void checkpointer_close(struct checkpointer **checkpointer);
/* Says hello to the sealer anew, at the next round: it reads its keys again then. */
void checkpointer_renew(struct checkpointer *checkpointer);
/* Nothing is done when there is nothing new. 0, an outcome or a fault. */
int checkpointer_round(struct checkpointer *checkpointer) TC_MUST_CHECK;
/* Has a sealer said how much it had signed, and how much was that at first? */
bool checkpointer_greeted(const struct checkpointer *checkpointer, uint64_t *ret);
/* The largest size that the sealer said it had signed, after CHECKPOINTER_SMALLER or _INCONSISTENT.
 */
uint64_t checkpointer_signed_size(const struct checkpointer *checkpointer);

#endif
