/*
 * trail_forget - the trail's rows without those about what is to be forgotten.
 *
 * Rows of forgotten records go, and rows that name a forgotten id; with them their places in
 * every list. Somebody else's chain of disclosures keeps the links of rows that are gone: they hold
 * digests and positions. Of a person that is forgotten, head and links go, too; the tree over all
 * persons (anchor.h) then begins anew with the next anchor.
 *
 * Owner:  the trail's writer, when everything is committed. Blocks: as the dump does.
 */
#ifndef TRAIL_TRAIL_FORGET_H
#define TRAIL_TRAIL_FORGET_H

#include "ledger/ledger_forget.h"
#include "store/store_dump.h"
#include "trail/trail_index.h"

/* A forget_others; the context is the trail_index, everything of it committed. */
int trail_forget_others(void *index, const struct forget_what *what, struct tc_id id,
			enum forget_role role, bool *ret) TC_MUST_CHECK;
/* All tables, under "trail/" and their names; NULL: every row. 0 or a fault. */
int trail_dump(struct trail_index *index, const struct forget_what *what,
	       struct store_dump *dump) TC_MUST_CHECK;

#endif
