#include "referral/referral_asked.h"

#include "referral/referral_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"

static void asked_key(struct store_key *key, struct tc_id referral, struct tc_slice code)
{
	store_key_init(key);
	store_key_id(key, referral);
	store_key_text(key, code);
}

int referral_ask(struct store_txn *txn, struct store_table table, struct tc_id referral,
		 const Throughcare__V1__LifecycleClaim *claim)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < claim->n_codes; i++) {
		struct store_key key;

		asked_key(&key, referral, tc_slice_text(claim->codes[i]));
		r = store_put(txn, table, store_key_slice(&key), tc_slice(NULL, 0));
	}
	return referral_fault(r);
}

/* Whether the claim names the code of that row. */
static bool asked_names(const Throughcare__V1__LifecycleClaim *claim, struct tc_id referral,
			struct tc_slice row)
{
	for (size_t i = 0; i < claim->n_codes; i++) {
		struct store_key key;

		asked_key(&key, referral, tc_slice_text(claim->codes[i]));
		if (tc_slice_equal(store_key_slice(&key), row))
			return true;
	}
	return false;
}

int referral_asked(struct store_txn *txn, struct store_table table, struct tc_id referral,
		   const Throughcare__V1__LifecycleClaim *claim, struct referral_asked *ret)
{
	struct store_cursor cursor;
	struct store_key prefix;
	struct tc_slice row;
	bool any = false;
	int r;

	*ret = (struct referral_asked){.known = true, .all = true};
	store_key_init(&prefix);
	store_key_id(&prefix, referral);
	r = store_cursor_init(&cursor, txn, table, store_key_slice(&prefix), STORE_FORWARD);
	while (r == 0 && (r = store_cursor_next(&cursor, &row, NULL)) == 0) {
		any = true;
		ret->all = ret->all && asked_names(claim, referral, row);
	}
	store_cursor_done(&cursor);
	if (r != STORE_NOT_FOUND)
		return referral_fault(r);
	for (size_t i = 0; any && i < claim->n_codes; i++) {
		struct store_key key;
		struct tc_slice value;

		asked_key(&key, referral, tc_slice_text(claim->codes[i]));
		r = store_get(txn, table, store_key_slice(&key), &value);
		if (r == STORE_NOT_FOUND)
			ret->known = false;
		else if (r != 0)
			return referral_fault(r);
	}
	return 0;
}

/* The first one that is asked for: 0, STORE_NOT_FOUND or a fault. */
static int asked_first(struct store_txn *txn, struct store_table table, struct tc_id referral,
		       struct store_key *ret)
{
	struct store_key prefix;
	struct tc_slice row;
	int r;

	store_key_init(&prefix);
	store_key_id(&prefix, referral);
	r = store_first(txn, table, store_key_slice(&prefix), &row, NULL);
	if (r == 0) {
		store_key_init(ret);
		store_key_bytes(ret, row);
	}
	return r;
}

int referral_answered(struct store_txn *txn, struct store_table table, struct tc_id referral,
		      const Throughcare__V1__LifecycleClaim *claim)
{
	struct store_key key;
	int r = 0;

	for (size_t i = 0; claim && i < claim->n_codes; i++) {
		asked_key(&key, referral, tc_slice_text(claim->codes[i]));
		r = store_del(txn, table, store_key_slice(&key));
		if (r != 0 && r != STORE_NOT_FOUND)
			return referral_fault(r);
	}
	if (claim)
		return 0;
	while ((r = asked_first(txn, table, referral, &key)) == 0) {
		r = store_del(txn, table, store_key_slice(&key));
		if (r != 0)
			break;
	}
	return r == STORE_NOT_FOUND ? 0 : referral_fault(r);
}
