#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct store_options fixture_options(const struct fixture *f)
{
	return (struct store_options){.path = f->path,
				      .map_bytes = f->map_bytes,
				      .sync = STORE_SYNC_DURABLE,
				      .tables_max = 4};
}

void fixture_open(struct fixture *f)
{
	struct store_options options = fixture_options(f);

	assert_int_equal(store_open(&options, &f->store), 0);
	assert_int_equal(store_table_open(f->store, "rows", &f->rows), 0);
	assert_int_equal(store_table_open(f->store, "meta", &f->meta), 0);
}

int fixture_setup(void **state, uint64_t map_bytes)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->map_bytes = map_bytes;
	scratch_make(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
	fixture_open(f);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_abort(&f->txn);
	store_close(&f->store);
	scratch_remove(f->folder);
	free(f);
	return 0;
}
