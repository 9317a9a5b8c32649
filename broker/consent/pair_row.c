#include "consent/pair_row.h"

#include <string.h>

#include "consent/consent_row.h"

/* ---- keys ---- */

void pair_key(struct store_key *key, struct tc_id subject, struct tc_slice discloser,
	      struct tc_slice recipient)
{
	store_key_init(key);
	store_key_id(key, subject);
	store_key_text(key, discloser);
	store_key_text(key, recipient);
}

void pair_key_grant(struct store_key *key, struct tc_id grant, uint32_t version)
{
	store_key_id(key, grant);
	store_key_u32(key, version);
}

/* ---- pairs ----
 * A decision reads all grants of a pair, and what it waits for is memory: a row has only the times
 * that are not GRANT_NEVER. Which those are stands beside the flags. */

enum pair_field {
	FIELD_EXPIRES = 0x08,
	FIELD_ENDED = 0x10,
	FIELD_EVENT = 0x20,
	FIELD_REVOKED = 0x40, /* both of its times */
	FIELD_DESKS = 0x80,
};

#define PAIR_FLAGS ((unsigned)PAIR_PARTED)

int pair_row_decode(struct tc_slice bytes, struct pair_row *ret)
{
	struct store_row_reader row = store_row_read(bytes);
	unsigned fields = store_row_take_u8(&row);
	const uint8_t *desks = NULL;
	size_t len = 0;

	ret->flags = fields & PAIR_FLAGS;
	ret->regime = store_row_take_u8(&row);
	ret->categories = store_row_take_u64(&row);
	ret->purposes = store_row_take_u32(&row);
	ret->obligations = store_row_take_u32(&row);
	ret->recorded_ms = store_row_take_i64(&row);
	ret->valid_from_ms = store_row_take_i64(&row);
	ret->expires_ms = consent_time_take(&row, fields & FIELD_EXPIRES);
	ret->ended_ms = consent_time_take(&row, fields & FIELD_ENDED);
	ret->event_ms = consent_time_take(&row, fields & FIELD_EVENT);
	ret->revoked_ms = consent_time_take(&row, fields & FIELD_REVOKED);
	ret->effective_ms = consent_time_take(&row, fields & FIELD_REVOKED);
	ret->proceeding = store_row_take_text(&row);
	if (fields & FIELD_DESKS) {
		len = (size_t)store_row_take_u8(&row) << 8;
		len |= store_row_take_u8(&row);
		desks = store_row_take(&row, len);
	}
	ret->desks = desks ? tc_slice(desks, len) : tc_slice(NULL, 0);
	return row.failed ? TC_ECORRUPT : 0;
}

bool pair_row_covers(struct tc_slice bytes, uint64_t categories, uint32_t purposes)
{
	struct store_row_reader row = store_row_read(bytes);
	bool covers;

	(void)store_row_take(&row, 2); /* fields, regime */
	covers = (store_row_take_u64(&row) & categories) != 0;
	covers = (store_row_take_u32(&row) & purposes) != 0 && covers;
	return covers || row.failed; /* which decoding it tells */
}

static unsigned fields_of(const struct pair_row *row)
{
	unsigned fields = row->flags & PAIR_FLAGS;

	if (row->expires_ms != GRANT_NEVER)
		fields |= FIELD_EXPIRES;
	if (row->ended_ms != GRANT_NEVER)
		fields |= FIELD_ENDED;
	if (row->event_ms != GRANT_NEVER)
		fields |= FIELD_EVENT;
	if (row->revoked_ms != GRANT_NEVER || row->effective_ms != GRANT_NEVER)
		fields |= FIELD_REVOKED;
	if (row->desks.len > 0)
		fields |= FIELD_DESKS;
	return fields;
}

static struct store_row pair_row_encode(const struct pair_row *row)
{
	unsigned fields = fields_of(row);
	struct store_row to = {.len = 0};

	store_row_u8(&to, (uint8_t)fields);
	store_row_u8(&to, row->regime);
	store_row_u64(&to, row->categories);
	store_row_u32(&to, row->purposes);
	store_row_u32(&to, row->obligations);
	store_row_i64(&to, row->recorded_ms);
	store_row_i64(&to, row->valid_from_ms);
	consent_time_put(&to, row->expires_ms, fields & FIELD_EXPIRES);
	consent_time_put(&to, row->ended_ms, fields & FIELD_ENDED);
	consent_time_put(&to, row->event_ms, fields & FIELD_EVENT);
	consent_time_put(&to, row->revoked_ms, fields & FIELD_REVOKED);
	consent_time_put(&to, row->effective_ms, fields & FIELD_REVOKED);
	store_row_text(&to, row->proceeding);
	if (fields & FIELD_DESKS) {
		store_row_u8(&to, (uint8_t)(row->desks.len >> 8));
		store_row_u8(&to, (uint8_t)row->desks.len);
		memcpy(store_row_space(&to, row->desks.len), row->desks.data, row->desks.len);
	}
	return to;
}

static int row_put(struct store_txn *txn, struct store_table table, const struct store_key *key,
		   const struct pair_row *row)
{
	struct store_row to = pair_row_encode(row);

	return consent_fault(store_put(txn, table, store_key_slice(key), store_row_slice(&to)));
}

static int row_find(struct store_txn *txn, struct store_table table, const struct store_key *key,
		    struct pair_row *ret)
{
	struct tc_slice bytes;
	int r = store_get(txn, table, store_key_slice(key), &bytes);

	if (r == STORE_NOT_FOUND)
		return GRANT_UNKNOWN;
	return r != 0 ? consent_fault(r) : pair_row_decode(bytes, ret);
}

int pair_row_put(struct store_txn *txn, const struct consent_tables *tables,
		 const struct store_key *key, const struct pair_row *row)
{
	return row_put(txn, tables->pairs, key, row);
}

int pair_row_find(struct store_txn *txn, const struct consent_tables *tables,
		  const struct store_key *key, struct pair_row *ret)
{
	int r = row_find(txn, tables->pairs, key, ret);

	return r == GRANT_UNKNOWN ? row_find(txn, tables->over, key, ret) : r;
}

bool pair_row_over(const struct pair_row *row, int64_t now_ms)
{
	return row->ended_ms <= now_ms || row->event_ms <= now_ms || row->effective_ms <= now_ms;
}

int pair_row_keep(struct store_txn *txn, const struct consent_tables *tables,
		  const struct store_key *key, const struct pair_row *row, int64_t now_ms)
{
	struct store_row to = pair_row_encode(row); /* its texts may be borrowed from there */
	bool over = pair_row_over(row, now_ms);
	int r = over ? store_del(txn, tables->pairs, store_key_slice(key)) : 0;

	if (r != 0 && r != STORE_NOT_FOUND)
		return consent_fault(r);
	return consent_fault(store_put(txn, over ? tables->over : tables->pairs,
				       store_key_slice(key), store_row_slice(&to)));
}

/* ---- members ---- */

void member_key(struct store_key *key, struct tc_id grant, uint32_t version,
		struct tc_slice discloser, struct tc_slice recipient)
{
	consent_version_key(key, grant, version);
	store_key_text(key, discloser);
	store_key_text(key, recipient);
}

int member_row_find(struct store_txn *txn, const struct consent_tables *tables,
		    const struct store_key *key, struct pair_row *ret)
{
	return row_find(txn, tables->members, key, ret);
}

int member_row_put(struct store_txn *txn, const struct consent_tables *tables,
		   const struct store_key *key, const struct pair_row *row)
{
	return row_put(txn, tables->members, key, row);
}
