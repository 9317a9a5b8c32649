/*
 * store_search - is every row that a walk finds also found by its key?
 *
 * A walk goes along the leaves, a search down the tree by what its pages say of them: damage can
 * hide a row from the one and leave it to the other.
 *
 * Owner:  the calling thread; nobody writes meanwhile.
 * Blocks: on the disk, for as long as reading everything takes.
 */
#ifndef STORE_STORE_SEARCH_H
#define STORE_STORE_SEARCH_H

#include "store/store.h"

/* Rows of all tables that are lost to one of the two, or that the tables' own counts do not know.
 * 0 or a fault. */
int store_search_check(struct store *store, uint64_t *ret_lost) TC_MUST_CHECK;

#endif
