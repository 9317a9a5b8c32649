#include "ledger/idempotency.h"

#include "ledger/row.h"
#include "ledger/state.h"

void idempotency_key(struct store_key *key, uint32_t sender, struct tc_id message)
{
	store_key_init(key);
	store_key_id(key, message);
	store_key_u32(key, sender);
}

bool receipt_read(struct tc_slice value, struct receipt *ret)
{
	struct row_reader row = row_read(value);

	ret->sequence = row_take_u64(&row);
	ret->accepted_ms = (int64_t)row_take_u64(&row);
	ret->referral_version = row_take_u64(&row);
	ret->lease_token = row_take_u64(&row);
	ret->lease_expires_ms = (int64_t)row_take_u64(&row);
	ret->first_delivery = row_take_u64(&row);
	row_take(&row, ret->content_sha256, sizeof(ret->content_sha256));
	ret->subject = row_take_id(&row);
	ret->referral = row_take_id(&row);
	ret->line_count = row_take_u8(&row);
	if (ret->line_count > TC_RECIPIENTS_MAX)
		return false;
	for (uint8_t i = 0; i < ret->line_count; i++) {
		struct receipt_line *line = &ret->lines[i];

		line->recipient = row_take_u32(&row);
		line->kind = row_take_u8(&row);
		line->code = row_take_code(&row);
		line->released = row_take_u8(&row);
		line->withheld = row_take_u8(&row);
	}
	return row_read_whole(&row);
}

int idempotency_find(struct ledger *ledger, uint32_t sender, struct tc_id message,
		     struct receipt *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	idempotency_key(&key, sender, message);
	r = ledger_get(ledger, LEDGER_TABLE_SUBMISSION, store_key_slice(&key), &value);
	if (r == STORE_NOT_FOUND)
		return IDEMPOTENCY_NEW;
	if (r < 0)
		return r;
	return receipt_read(value, ret) ? 0 : TC_ECORRUPT;
}

int idempotency_next(struct ledger *ledger, struct tc_id message, uint32_t *sender,
		     struct receipt *ret)
{
	struct tc_slice prefix = tc_slice(message.bytes, sizeof(message.bytes)), key, value;
	struct store_key from;
	int r;

	idempotency_key(&from, *sender + 1, message);
	r = store_from(ledger->txn, ledger->table[LEDGER_TABLE_SUBMISSION], prefix,
		       store_key_slice(&from), &key, &value);
	if (r == 0 && (key.len != from.len || !receipt_read(value, ret)))
		r = TC_ECORRUPT;
	if (r == 0)
		*sender = tc_get_be32(key.data + sizeof(message.bytes));
	return r == STORE_NOT_FOUND ? IDEMPOTENCY_NEW : r;
}

int idempotency_keep(struct ledger *ledger, uint32_t sender, struct tc_id message,
		     const struct receipt *receipt)
{
	struct row_writer row;
	struct store_key key;

	row.len = 0;
	idempotency_key(&key, sender, message);
	row_put_u64(&row, receipt->sequence);
	row_put_u64(&row, (uint64_t)receipt->accepted_ms);
	row_put_u64(&row, receipt->referral_version);
	row_put_u64(&row, receipt->lease_token);
	row_put_u64(&row, (uint64_t)receipt->lease_expires_ms);
	row_put_u64(&row, receipt->first_delivery);
	row_put(&row, receipt->content_sha256, sizeof(receipt->content_sha256));
	row_put_id(&row, receipt->subject);
	row_put_id(&row, receipt->referral);
	row_put_u8(&row, receipt->line_count);
	for (uint8_t i = 0; i < receipt->line_count; i++) {
		const struct receipt_line *line = &receipt->lines[i];

		row_put_u32(&row, line->recipient);
		row_put_u8(&row, line->kind);
		row_put_code(&row, line->code);
		row_put_u8(&row, line->released);
		row_put_u8(&row, line->withheld);
	}
	return ledger_put(ledger, LEDGER_TABLE_SUBMISSION, store_key_slice(&key), row_slice(&row));
}
