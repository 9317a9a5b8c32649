#include "store/store_search.h"

#include "store/store_internal.h"

/* The same bytes of the map, or it is another row. */
static bool is_found(MDB_txn *txn, MDB_dbi table, MDB_val *key, const MDB_val *value)
{
	MDB_val found;

	return mdb_get(txn, table, key, &found) == 0 && found.mv_data == value->mv_data &&
	       found.mv_size == value->mv_size;
}

static int table_check(MDB_txn *txn, MDB_dbi table, uint64_t *lost)
{
	MDB_cursor *cursor = NULL;
	MDB_val key, value;
	uint64_t walked = 0;
	MDB_stat stat;
	int code = mdb_stat(txn, table, &stat);

	if (code == 0)
		code = mdb_cursor_open(txn, table, &cursor);
	if (code != 0)
		return store_translate(code);
	for (MDB_cursor_op step = MDB_FIRST;
	     (code = mdb_cursor_get(cursor, &key, &value, step)) == 0; step = MDB_NEXT) {
		walked++;
		*lost += !is_found(txn, table, &key, &value);
	}
	mdb_cursor_close(cursor);
	if (code != MDB_NOTFOUND)
		return store_translate(code);
	*lost += walked > stat.ms_entries ? walked - stat.ms_entries : stat.ms_entries - walked;
	return 0;
}

int store_search_check(struct store *store, uint64_t *ret_lost)
{
	struct store_txn *txn = NULL;
	char name[STORE_KEY_BYTES_MAX + 1];
	MDB_cursor *tables = NULL;
	MDB_val key;
	MDB_dbi table;
	int r = store_read_begin(store, &txn);

	*ret_lost = 0;
	if (r != 0)
		return r;
	r = store_translate(mdb_dbi_open(txn->txn, NULL, 0, &table));
	if (r == 0)
		r = table_check(txn->txn, table, ret_lost);
	if (r == 0)
		r = store_translate(mdb_cursor_open(txn->txn, table, &tables));
	/* The main table has the others' names as its keys. */
	while (r == 0 && mdb_cursor_get(tables, &key, NULL, MDB_NEXT) == 0) {
		tc_slice_copy(store_slice(key), name, sizeof(name));
		r = store_translate(mdb_dbi_open(txn->txn, name, 0, &table));
		if (r == 0)
			r = table_check(txn->txn, table, ret_lost);
	}
	if (tables != NULL)
		mdb_cursor_close(tables);
	store_abort(&txn);
	return r > 0 ? TC_ECORRUPT : r;
}
