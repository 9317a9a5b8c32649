/* What kind of agency somebody was before: decisions of the past were taken by it. */
#include "ledger/registry.h"
#include "ledger/registry_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"

int registry_note_kind(struct store_txn *txn, const struct registry_tables *tables,
		       const tc_agency *agency, enum agency_kind kind, int64_t now_ms)
{
	const uint8_t value = (uint8_t)kind;
	struct store_key key;

	store_key_init(&key);
	store_key_agency(&key, agency);
	store_key_i64(&key, now_ms);
	return registry_fault(
		store_put(txn, tables->kinds, store_key_slice(&key), tc_slice(&value, 1)));
}

int registry_kind_at(struct store_txn *txn, const struct registry_tables *tables,
		     const tc_agency *agency, int64_t at_ms, enum agency_kind *ret)
{
	struct store_key prefix, upto;
	struct tc_slice value;
	int r;

	*ret = AGENCY_KIND_UNKNOWN;
	store_key_init(&prefix);
	store_key_agency(&prefix, agency);
	upto = prefix;
	store_key_i64(&upto, at_ms);
	r = store_upto(txn, tables->kinds, store_key_slice(&prefix), store_key_slice(&upto), NULL,
		       &value);
	if (r == 0 && value.len == 1)
		*ret = (enum agency_kind)value.data[0];
	else if (r == 0)
		r = TC_ECORRUPT;
	return r == STORE_NOT_FOUND ? 0 : registry_fault(r);
}
