/*
 * store_fixture - an open store with two tables, in a folder of the test's own.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "scratch.h"
#include "store/store.h"

struct fixture {
	char folder[PATH_MAX];
	char path[PATH_MAX + 8]; /* of the store, below it */
	uint64_t map_bytes;
	struct store *store;
	struct store_table rows, meta;
	struct store_txn *txn; /* NULL; one that a test leaves open is aborted */
};

int fixture_setup(void **state, uint64_t map_bytes);
int fixture_teardown(void **state);
/* Again, after store_close. */
void fixture_open(struct fixture *f);
struct store_options fixture_options(const struct fixture *f);

#endif
