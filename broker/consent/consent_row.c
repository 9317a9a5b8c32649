#include "consent/consent_row.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_cursor.h"

#define VERSION_ANY UINT64_MAX

int consent_fault(int r)
{
	if (r == STORE_FULL)
		return TC_EFULL;
	return r > 0 ? TC_ECORRUPT : r;
}

/* ---- keys ---- */

static void consent_key(struct store_key *key, struct tc_id id)
{
	store_key_init(key);
	store_key_id(key, id);
}

void consent_version_key(struct store_key *key, struct tc_id id, uint32_t version)
{
	consent_key(key, id);
	store_key_u32(key, version);
}

/* ---- times ---- */

int64_t consent_time_take(struct store_row_reader *row, bool there)
{
	return there ? store_row_take_i64(row) : GRANT_NEVER;
}

void consent_time_put(struct store_row *row, int64_t time_ms, bool there)
{
	if (there)
		store_row_i64(row, time_ms);
}

/* ---- the newest version of a row, recorded by a time and below a version ---- */

/* Every row begins with the time at which it was recorded. */
static int64_t row_recorded_ms(struct tc_slice bytes)
{
	struct store_row_reader row = store_row_read(bytes);

	return store_row_take_i64(&row);
}

static int find_version(struct store_txn *txn, struct store_table table, struct tc_id id,
			int64_t by_ms, uint64_t below, uint32_t *ret_version, struct tc_slice *ret)
{
	struct store_cursor cursor;
	struct store_key prefix;
	struct tc_slice key;
	struct tc_id same;
	int r;

	consent_key(&prefix, id);
	r = store_cursor_init(&cursor, txn, table, store_key_slice(&prefix), STORE_BACKWARD);
	while (r == 0) {
		r = store_cursor_next(&cursor, &key, ret);
		if (r != 0)
			break;
		if (!store_key_take_id(&key, &same) || !store_key_take_u32(&key, ret_version))
			r = TC_ECORRUPT;
		else if (*ret_version < below && row_recorded_ms(*ret) <= by_ms)
			break;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? GRANT_UNKNOWN : consent_fault(r);
}

/* ---- grants ----
 * Of these, too, a row has only the times that are not GRANT_NEVER: there are many grants, and to
 * most of them nothing ever happens. */

enum { GRANT_WAITING = 1, GRANT_NAMES_COURT = 2 };

/* Bit n of a row's byte of times says that the nth of these is there. */
static const size_t grant_times[] = {
	offsetof(struct grant_view, expires_ms),
	offsetof(struct grant_view, revocable_from_ms),
	offsetof(struct grant_view, ended_ms),
	offsetof(struct grant_view, revoked_ms),
	offsetof(struct grant_view, effective_ms),
	offsetof(struct grant_view, partly_revoked_ms),
	offsetof(struct grant_view, partly_effective_ms),
};

static void grant_times_take(struct store_row_reader *row, struct grant_view *ret)
{
	unsigned there = store_row_take_u8(row);

	for (size_t i = 0; i < sizeof(grant_times) / sizeof(grant_times[0]); i++) {
		int64_t time_ms = consent_time_take(row, there >> i & 1);

		memcpy((uint8_t *)ret + grant_times[i], &time_ms, sizeof(time_ms));
	}
}

static void grant_times_put(struct store_row *to, const struct grant_view *row)
{
	int64_t times_ms[sizeof(grant_times) / sizeof(grant_times[0])];
	unsigned there = 0;

	for (size_t i = 0; i < sizeof(grant_times) / sizeof(grant_times[0]); i++) {
		memcpy(&times_ms[i], (const uint8_t *)row + grant_times[i], sizeof(times_ms[i]));
		there |= (unsigned)(times_ms[i] != GRANT_NEVER) << i;
	}
	store_row_u8(to, (uint8_t)there);
	for (size_t i = 0; i < sizeof(grant_times) / sizeof(grant_times[0]); i++)
		consent_time_put(to, times_ms[i], there >> i & 1);
}

static int grant_row_decode(struct tc_slice bytes, struct tc_id grant, uint32_t version,
			    struct grant_view *ret)
{
	struct store_row_reader row = store_row_read(bytes);
	uint8_t flags;

	ret->grant = grant;
	ret->version = version;
	ret->recorded_ms = store_row_take_i64(&row);
	ret->consent = store_row_take_id(&row);
	ret->subject = store_row_take_id(&row);
	ret->position = store_row_take_u32(&row);
	ret->valid_from_ms = store_row_take_i64(&row);
	ret->ended_as = (enum grant_status)store_row_take_u8(&row);
	grant_times_take(&row, ret);
	flags = store_row_take_u8(&row);
	ret->waiting = (flags & GRANT_WAITING) != 0;
	ret->names_court = (flags & GRANT_NAMES_COURT) != 0;
	return row.failed ? TC_ECORRUPT : 0;
}

int grant_row_put(struct store_txn *txn, const struct consent_tables *tables,
		  const struct grant_view *row)
{
	struct store_row to = {.len = 0};
	struct store_key key;

	store_row_i64(&to, row->recorded_ms);
	store_row_id(&to, row->consent);
	store_row_id(&to, row->subject);
	store_row_u32(&to, row->position);
	store_row_i64(&to, row->valid_from_ms);
	store_row_u8(&to, (uint8_t)row->ended_as);
	grant_times_put(&to, row);
	store_row_u8(&to, (uint8_t)((row->waiting ? GRANT_WAITING : 0) |
				    (row->names_court ? GRANT_NAMES_COURT : 0)));
	consent_version_key(&key, row->grant, row->version);
	return consent_fault(
		store_put(txn, tables->grants, store_key_slice(&key), store_row_slice(&to)));
}

int grant_find_at(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		  int64_t by_ms, struct grant_view *ret)
{
	struct tc_slice bytes;
	uint32_t version;
	int r = find_version(txn, tables->grants, grant, by_ms, VERSION_ANY, &version, &bytes);

	return r != 0 ? r : grant_row_decode(bytes, grant, version, ret);
}

int grant_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
	       struct grant_view *ret)
{
	return grant_find_at(txn, tables, grant, INT64_MAX, ret);
}

int grant_find_version(struct store_txn *txn, const struct consent_tables *tables,
		       struct tc_id grant, uint32_t version, struct grant_view *ret)
{
	struct tc_slice bytes;
	struct store_key key;
	int r;

	consent_version_key(&key, grant, version);
	r = store_get(txn, tables->grants, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return GRANT_UNKNOWN;
	return r != 0 ? consent_fault(r) : grant_row_decode(bytes, grant, version, ret);
}

int grant_find_below(struct store_txn *txn, const struct consent_tables *tables, struct tc_id grant,
		     uint32_t below, struct grant_view *ret)
{
	struct tc_slice bytes;
	uint32_t version;
	int r = find_version(txn, tables->grants, grant, GRANT_NEVER, below, &version, &bytes);

	return r != 0 ? r : grant_row_decode(bytes, grant, version, ret);
}

/* ---- consents ---- */

static int consent_row_decode(struct tc_slice bytes, struct tc_id consent, uint32_t version,
			      struct consent_view *ret)
{
	struct store_row_reader row = store_row_read(bytes);

	ret->consent = consent;
	ret->version = version;
	ret->recorded_ms = store_row_take_i64(&row);
	ret->subject = store_row_take_id(&row);
	store_row_take_field(&row, ret->sender.name, sizeof(ret->sender.name));
	ret->sequence = store_row_take_u64(&row);
	ret->ended_as = (enum grant_status)store_row_take_u8(&row);
	ret->ended_ms = store_row_take_i64(&row);
	ret->document = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.failed ? TC_ECORRUPT : 0;
}

int consent_row_read(struct tc_slice key, struct tc_slice value, struct consent_view *ret)
{
	struct tc_id consent;
	uint32_t version;

	if (!store_key_take_id(&key, &consent) || !store_key_take_u32(&key, &version))
		return TC_ECORRUPT;
	return consent_row_decode(value, consent, version, ret);
}

int consent_row_put(struct store_txn *txn, const struct consent_tables *tables,
		    const struct consent_view *consent)
{
	struct tc_bytes value = {0};
	struct store_row head = {.len = 0};
	struct store_key key;
	int r;

	store_row_i64(&head, consent->recorded_ms);
	store_row_id(&head, consent->subject);
	store_row_text(&head, tc_slice_text(consent->sender.name));
	store_row_u64(&head, consent->sequence);
	store_row_u8(&head, (uint8_t)consent->ended_as);
	store_row_i64(&head, consent->ended_ms);
	r = tc_bytes_append(&value, head.data, head.len);
	if (r == 0)
		r = tc_bytes_append(&value, consent->document.data, consent->document.len);
	if (r == 0) {
		consent_version_key(&key, consent->consent, consent->version);
		r = consent_fault(store_put(txn, tables->consents, store_key_slice(&key),
					    tc_bytes_slice(&value)));
	}
	tc_bytes_free(&value);
	return r;
}

int consent_find_at(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_id consent, int64_t by_ms, struct consent_view *ret)
{
	struct tc_slice bytes;
	uint32_t version;
	int r = find_version(txn, tables->consents, consent, by_ms, VERSION_ANY, &version, &bytes);

	return r != 0 ? r : consent_row_decode(bytes, consent, version, ret);
}

int consent_find(struct store_txn *txn, const struct consent_tables *tables, struct tc_id consent,
		 struct consent_view *ret)
{
	return consent_find_at(txn, tables, consent, INT64_MAX, ret);
}

int consent_find_below(struct store_txn *txn, const struct consent_tables *tables,
		       struct tc_id consent, uint32_t below, struct consent_view *ret)
{
	struct tc_slice bytes;
	uint32_t version;
	int r = find_version(txn, tables->consents, consent, GRANT_NEVER, below, &version, &bytes);

	return r != 0 ? r : consent_row_decode(bytes, consent, version, ret);
}

int consent_find_version(struct store_txn *txn, const struct consent_tables *tables,
			 struct tc_id consent, uint32_t version, struct consent_view *ret)
{
	struct tc_slice bytes;
	struct store_key key;
	int r;

	consent_version_key(&key, consent, version);
	r = store_get(txn, tables->consents, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return GRANT_UNKNOWN;
	return r != 0 ? consent_fault(r) : consent_row_decode(bytes, consent, version, ret);
}

int consent_find_first(struct store_txn *txn, const struct consent_tables *tables,
		       struct tc_id consent, struct consent_view *ret)
{
	struct tc_slice key, bytes;
	struct store_key prefix;
	int r;

	consent_key(&prefix, consent);
	r = store_first(txn, tables->consents, store_key_slice(&prefix), &key, &bytes);
	if (r == STORE_NOT_FOUND)
		return GRANT_UNKNOWN;
	return r != 0 ? consent_fault(r) : consent_row_read(key, bytes, ret);
}

/* ---- changes ---- */

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
