#include "ledger/ledger_view.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/policy_view.h"
#include "ledger/row.h"
#include "ledger/state.h"

struct ledger_view {
	struct store_txn *txn;
	struct store_table table[LEDGER_TABLE_COUNT];
	struct registry_tables registry;
	struct consent_tables consent;
	struct referral_tables referral;
	struct policy_view policies;
};

int ledger_view_open(struct ledger_view **ret, const struct ledger *ledger)
{
	struct ledger_view *view = calloc(1, sizeof(*view));
	int r;

	if (view == NULL)
		return TC_ENOMEM;
	memcpy(view->table, ledger->table, sizeof(view->table));
	view->registry = ledger->registry;
	view->consent = ledger->consent;
	view->referral = ledger->referral;
	r = policy_view_open(&view->policies);
	if (r == 0)
		r = store_read_begin(ledger->store, &view->txn);
	if (r < 0) {
		policy_view_done(&view->policies);
		free(view);
		return r;
	}
	*ret = view;
	return 0;
}

int ledger_view_renew(struct ledger_view *view, uint64_t *ret_next)
{
	struct row_reader row;
	struct tc_slice value;
	int r = store_read_renew(view->txn);

	if (r < 0)
		return r;
	*ret_next = 0;
	r = store_get(view->txn, view->table[LEDGER_TABLE_STATE], tc_slice_text("state"), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	row = row_read(value);
	(void)row_take_u8(&row); /* the format: the writer has checked it */
	*ret_next = row_take_u64(&row);
	if (row.short_of)
		return TC_ECORRUPT;
	return policy_view_renew(&view->policies, view->txn, view->table[LEDGER_TABLE_POLICY]);
}

void ledger_view_reset(struct ledger_view *view)
{
	store_read_reset(view->txn);
}

void ledger_view_close(struct ledger_view **view)
{
	if (*view == NULL)
		return;
	store_abort(&(*view)->txn);
	policy_view_done(&(*view)->policies);
	free(*view);
	*view = NULL;
}

struct store_txn *ledger_view_txn(const struct ledger_view *view)
{
	return view->txn;
}

struct store_table ledger_view_table(const struct ledger_view *view, enum ledger_table table)
{
	return view->table[table];
}

const struct registry_tables *ledger_view_registry(const struct ledger_view *view)
{
	return &view->registry;
}

const struct consent_tables *ledger_view_consent(const struct ledger_view *view)
{
	return &view->consent;
}

const struct referral_tables *ledger_view_referral(const struct ledger_view *view)
{
	return &view->referral;
}

static struct person_tables persons_of(const struct ledger_view *view)
{
	return (struct person_tables){.rows = view->table[LEDGER_TABLE_PERSON],
				      .members = view->table[LEDGER_TABLE_PERSON_MEMBER]};
}

struct order_tables ledger_view_orders(const struct ledger_view *view)
{
	return (struct order_tables){
		.orders = view->table[LEDGER_TABLE_ORDER],
		.targets = view->table[LEDGER_TABLE_ORDER_TARGET],
		.submissions = view->table[LEDGER_TABLE_SUBMISSION],
		.persons = persons_of(view),
		.decisions = {.messages = view->table[LEDGER_TABLE_PERSON_MESSAGE],
			      .decisions = view->table[LEDGER_TABLE_PERSON_DECISION]},
		.referral = &view->referral,
	};
}

const struct policy *ledger_view_policy(const struct ledger_view *view)
{
	return policy_view_in_force(&view->policies);
}

int ledger_view_policy_at(struct ledger_view *view, uint64_t sequence, const struct policy **ret)
{
	return policy_view_at(&view->policies, view->txn, view->table[LEDGER_TABLE_POLICY],
			      sequence, ret);
}

int ledger_view_policy_version(struct ledger_view *view, uint32_t version,
			       const struct policy **ret)
{
	int r = policy_view_version(&view->policies, view->txn, view->table[LEDGER_TABLE_POLICY],
				    version, ret);

	return r == POLICY_STATE_UNKNOWN ? LEDGER_VIEW_UNKNOWN : r;
}

int ledger_view_policy_row(struct ledger_view *view, uint32_t version, struct policy_row *ret)
{
	int r = policy_row_find(view->txn, view->table[LEDGER_TABLE_POLICY], version, ret);

	return r == POLICY_STATE_UNKNOWN ? LEDGER_VIEW_UNKNOWN : r;
}

int ledger_view_principal(struct ledger_view *view, uint32_t number, tc_agency *ret)
{
	Throughcare__V1__PeerKind kind;
	struct tc_slice value;
	uint8_t key[4];
	int r;

	tc_put_be32(key, number);
	r = store_get(view->txn, view->table[LEDGER_TABLE_PRINCIPAL], tc_slice(key, sizeof(key)),
		      &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? LEDGER_VIEW_UNKNOWN : r;
	return principal_row_read(value, &kind, ret) ? 0 : TC_ECORRUPT;
}

/* A walk: principals are few, and questions are rarer than messages. */
static int view_number(struct ledger_view *view, Throughcare__V1__PeerKind kind,
		       const tc_agency *name, uint32_t *ret)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, view->txn, view->table[LEDGER_TABLE_PRINCIPAL],
				  tc_slice(NULL, 0), STORE_FORWARD);

	*ret = 0;
	while (r == 0 && *ret == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		Throughcare__V1__PeerKind row_kind;
		tc_agency row_name;

		if (key.len != 4 || !principal_row_read(value, &row_kind, &row_name))
			r = TC_ECORRUPT;
		else if (row_kind == kind && tc_agency_equal(&row_name, name))
			*ret = tc_get_be32(key.data);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? LEDGER_VIEW_UNKNOWN : r;
}

int ledger_view_number(struct ledger_view *view, const tc_agency *agency, uint32_t *ret)
{
	return view_number(view, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, agency, ret);
}

/* The oldest of what is ready: the first of each priority. */
static int view_oldest(struct ledger_view *view, uint32_t number, int64_t *ret)
{
	for (uint8_t priority = 0; priority < MAILBOX_PRIORITIES; priority++) {
		struct delivery delivery;
		struct store_key key;
		struct tc_slice value, row;
		uint8_t id[8];
		int r;

		store_key_init(&key);
		store_key_u32(&key, number);
		store_key_u8(&key, priority);
		r = store_first(view->txn, view->table[LEDGER_TABLE_READY], store_key_slice(&key),
				NULL, &value);
		if (r == STORE_NOT_FOUND)
			continue;
		if (r < 0 || value.len != sizeof(id))
			return r < 0 ? r : TC_ECORRUPT;
		memcpy(id, value.data, sizeof(id));
		r = store_get(view->txn, view->table[LEDGER_TABLE_DELIVERY],
			      tc_slice(id, sizeof(id)), &row);
		if (r != 0 || !delivery_read(tc_slice(id, sizeof(id)), row, &delivery))
			return r < 0 ? r : TC_ECORRUPT;
		if (*ret == 0 || delivery.accepted_ms < *ret)
			*ret = delivery.accepted_ms;
	}
	return 0;
}

int ledger_view_mailbox(struct ledger_view *view, const tc_agency *agency,
			struct mailbox_counts *ret)
{
	struct tc_slice value;
	uint32_t number;
	uint8_t key[4];
	int r;

	r = ledger_view_number(view, agency, &number);
	if (r != 0)
		return r;
	tc_put_be32(key, number);
	r = store_get(view->txn, view->table[LEDGER_TABLE_MAILBOX], tc_slice(key, sizeof(key)),
		      &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? LEDGER_VIEW_UNKNOWN : r;
	if (!mailbox_counts_read(value, ret))
		return TC_ECORRUPT;
	return view_oldest(view, number, &ret->oldest_ms);
}

int ledger_view_submission(struct ledger_view *view, Throughcare__V1__PeerKind kind,
			   const tc_agency *sender, struct tc_id message, uint64_t *ret_sequence)
{
	struct store_key key;
	struct tc_slice value;
	struct receipt receipt;
	uint32_t number;
	int r = view_number(view, kind, sender, &number);

	if (r != 0)
		return r;
	idempotency_key(&key, number, message);
	r = store_get(view->txn, view->table[LEDGER_TABLE_SUBMISSION], store_key_slice(&key),
		      &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? LEDGER_VIEW_UNKNOWN : r;
	if (!receipt_read(value, &receipt))
		return TC_ECORRUPT;
	*ret_sequence = receipt.sequence;
	return 0;
}

int ledger_view_reviews(struct ledger_view *view, const tc_agency *agency, bool open_only,
			uint64_t after, struct review *ret, size_t max, size_t *ret_count,
			bool *ret_more)
{
	struct review_filter filter = {.open_only = open_only, .after = after};

	*ret_count = 0;
	*ret_more = false;
	if (agency != NULL) {
		int r = ledger_view_number(view, agency, &filter.sender);

		if (r != 0)
			return r == LEDGER_VIEW_UNKNOWN ? 0 : r;
	}
	return review_list(view->txn, view->table[LEDGER_TABLE_REVIEW], &filter, ret, max,
			   ret_count, ret_more);
}

int ledger_view_others(struct ledger_view *view, struct tc_id id, int64_t as_of_ms,
		       struct tc_id ret[PERSON_IDS_MAX], size_t *ret_count)
{
	const struct person_tables tables = persons_of(view);

	return person_others(view->txn, &tables, id, as_of_ms, ret, ret_count);
}
