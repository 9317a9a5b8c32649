#include "consent/consent_row.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_row.h"

enum grant_bit {
	BIT_REVOCABLE_AT_EVENT = 1,
	BIT_EXPIRES_AT_EVENT = 2,
};

int consent_fault(int r)
{
	if (r == STORE_FULL)
		return TC_EFULL;
	return r > 0 ? TC_ECORRUPT : r;
}

void consent_key(struct store_key *key, struct tc_id id)
{
	store_key_init(key);
	store_key_id(key, id);
}

void pair_key(struct store_key *key, struct tc_id subject, struct tc_slice discloser,
	      struct tc_slice recipient)
{
	store_key_init(key);
	store_key_id(key, subject);
	store_key_text(key, discloser);
	store_key_text(key, recipient);
}

int pair_row_decode(struct tc_slice bytes, struct pair_row *ret)
{
	struct store_row_reader row = store_row_read(bytes);

	ret->flags = store_row_take_u8(&row);
	ret->categories = store_row_take_u64(&row);
	ret->purposes = store_row_take_u32(&row);
	ret->obligations = store_row_take_u32(&row);
	ret->valid_from_ms = store_row_take_i64(&row);
	ret->expires_ms = store_row_take_i64(&row);
	ret->effective_ms = store_row_take_i64(&row);
	ret->roles = store_row_take_text(&row);
	ret->proceeding = store_row_take_text(&row);
	return row.failed ? TC_ECORRUPT : 0;
}

int pair_row_put(struct store_txn *txn, const struct consent_tables *tables,
		 const struct store_key *key, const struct pair_row *row)
{
	struct store_row to = {.len = 0};

	store_row_u8(&to, (uint8_t)row->flags);
	store_row_u64(&to, row->categories);
	store_row_u32(&to, row->purposes);
	store_row_u32(&to, row->obligations);
	store_row_i64(&to, row->valid_from_ms);
	store_row_i64(&to, row->expires_ms);
	store_row_i64(&to, row->effective_ms);
	store_row_text(&to, row->roles);
	store_row_text(&to, row->proceeding);
	return consent_fault(
		store_put(txn, tables->pairs, store_key_slice(key), store_row_slice(&to)));
}

int grant_row_get(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		  struct grant_row *ret)
{
	struct store_row_reader row;
	struct tc_slice bytes;
	struct store_key key;
	unsigned bits;
	int r;

	consent_key(&key, grant);
	r = store_get(txn, tables->grants, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return GRANT_UNKNOWN;
	if (r != 0)
		return consent_fault(r);
	row = store_row_read(bytes);
	ret->consent = store_row_take_id(&row);
	ret->subject = store_row_take_id(&row);
	ret->position = store_row_take_u32(&row);
	ret->status = (enum grant_status)store_row_take_u8(&row);
	bits = store_row_take_u8(&row);
	ret->revocable_at_event = bits & BIT_REVOCABLE_AT_EVENT;
	ret->expires_at_event = bits & BIT_EXPIRES_AT_EVENT;
	ret->valid_from_ms = store_row_take_i64(&row);
	ret->expires_ms = store_row_take_i64(&row);
	ret->revocable_from_ms = store_row_take_i64(&row);
	ret->revoked_ms = store_row_take_i64(&row);
	ret->effective_ms = store_row_take_i64(&row);
	return row.failed ? TC_ECORRUPT : 0;
}

int grant_row_put(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		  const struct grant_row *row)
{
	struct store_row to = {.len = 0};
	struct store_key key;

	store_row_id(&to, row->consent);
	store_row_id(&to, row->subject);
	store_row_u32(&to, row->position);
	store_row_u8(&to, (uint8_t)row->status);
	store_row_u8(&to, (uint8_t)((row->revocable_at_event ? BIT_REVOCABLE_AT_EVENT : 0) |
				    (row->expires_at_event ? BIT_EXPIRES_AT_EVENT : 0)));
	store_row_i64(&to, row->valid_from_ms);
	store_row_i64(&to, row->expires_ms);
	store_row_i64(&to, row->revocable_from_ms);
	store_row_i64(&to, row->revoked_ms);
	store_row_i64(&to, row->effective_ms);
	consent_key(&key, grant);
	return consent_fault(
		store_put(txn, tables->grants, store_key_slice(&key), store_row_slice(&to)));
}

int consent_row_put(struct store_txn *txn, const struct consent_tables *tables,
		    const struct consent_view *consent)
{
	struct tc_bytes value = {0};
	struct store_row head = {.len = 0};
	struct store_key key;
	int r;

	store_row_id(&head, consent->subject);
	store_row_text(&head, tc_slice_text(consent->sender.name));
	store_row_u64(&head, consent->sequence);
	store_row_i64(&head, consent->recorded_ms);
	store_row_u32(&head, consent->version);
	store_row_u8(&head, consent->superseded);
	r = tc_bytes_append(&value, head.data, head.len);
	if (r == 0)
		r = tc_bytes_append(&value, consent->document.data, consent->document.len);
	if (r == 0) {
		consent_key(&key, consent->consent);
		r = consent_fault(store_put(txn, tables->consents, store_key_slice(&key),
					    tc_bytes_slice(&value)));
	}
	tc_bytes_free(&value);
	return r;
}

int consent_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id consent,
		 struct consent_view *ret)
{
	struct store_row_reader row;
	struct tc_slice bytes;
	struct store_key key;
	int r;

	consent_key(&key, consent);
	r = store_get(txn, tables->consents, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return GRANT_UNKNOWN;
	if (r != 0)
		return consent_fault(r);
	row = store_row_read(bytes);
	ret->consent = consent;
	ret->subject = store_row_take_id(&row);
	store_row_take_field(&row, ret->sender.name, sizeof(ret->sender.name));
	ret->sequence = store_row_take_u64(&row);
	ret->recorded_ms = store_row_take_i64(&row);
	ret->version = store_row_take_u32(&row);
	ret->superseded = store_row_take_u8(&row) != 0;
	ret->document = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.failed ? TC_ECORRUPT : 0;
}

int consent_mark_superseded(struct store_txn *txn, const struct consent_tables *tables,
			    struct tc_id consent)
{
	struct consent_view view;
	int r = consent_find(txn, tables, consent, &view);

	if (r != 0)
		return consent_fault(r);
	view.superseded = true;
	return consent_row_put(txn, tables, &view);
}

int grant_changes_add(struct grant_changes *changes, const struct grant_change *change)
{
	if (changes->count == changes->capacity) {
		size_t capacity = changes->capacity ? 2 * changes->capacity : 8;
		struct grant_change *rows = realloc(changes->rows, capacity * sizeof(*rows));

		if (!rows)
			return TC_ENOMEM;
		changes->rows = rows;
		changes->capacity = capacity;
	}
	changes->rows[changes->count++] = *change;
	return 0;
}

void grant_changes_free(struct grant_changes *changes)
{
	free(changes->rows);
	*changes = (struct grant_changes){0};
}
