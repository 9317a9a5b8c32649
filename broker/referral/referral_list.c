#include <string.h>

#include "referral/referral_row.h"
#include "store/store_cursor.h"

bool referral_party(const struct referral *referral, const tc_agency *agency)
{
	return tc_agency_equal(&referral->source, agency) ||
	       tc_agency_equal(&referral->target, agency);
}

const char *referral_next_move(const struct referral *referral)
{
	switch (referral->next_move) {
	case REFERRAL_BY_SOURCE:
		return referral->source.name;
	case REFERRAL_BY_TARGET:
		return referral->target.name;
	case REFERRAL_BY_EXCHANGE:
		return TC_AGENCY_EXCHANGE;
	default:
		return "";
	}
}

static bool filter_fits(const struct referral_filter *filter, const struct referral *referral)
{
	if (filter->agency && !referral_party(referral, filter->agency))
		return false;
	if (!tc_id_is_none(filter->subject) && !tc_id_equal(filter->subject, referral->subject))
		return false;
	if (filter->state != REFERRAL_NONE && filter->state != referral->state)
		return false;
	return !filter->open_only || !lifecycle_state(referral->state)->terminal;
}

/* The list that the filter walks: a person has few referrals, an agency may have many. */
static struct store_table filter_table(const struct referral_tables *tables,
				       const struct referral_filter *filter, struct store_key *key)
{
	store_key_init(key);
	if (!tc_id_is_none(filter->subject)) {
		store_key_id(key, filter->subject);
		return tables->subjects;
	}
	if (!filter->agency)
		return tables->referrals;
	store_key_agency(key, filter->agency);
	return filter->open_only ? tables->open : tables->agencies;
}

int referral_list(struct store_txn *txn, const struct referral_tables *tables,
		  const struct referral_filter *filter, struct referral *ret, size_t max,
		  size_t *ret_count, bool *ret_more)
{
	struct store_cursor cursor;
	struct store_table table;
	struct store_key key;
	size_t count = 0;
	bool more = false;
	int r;

	table = filter_table(tables, filter, &key);
	r = store_cursor_init(&cursor, txn, table, store_key_slice(&key), STORE_FORWARD);
	if (r == 0 && !tc_id_is_none(filter->after)) {
		store_key_id(&key, filter->after);
		r = store_cursor_seek(&cursor, store_key_slice(&key));
	}
	while (r == 0 && !more) {
		struct referral referral;
		struct tc_slice row;
		struct tc_id id;

		r = store_cursor_next(&cursor, &row, NULL);
		if (r != 0)
			break;
		if (row.len < sizeof(id.bytes)) {
			r = TC_ECORRUPT;
			break;
		}
		memcpy(id.bytes, row.data + row.len - sizeof(id.bytes), sizeof(id.bytes));
		if (tc_id_equal(id, filter->after))
			continue;
		r = referral_find(txn, tables, id, &referral);
		if (r != 0 || !filter_fits(filter, &referral))
			continue;
		if (count == max)
			more = true;
		else
			ret[count++] = referral;
	}
	store_cursor_done(&cursor);
	if (r != 0 && r != STORE_NOT_FOUND)
		return referral_fault(r);
	*ret_count = count;
	*ret_more = more;
	return 0;
}
