/*
 * store_wipe - zeros over everything in the data file that no row needs any more.
 *
 * LMDB neither clears a page that it lets go of nor a buffer that it uses again, so what was
 * removed stays in free pages, in the gap between a page's node pointers and its nodes, behind a
 * large value's end, and behind the last page. Reading LMDB 0.9's format, this walks all of it.
 *
 * LMDB's buffers in memory it cannot reach: whoever has removed rows closes the store and opens it
 * again before it is wiped, or the next commit writes what they held into the gap of some page.
 *
 * Owner:  the store's writer, while nobody reads. Blocks: while the whole file is read, and on the
 *         disk.
 */
#ifndef STORE_STORE_WIPE_H
#define STORE_STORE_WIPE_H

#include "store/store.h"

struct store_wiped {
	uint64_t pages; /* of the file */
	uint64_t written;
};

/* `table` is one where the row "wipe" is put and removed: two commits, so that no page that is
 * freed by then is one that the older of LMDB's two meta pages leads to. 0, STORE_FULL, TC_ECORRUPT
 * when the file is not as LMDB 0.9 writes it, or another fault. A crash in between harms nothing;
 * do it again. */
int store_wipe(struct store *store, struct store_table table,
	       struct store_wiped *ret) TC_MUST_CHECK;

#endif
