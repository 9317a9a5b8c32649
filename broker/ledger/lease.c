#include "ledger/lease.h"

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/timer.h"

#define TAKEN_FORGOTTEN_MAX 256

/* ---- rows ---- */

static struct tc_slice id_key(const struct tc_id *id)
{
	return tc_slice(id->bytes, sizeof(id->bytes));
}

int lease_find(struct store_txn *txn, struct store_table table, struct tc_id id, struct lease *ret)
{
	struct row_reader row;
	struct tc_slice value;
	int r = store_get(txn, table, id_key(&id), &value);

	if (r != 0)
		return r == STORE_NOT_FOUND ? LEASE_UNKNOWN : ledger_store_fault(r);
	row = row_read(value);
	ret->id = id;
	row_take_text(&row, ret->place.service, sizeof(ret->place.service));
	row_take_text(&row, ret->place.unit, sizeof(ret->place.unit));
	row_take_text(&row, ret->place.population, sizeof(ret->place.population));
	ret->holder = row_take_u32(&row);
	ret->provider = row_take_u32(&row);
	ret->token = row_take_u64(&row);
	ret->expires_ms = (int64_t)row_take_u64(&row);
	ret->state = (enum lease_state)row_take_u8(&row);
	ret->referral = row_take_id(&row);
	ret->confirmed_ms = (int64_t)row_take_u64(&row);
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

static int lease_put(struct ledger *ledger, const struct lease *lease)
{
	struct row_writer row = {0};

	row_put_text(&row, lease->place.service);
	row_put_text(&row, lease->place.unit);
	row_put_text(&row, lease->place.population);
	row_put_u32(&row, lease->holder);
	row_put_u32(&row, lease->provider);
	row_put_u64(&row, lease->token);
	row_put_u64(&row, (uint64_t)lease->expires_ms);
	row_put_u8(&row, (uint8_t)lease->state);
	row_put_id(&row, lease->referral);
	row_put_u64(&row, (uint64_t)lease->confirmed_ms);
	return ledger_put(ledger, LEDGER_TABLE_LEASE, id_key(&lease->id), row_slice(&row));
}

static void holder_key(struct store_key *key, uint32_t principal, struct tc_id id)
{
	store_key_init(key);
	store_key_u32(key, principal);
	store_key_id(key, id);
}

/* The lists of holder and provider, which may be one. */
static int list_parties(struct ledger *ledger, const struct lease *lease, bool held)
{
	const uint32_t parties[2] = {lease->holder, lease->provider};
	int r = 0;

	for (unsigned i = 0; r == 0 && i < (lease->holder == lease->provider ? 1u : 2u); i++) {
		struct store_key key;

		holder_key(&key, parties[i], lease->id);
		r = held ? ledger_put(ledger, LEDGER_TABLE_LEASE_HOLDER, store_key_slice(&key),
				      tc_slice(NULL, 0))
			 : ledger_del(ledger, LEDGER_TABLE_LEASE_HOLDER, store_key_slice(&key));
	}
	return r;
}

int lease_next(struct store_txn *txn, struct store_table table, uint32_t principal,
	       struct tc_id after, struct tc_id *ret)
{
	struct store_key from;
	struct tc_slice key;
	uint8_t prefix[4];
	int r;

	tc_put_be32(prefix, principal);
	holder_key(&from, principal, after);
	r = store_after(txn, table, tc_slice(prefix, sizeof(prefix)), store_key_slice(&from), &key,
			NULL);
	if (r == 0) {
		key = tc_slice(key.data + sizeof(prefix), key.len - sizeof(prefix));
		r = store_key_take_id(&key, ret) ? 0 : TC_ECORRUPT;
	}
	return r == STORE_NOT_FOUND ? LEASE_UNKNOWN : ledger_store_fault(r);
}

const char *lease_state_name(enum lease_state state)
{
	static const char *const names[] = {"", "held", "released", "expired", "confirmed"};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "";
}

/* ---- what was taken for good, since the service has counted ---- */

/* Each has a number: so the first one since then tells how many there are. */
static void taken_key(struct store_key *key, const struct capacity_place *place, int64_t at_ms,
		      uint64_t which)
{
	store_key_init(key);
	capacity_place_key(key, place);
	store_key_i64(key, at_ms);
	store_key_u64(key, which);
}

/* Some of those before are no longer needed: more than are taken between two counts of a service.
 */
static int forget_counted(struct ledger *ledger, const struct store_key *place, int64_t as_of_ms)
{
	struct tc_slice key;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < TAKEN_FORGOTTEN_MAX; i++) {
		struct store_key counted;
		struct tc_slice rest;
		int64_t at_ms;

		r = store_first(ledger->txn, ledger->table[LEDGER_TABLE_LEASE_TAKEN],
				store_key_slice(place), &key, NULL);
		if (r != 0)
			break;
		rest = tc_slice(key.data + place->len, key.len - place->len);
		if (!store_key_take_i64(&rest, &at_ms))
			return TC_ECORRUPT;
		if (at_ms > as_of_ms)
			break;
		store_key_init(&counted);
		store_key_bytes(&counted, key);
		r = ledger_del(ledger, LEDGER_TABLE_LEASE_TAKEN, store_key_slice(&counted));
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

int lease_recount(struct ledger *ledger, struct capacity *capacity)
{
	struct store_key place, since;
	struct tc_slice key;
	int r;

	store_key_init(&place);
	capacity_place_key(&place, &capacity->place);
	taken_key(&since, &capacity->place, capacity->as_of_ms + 1, 0);
	r = store_from(ledger->txn, ledger->table[LEDGER_TABLE_LEASE_TAKEN],
		       store_key_slice(&place), store_key_slice(&since), &key, NULL);
	capacity->confirmed_since = 0;
	if (r == 0)
		capacity->confirmed_since =
			(uint32_t)(capacity->taken - tc_get_be64(key.data + key.len - 8) + 1);
	if (r != 0 && r != STORE_NOT_FOUND)
		return r;
	return forget_counted(ledger, &place, capacity->as_of_ms);
}

/* ---- what is said ---- */

static int tell_party(struct ledger *ledger, const struct lease *lease, uint32_t to)
{
	Throughcare__V1__CapacityNotice content = THROUGHCARE__V1__CAPACITY_NOTICE__INIT;
	const struct own_subject about = {.type = "CapacityNotice"};
	Google__Protobuf__Timestamp expires = own_message_time(lease->expires_ms);
	char id[TC_ID_TEXT_BYTES];

	tc_id_format(lease->id, id);
	content.lease_id = id;
	content.has_state = content.has_token = 1;
	content.state = (Throughcare__V1__LeaseState)lease->state;
	fact_text(&content.service_id, lease->place.service);
	fact_text(&content.unit, lease->place.unit);
	content.expires = &expires;
	content.token = lease->token;
	return own_message_send(ledger, to, &about, &content.base, NULL);
}

/* A fact, and a notice to each party but the one who did it. */
static int tell(struct ledger *ledger, const struct lease *lease, uint32_t by)
{
	struct principal *holder;
	struct fact_draft draft;
	char id[TC_ID_TEXT_BYTES];
	int r = principal_get(ledger, lease->holder, &holder);

	if (r < 0)
		return r;
	tc_id_format(lease->id, id);
	fact_init(&draft, "lease");
	fact_text(&draft.row.agency, holder->name.name);
	fact_text(&draft.row.code, lease_state_name(lease->state));
	fact_text(&draft.row.reference, id);
	r = fact_push(ledger, &draft);
	if (r == 0 && lease->holder != by)
		r = tell_party(ledger, lease, lease->holder);
	if (r == 0 && lease->provider != by && lease->provider != lease->holder)
		r = tell_party(ledger, lease, lease->provider);
	return r;
}

/* ---- its life ---- */

int lease_hold(struct ledger *ledger, const struct lease *lease, struct capacity *capacity)
{
	struct lease held = *lease;
	int r;

	held.state = LEASE_HELD;
	capacity->live++;
	r = capacity_put(ledger, capacity);
	if (r == 0)
		r = lease_put(ledger, &held);
	if (r == 0)
		r = list_parties(ledger, &held, true);
	if (r == 0)
		r = timer_set(ledger, held.expires_ms, TIMER_LEASE, held.id);
	return r < 0 ? r : tell(ledger, &held, held.holder);
}

static int take_for_good(struct ledger *ledger, struct lease *lease, struct capacity *capacity)
{
	struct store_key key;

	lease->confirmed_ms = ledger->now_ms;
	if (capacity->as_of_ms >= lease->confirmed_ms)
		return 0; /* counted in the same moment */
	capacity->confirmed_since++;
	taken_key(&key, &lease->place, lease->confirmed_ms, ++capacity->taken);
	return ledger_put(ledger, LEDGER_TABLE_LEASE_TAKEN, store_key_slice(&key),
			  tc_slice(NULL, 0));
}

int lease_end(struct ledger *ledger, struct lease *lease, enum lease_state state, uint32_t by)
{
	struct capacity capacity;
	int r = capacity_find(ledger->txn, ledger->table[LEDGER_TABLE_CAPACITY], &lease->place,
			      &capacity);

	if (r != 0 || capacity.live == 0)
		return r < 0 ? r : TC_ECORRUPT;
	capacity.live--;
	lease->state = state;
	if (state == LEASE_CONFIRMED)
		r = take_for_good(ledger, lease, &capacity);
	if (r == 0)
		r = capacity_put(ledger, &capacity);
	if (r == 0)
		r = lease_put(ledger, lease);
	if (r == 0)
		r = list_parties(ledger, lease, false);
	if (r == 0)
		r = timer_drop(ledger, lease->expires_ms, TIMER_LEASE, lease->id);
	return r < 0 ? r : tell(ledger, lease, by);
}

int lease_offer(struct ledger *ledger, struct lease *lease, struct tc_id referral)
{
	lease->referral = referral;
	return lease_put(ledger, lease);
}

int lease_clock(struct ledger *ledger, struct tc_id id)
{
	struct lease lease;
	int r = lease_find(ledger->txn, ledger->table[LEDGER_TABLE_LEASE], id, &lease);

	if (r != 0 || lease.state != LEASE_HELD)
		return r < 0 ? r : TC_ECORRUPT; /* whatever ends it drops its timer */
	return lease_end(ledger, &lease, LEASE_EXPIRED, 0);
}
