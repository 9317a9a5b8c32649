#include "ledger/capacity.h"

#include <string.h>

#include "ledger/row.h"
#include "ledger/state.h"

void capacity_place_key(struct store_key *key, const struct capacity_place *place)
{
	store_key_text(key, tc_slice_text(place->service));
	store_key_text(key, tc_slice_text(place->unit));
	store_key_text(key, tc_slice_text(place->population));
}

static bool take_text(struct tc_slice *key, char *to, size_t size)
{
	struct tc_slice text;

	if (!store_key_take_text(key, &text) || text.len >= size)
		return false;
	memset(to, 0, size);
	if (text.len > 0)
		memcpy(to, text.data, text.len);
	return true;
}

bool capacity_place_take(struct tc_slice *key, struct capacity_place *ret)
{
	return take_text(key, ret->service, sizeof(ret->service)) &&
	       take_text(key, ret->unit, sizeof(ret->unit)) &&
	       take_text(key, ret->population, sizeof(ret->population));
}

static int row_decode(struct tc_slice key, struct tc_slice value, struct capacity *ret)
{
	struct row_reader row = row_read(value);

	if (!capacity_place_take(&key, &ret->place))
		return TC_ECORRUPT;
	ret->funded = row_take_u32(&row);
	ret->maximum = row_take_u32(&row);
	ret->available = row_take_u32(&row);
	ret->status = row_take_u8(&row);
	ret->as_of_ms = (int64_t)row_take_u64(&row);
	ret->valid_until_ms = (int64_t)row_take_u64(&row);
	ret->sequence = row_take_u64(&row);
	ret->live = row_take_u32(&row);
	ret->confirmed_since = row_take_u32(&row);
	ret->taken = row_take_u64(&row);
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

int capacity_put(struct ledger *ledger, const struct capacity *capacity)
{
	struct row_writer row = {0};
	struct store_key key;

	store_key_init(&key);
	capacity_place_key(&key, &capacity->place);
	row_put_u32(&row, capacity->funded);
	row_put_u32(&row, capacity->maximum);
	row_put_u32(&row, capacity->available);
	row_put_u8(&row, capacity->status);
	row_put_u64(&row, (uint64_t)capacity->as_of_ms);
	row_put_u64(&row, (uint64_t)capacity->valid_until_ms);
	row_put_u64(&row, capacity->sequence);
	row_put_u32(&row, capacity->live);
	row_put_u32(&row, capacity->confirmed_since);
	row_put_u64(&row, capacity->taken);
	return ledger_put(ledger, LEDGER_TABLE_CAPACITY, store_key_slice(&key), row_slice(&row));
}

int capacity_find(struct store_txn *txn, struct store_table table,
		  const struct capacity_place *place, struct capacity *ret)
{
	struct tc_slice value;
	struct store_key key;
	int r;

	store_key_init(&key);
	capacity_place_key(&key, place);
	r = store_get(txn, table, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? CAPACITY_UNKNOWN : ledger_store_fault(r);
	return row_decode(store_key_slice(&key), value, ret);
}

int capacity_next(struct store_txn *txn, struct store_table table, const char *service,
		  const struct capacity_place *after, struct capacity *ret)
{
	struct store_key prefix, from;
	struct tc_slice key, value;
	int r;

	store_key_init(&prefix);
	store_key_init(&from);
	if (service != NULL)
		store_key_text(&prefix, tc_slice_text(service));
	if (after != NULL)
		capacity_place_key(&from, after);
	r = store_after(txn, table, store_key_slice(&prefix), store_key_slice(&from), &key, &value);
	if (r == 0)
		r = row_decode(key, value, ret);
	return r == STORE_NOT_FOUND ? CAPACITY_UNKNOWN : ledger_store_fault(r);
}

uint32_t capacity_free(const struct capacity *capacity)
{
	uint64_t gone = (uint64_t)capacity->live + capacity->confirmed_since;

	return gone >= capacity->available ? 0 : (uint32_t)(capacity->available - gone);
}

bool capacity_stale(const struct capacity *capacity, int64_t now_ms)
{
	return now_ms > (capacity->valid_until_ms != 0 ? capacity->valid_until_ms
						       : capacity->as_of_ms + CAPACITY_VALID_MS);
}

const char *capacity_status_name(uint8_t status)
{
	static const char *const names[] = {"", "available", "none", "waitlist", "assess_first"};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "";
}
