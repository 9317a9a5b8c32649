#include "ledger/timer.h"

#include <string.h>

#include "ledger/state.h"

struct tc_id timer_delivery(uint64_t delivery)
{
	struct tc_id id = {{0}};

	tc_put_be64(id.bytes + 8, delivery);
	return id;
}

uint64_t timer_delivery_of(struct tc_id id)
{
	return tc_get_be64(id.bytes + 8);
}

static void timer_key(struct store_key *key, int64_t due_ms, enum timer_kind kind, struct tc_id id)
{
	store_key_init(key);
	store_key_i64(key, due_ms);
	store_key_u8(key, (uint8_t)kind);
	store_key_id(key, id);
}

int timer_set(struct ledger *ledger, int64_t due_ms, enum timer_kind kind, struct tc_id id)
{
	struct store_key key;

	timer_key(&key, due_ms, kind, id);
	if (due_ms < ledger->timer_due_ms)
		ledger->timer_due_ms = due_ms;
	return ledger_put(ledger, LEDGER_TABLE_TIMER, store_key_slice(&key), tc_slice(NULL, 0));
}

int timer_drop(struct ledger *ledger, int64_t due_ms, enum timer_kind kind, struct tc_id id)
{
	struct store_key key;
	int r;

	timer_key(&key, due_ms, kind, id);
	r = store_del(ledger->txn, ledger->table[LEDGER_TABLE_TIMER], store_key_slice(&key));
	return r == STORE_NOT_FOUND ? 0 : ledger_store_fault(r);
}

/* The first row: 0, TIMER_NONE_DUE when there is none, or a fault. */
static int timer_first(struct ledger *ledger, struct store_key *ret_key, int64_t *ret_due,
		       enum timer_kind *ret_kind, struct tc_id *ret_id)
{
	struct tc_slice key;
	uint8_t kind;
	int r = store_first(ledger->txn, ledger->table[LEDGER_TABLE_TIMER], tc_slice(NULL, 0), &key,
			    NULL);

	if (r != 0)
		return r == STORE_NOT_FOUND ? TIMER_NONE_DUE : r;
	store_key_init(ret_key);
	store_key_bytes(ret_key, key);
	if (!store_key_take_i64(&key, ret_due) || !store_key_take_u8(&key, &kind) ||
	    !store_key_take_id(&key, ret_id))
		return TC_ECORRUPT;
	*ret_kind = (enum timer_kind)kind;
	return 0;
}

int timer_take_due(struct ledger *ledger, enum timer_kind *ret_kind, struct tc_id *ret_id)
{
	struct store_key key;
	int64_t due_ms;
	int r;

	if (ledger->timer_due_ms > ledger->now_ms)
		return TIMER_NONE_DUE;
	r = timer_first(ledger, &key, &due_ms, ret_kind, ret_id);
	if (r != 0) {
		if (r == TIMER_NONE_DUE)
			ledger->timer_due_ms = INT64_MAX;
		return r;
	}
	ledger->timer_due_ms = due_ms;
	if (due_ms > ledger->now_ms)
		return TIMER_NONE_DUE;
	return ledger_del(ledger, LEDGER_TABLE_TIMER, store_key_slice(&key));
}

int timer_load(struct ledger *ledger)
{
	struct store_key key;
	enum timer_kind kind;
	struct tc_id id;
	int r = timer_first(ledger, &key, &ledger->timer_due_ms, &kind, &id);

	if (r == TIMER_NONE_DUE)
		ledger->timer_due_ms = INT64_MAX;
	return r < 0 ? r : 0;
}
