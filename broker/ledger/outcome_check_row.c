#include "ledger/outcome_check_row.h"

#include <string.h>

#include "wire/digest.h"

const uint16_t outcome_days[OUTCOME_TIMES] = {30, 90, 180};

int outcome_check_id(struct tc_id referral, uint8_t kind, uint16_t days, struct tc_id *ret)
{
	uint8_t bytes[sizeof(referral.bytes) + 3], digest[TC_SHA256_BYTES];
	int r;

	memcpy(bytes, referral.bytes, sizeof(referral.bytes));
	bytes[sizeof(referral.bytes)] = kind;
	tc_put_be16(bytes + sizeof(referral.bytes) + 1, days);
	r = tc_sha256(tc_slice(bytes, sizeof(bytes)), digest);
	memcpy(ret->bytes, digest, sizeof(ret->bytes));
	return r;
}

void outcome_check_row_put(struct row_writer *row, const struct outcome_check *check)
{
	row->len = 0;
	row_put_id(row, check->referral);
	row_put_u8(row, check->kind);
	row_put_u16(row, check->days);
	row_put_u8(row, (uint8_t)check->state);
	row_put_u64(row, (uint64_t)check->ask_ms);
	row_put_u64(row, check->task);
	for (unsigned i = 0; i < 2; i++) {
		row_put_u8(row, check->claims[i].value);
		row_put_u8(row, check->claims[i].told);
		row_put_id(row, check->claims[i].message);
		row_put_u64(row, check->tasks[i]);
	}
}

int outcome_check_row_find(struct store_txn *txn, struct store_table table, struct tc_id id,
			   struct outcome_check *ret)
{
	struct row_reader row;
	struct tc_slice value;
	int r = store_get(txn, table, tc_slice(id.bytes, sizeof(id.bytes)), &value);

	if (r != 0)
		return r == STORE_NOT_FOUND ? OUTCOME_CHECK_NONE : r;
	row = row_read(value);
	ret->id = id;
	ret->referral = row_take_id(&row);
	ret->kind = row_take_u8(&row);
	ret->days = row_take_u16(&row);
	ret->state = (enum outcome_check_state)row_take_u8(&row);
	ret->ask_ms = (int64_t)row_take_u64(&row);
	ret->task = row_take_u64(&row);
	for (unsigned i = 0; i < 2; i++) {
		ret->claims[i].value = row_take_u8(&row);
		ret->claims[i].told = row_take_u8(&row) != 0;
		ret->claims[i].message = row_take_id(&row);
		ret->tasks[i] = row_take_u64(&row);
	}
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

int outcome_check_find(struct store_txn *txn, struct store_table table, struct tc_id referral,
		       unsigned n, struct outcome_check *ret)
{
	struct tc_id id;
	int r = outcome_check_id(referral, (uint8_t)(n / OUTCOME_TIMES + 1),
				 outcome_days[n % OUTCOME_TIMES], &id);

	return r < 0 ? r : outcome_check_row_find(txn, table, id, ret);
}
