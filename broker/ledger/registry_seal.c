#include "ledger/registry_seal.h"

#include <string.h>

#include "ledger/registry.h"
#include "ledger/registry_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "store/store_row.h"

static int seal_put(struct store_txn *txn, const struct registry_tables *tables,
		    const tc_agency *agency, const struct registry_seal *seal)
{
	struct tc_bytes value = {0};
	struct store_row head = {.len = 0};
	struct store_key key;
	int r;

	store_row_u32(&head, seal->generation);
	store_row_i64(&head, seal->not_before_ms);
	memcpy(store_row_space(&head, sizeof(seal->sha256)), seal->sha256, sizeof(seal->sha256));
	r = tc_bytes_append(&value, head.data, head.len);
	if (r == 0)
		r = tc_bytes_append(&value, seal->der.data, seal->der.len);
	if (r == 0) {
		store_key_init(&key);
		store_key_agency(&key, agency);
		r = registry_fault(store_put(txn, tables->seals, store_key_slice(&key),
					     tc_bytes_slice(&value)));
	}
	tc_bytes_free(&value);
	return r;
}

static int seal_decode(struct tc_slice bytes, struct registry_seal *ret)
{
	struct store_row_reader row = store_row_read(bytes);
	const uint8_t *sha256;

	ret->generation = store_row_take_u32(&row);
	ret->not_before_ms = store_row_take_i64(&row);
	sha256 = store_row_take(&row, sizeof(ret->sha256));
	if (sha256)
		memcpy(ret->sha256, sha256, sizeof(ret->sha256));
	ret->der = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.failed ? TC_ECORRUPT : 0;
}

int registry_seal_find(struct store_txn *txn, const struct registry_tables *tables,
		       const tc_agency *agency, struct registry_seal *ret)
{
	struct tc_slice bytes;
	struct store_key key;
	int r;

	store_key_init(&key);
	store_key_agency(&key, agency);
	r = store_get(txn, tables->seals, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return REGISTRY_UNKNOWN;
	return r != 0 ? registry_fault(r) : seal_decode(bytes, ret);
}

/* `fresh`: nobody has seen the offered one before. */
static bool is_newer(const struct registry_seal_offer *offer, const struct registry_seal *seal,
		     bool fresh)
{
	if (memcmp(offer->sha256, seal->sha256, sizeof(seal->sha256)) == 0)
		return false;
	if (seal->der.len == 0)
		return true;
	return offer->entered || fresh ? offer->not_before_ms >= seal->not_before_ms
				       : offer->not_before_ms > seal->not_before_ms;
}

int registry_seal_offer(struct store_txn *txn, const struct registry_tables *tables,
			const struct registry_seal_offer *offer, bool *ret_changed)
{
	struct registry_certificate known;
	struct registry_seal seal = {0};
	bool first, fresh;
	int r = registry_find_certificate(txn, tables, offer->sha256, &known);

	*ret_changed = false;
	if (r < 0 || offer->der.len == 0 || (r == 0 && known.revoked_ms != 0))
		return r < 0 ? r : 0;
	fresh = r == REGISTRY_UNKNOWN || known.first_seen_ms == offer->now_ms;
	r = registry_seal_find(txn, tables, offer->agency, &seal);
	if (r < 0)
		return r;
	first = r == REGISTRY_UNKNOWN;
	if (!is_newer(offer, &seal, fresh))
		return 0;
	seal.generation++;
	seal.not_before_ms = offer->not_before_ms;
	memcpy(seal.sha256, offer->sha256, sizeof(seal.sha256));
	seal.der = offer->der;
	*ret_changed = !first;
	return seal_put(txn, tables, offer->agency, &seal);
}

/* The agency whose certificate it is. Revocations are rare: it looks through all of them. */
static int holder_find(struct store_txn *txn, const struct registry_tables *tables,
		       const uint8_t *sha256, tc_agency *ret, struct registry_seal *ret_seal)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, txn, tables->seals, tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = seal_decode(value, ret_seal);
		if (r == 0 && ret_seal->der.len > 0 &&
		    memcmp(ret_seal->sha256, sha256, sizeof(ret_seal->sha256)) == 0)
			break;
	}
	if (r == 0 && !store_key_take_agency(&key, ret))
		r = TC_ECORRUPT;
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? REGISTRY_UNKNOWN : registry_fault(r);
}

int registry_seal_revoke(struct store_txn *txn, const struct registry_tables *tables,
			 const uint8_t sha256[REGISTRY_SEAL_SHA256_BYTES], tc_agency *ret)
{
	struct registry_seal seal;
	int r = holder_find(txn, tables, sha256, ret, &seal);

	if (r != 0)
		return r;
	/* Its digest stays, so that it cannot come back. */
	seal.generation++;
	seal.der = tc_slice(NULL, 0);
	return seal_put(txn, tables, ret, &seal);
}
