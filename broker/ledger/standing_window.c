#include "ledger/standing_window.h"

#include "ledger/row.h"
#include "ledger/state.h"
#include "store/store_key.h"

#define FORGOTTEN_AT_ONCE 4

static void over_key(struct store_key *key, int64_t ends_ms, const struct store_key *window)
{
	store_key_init(key);
	store_key_i64(key, ends_ms);
	store_key_bytes(key, store_key_slice(window));
}

static int forget(struct ledger *ledger, int64_t ends_ms, const struct store_key *window)
{
	struct store_key over;
	int r;

	over_key(&over, ends_ms, window);
	r = ledger_del(ledger, LEDGER_TABLE_STANDING_OVER, store_key_slice(&over));
	return r < 0 ? r
		     : ledger_del(ledger, LEDGER_TABLE_STANDING_WINDOW, store_key_slice(window));
}

static int forget_some(struct ledger *ledger)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < FORGOTTEN_AT_ONCE; i++) {
		struct store_key window;
		struct tc_slice key;
		int64_t ends_ms;

		r = store_first(ledger->txn, ledger->table[LEDGER_TABLE_STANDING_OVER],
				tc_slice(NULL, 0), &key, NULL);
		if (r != 0)
			break;
		if (!store_key_take_i64(&key, &ends_ms))
			return TC_ECORRUPT;
		if (ends_ms >= ledger->now_ms)
			break;
		store_key_init(&window);
		store_key_bytes(&window, key);
		r = forget(ledger, ends_ms, &window);
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int put(struct ledger *ledger, const struct store_key *window, uint64_t count,
	       int64_t ends_ms)
{
	struct row_writer row = {0};
	struct store_key over;
	int r;

	row_put_u64(&row, count);
	row_put_u64(&row, (uint64_t)ends_ms);
	over_key(&over, ends_ms, window);
	r = ledger_put(ledger, LEDGER_TABLE_STANDING_WINDOW, store_key_slice(window),
		       row_slice(&row));
	return r < 0 ? r
		     : ledger_put(ledger, LEDGER_TABLE_STANDING_OVER, store_key_slice(&over),
				  tc_slice(NULL, 0));
}

int standing_window_add(struct ledger *ledger, const tc_agency *auditor, const char *name,
			const char *from, uint64_t more, int64_t window_ms, uint64_t *ret_before)
{
	int64_t ends_ms = ledger->now_ms + window_ms;
	struct store_key window;
	struct tc_slice value;
	int r = forget_some(ledger);

	if (r < 0)
		return r;
	*ret_before = 0;
	store_key_init(&window);
	store_key_agency(&window, auditor);
	store_key_text(&window, tc_slice_text(name));
	store_key_text(&window, tc_slice_text(from));
	r = ledger_get(ledger, LEDGER_TABLE_STANDING_WINDOW, store_key_slice(&window), &value);
	if (r == 0) {
		struct row_reader was = row_read(value);
		uint64_t before = row_take_u64(&was);
		int64_t end_ms = (int64_t)row_take_u64(&was);

		if (!row_read_whole(&was))
			return TC_ECORRUPT;
		if (end_ms >= ledger->now_ms) {
			*ret_before = before;
			ends_ms = end_ms;
		} else {
			r = forget(ledger, end_ms, &window);
		}
	}
	return r < 0 ? r : put(ledger, &window, *ret_before + more, ends_ms);
}
