#include "referral/referral_former.h"

#include "referral/referral_move.h"
#include "referral/referral_row.h"
#include "store/store_key.h"

static void former_key(struct store_key *key, struct tc_id referral, const tc_agency *agency)
{
	store_key_init(key);
	store_key_id(key, referral);
	store_key_agency(key, agency);
}

static int drop(struct store_txn *txn, struct store_table table, const struct store_key *key)
{
	int r = store_del(txn, table, store_key_slice(key));

	return r == STORE_NOT_FOUND ? 0 : referral_fault(r);
}

/* Out of the lists of the former source; referral_put writes those of the new one. */
static int leave(struct store_txn *txn, const struct referral_tables *tables,
		 const struct referral *referral, const tc_agency *to)
{
	struct store_key key;
	int r;

	store_key_init(&key);
	store_key_agency(&key, &referral->source);
	store_key_id(&key, referral->id);
	r = drop(txn, tables->agencies, &key);
	if (r == 0)
		r = drop(txn, tables->open, &key);
	former_key(&key, referral->id, to);
	if (r == 0)
		r = drop(txn, tables->former, &key);
	former_key(&key, referral->id, &referral->source);
	return r != 0 ? r
		      : referral_fault(store_put(txn, tables->former, store_key_slice(&key),
						 tc_slice(NULL, 0)));
}

int referral_transfer(struct store_txn *txn, const struct referral_tables *tables,
		      struct tc_id referral_id, const tc_agency *to, bool knows, int64_t now_ms,
		      struct referral_change *ret)
{
	struct referral referral;
	struct referral_side *side = &referral.side[REFERRAL_SOURCE];
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
	referral_stands(&referral, ret);
	r = leave(txn, tables, &referral, to);
	if (r != 0)
		return r;
	referral.source = *to;
	*side = (struct referral_side){.told = knows ? side->told : 0};
	if (!knows) { /* what puts the person at risk was the former one's to say */
		referral.risk = (struct referral_risk){.urgency = 0};
		referral.risk_message = (struct tc_id){{0}};
	}
	(void)clock_recount(tables->book, &referral, now_ms);
	ret->source = referral.source;
	ret->due_ms = referral.due_ms;
	ret->alarm_ms = referral.alarm_ms;
	return referral_put(txn, tables, &referral, true);
}

int referral_former(struct store_txn *txn, const struct referral_tables *tables,
		    struct tc_id referral, const tc_agency *agency, bool *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	former_key(&key, referral, agency);
	r = store_get(txn, tables->former, store_key_slice(&key), &value);
	*ret = r == 0;
	return r == STORE_NOT_FOUND ? 0 : referral_fault(r);
}
