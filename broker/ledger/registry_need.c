#include "ledger/registry_need.h"

#include <string.h>

#include "ledger/registry_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "wire/limits.h"

/* Stored: never renumber. */
enum need_kind {
	BY_NEED = 1,
	BY_NEED_AND_AREA = 2,
	BY_AREA = 3,
};

#define EVERYWHERE ""

/* ---- rows ---- */

static void put_small(struct store_key *key, const char *text)
{
	char small[TC_FIELD_BYTES_DEFAULT];
	size_t len = strnlen(text, sizeof(small));

	for (size_t i = 0; i < len; i++)
		small[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	store_key_text(key, tc_slice(small, len));
}

/* NULL for what is not part of it. */
static void need_prefix(struct store_key *key, const char *need, const char *area)
{
	store_key_init(key);
	store_key_u8(key, need == NULL ? BY_AREA : area == NULL ? BY_NEED : BY_NEED_AND_AREA);
	if (need)
		put_small(key, need);
	if (area)
		put_small(key, area);
}

/* One entry while it is put, or dropped. */
struct listing {
	struct store_txn *txn;
	struct store_table table;
	const Throughcare__V1__ServiceEntry *entry;
	bool add;
};

static int list_one(const struct listing *listing, const char *need, const char *area)
{
	struct store_key key;
	int r;

	need_prefix(&key, need, area);
	store_key_text(&key, tc_slice_text(listing->entry->service_id));
	if (listing->add)
		return registry_fault(store_put(listing->txn, listing->table, store_key_slice(&key),
						tc_slice(NULL, 0)));
	r = store_del(listing->txn, listing->table, store_key_slice(&key));
	return r == STORE_NOT_FOUND ? 0 : registry_fault(r);
}

/* At each place; of no need in particular when it is NULL. */
static int list_areas(const struct listing *listing, const char *need)
{
	const Throughcare__V1__ServiceEntry *entry = listing->entry;
	int r = need ? list_one(listing, need, NULL) : 0;

	if (r == 0 && entry->n_service_areas == 0)
		r = list_one(listing, need, EVERYWHERE);
	for (size_t i = 0; r == 0 && i < entry->n_service_areas; i++)
		r = list_one(listing, need, entry->service_areas[i]);
	return r;
}

static int list_all(const struct listing *listing)
{
	const Throughcare__V1__ServiceEntry *entry = listing->entry;
	int r = list_areas(listing, NULL);

	for (size_t i = 0; r == 0 && i < entry->n_needs; i++)
		r = list_areas(listing, entry->needs[i]);
	for (size_t i = 0; r == 0 && i < entry->n_taxonomy_codes; i++)
		r = list_areas(listing, entry->taxonomy_codes[i]);
	return r;
}

int registry_needs_put(struct store_txn *txn, const struct registry_tables *tables,
		       const Throughcare__V1__ServiceEntry *entry)
{
	const struct listing listing = {txn, tables->needs, entry, true};

	if (entry->status != THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_ACTIVE)
		return 0;
	return list_all(&listing);
}

int registry_needs_drop(struct store_txn *txn, const struct registry_tables *tables,
			const Throughcare__V1__ServiceEntry *entry)
{
	const struct listing listing = {txn, tables->needs, entry, false};

	return list_all(&listing);
}

/* ---- finding ---- */

/* The first one after `after` in one list. */
static int next_in(struct store_txn *txn, struct store_table table, const struct store_key *prefix,
		   const char *after, char ret[TC_NAME_BYTES_MAX + 1])
{
	struct store_key from = *prefix;
	struct tc_slice row, text;
	int r;

	if (*after != '\0')
		store_key_text(&from, tc_slice_text(after));
	r = store_after(txn, table, store_key_slice(prefix), store_key_slice(&from), &row, NULL);
	if (r != 0)
		return r == STORE_NOT_FOUND ? REGISTRY_UNKNOWN : registry_fault(r);
	row = tc_slice(row.data + prefix->len, row.len - prefix->len);
	if (!store_key_take_text(&row, &text) || text.len > TC_NAME_BYTES_MAX)
		return TC_ECORRUPT;
	tc_slice_copy(text, ret, TC_NAME_BYTES_MAX + 1);
	return 0;
}

/* Of all services, those too that take nobody. */
static int next_of_all(struct store_txn *txn, const struct registry_tables *tables,
		       const char *after, char ret[TC_NAME_BYTES_MAX + 1])
{
	const struct store_key all = {.len = 0};

	return next_in(txn, tables->services, &all, after, ret);
}

int registry_needs_next(struct store_txn *txn, const struct registry_tables *tables,
			const char *need, const char *area, const char *after,
			char ret[TC_NAME_BYTES_MAX + 1])
{
	char everywhere[TC_NAME_BYTES_MAX + 1];
	struct store_key prefix;
	int r, other;

	if (need == NULL && area == NULL)
		return next_of_all(txn, tables, after, ret);
	need_prefix(&prefix, need, area);
	r = next_in(txn, tables->needs, &prefix, after, ret);
	if (area == NULL || r < 0)
		return r;
	need_prefix(&prefix, need, EVERYWHERE);
	other = next_in(txn, tables->needs, &prefix, after, everywhere);
	if (other < 0)
		return other;
	if (other == 0 && (r != 0 || strcmp(everywhere, ret) < 0)) {
		memcpy(ret, everywhere, sizeof(everywhere));
		r = 0;
	}
	return r;
}
