#include "ledger/standing_window.h"

#include "ledger/row.h"
#include "ledger/state.h"
#include "store/store_key.h"

#define FORGOTTEN_AT_ONCE 4
#define STEPS             9 /* the one at hand, and a window of eight */

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

/* ---- rows ---- */

struct window {
	int64_t step_ms;
	int64_t newest; /* number of the step since 1970 */
	int64_t told_until_ms;
	uint64_t counts[STEPS]; /* of a step at its number modulo STEPS */
};

static int64_t ends_ms(const struct window *window)
{
	return (window->newest + STEPS) * window->step_ms;
}

static int put(struct ledger *ledger, const struct store_key *key, const struct window *window)
{
	struct row_writer row = {0};
	struct store_key over;
	int r;

	row_put_u64(&row, (uint64_t)window->step_ms);
	row_put_u64(&row, (uint64_t)window->newest);
	row_put_u64(&row, (uint64_t)window->told_until_ms);
	for (unsigned i = 0; i < STEPS; i++)
		row_put_u64(&row, window->counts[i]);
	over_key(&over, ends_ms(window), key);
	r = ledger_put(ledger, LEDGER_TABLE_STANDING_WINDOW, store_key_slice(key), row_slice(&row));
	return r < 0 ? r
		     : ledger_put(ledger, LEDGER_TABLE_STANDING_OVER, store_key_slice(&over),
				  tc_slice(NULL, 0));
}

/* All zero when there is none. */
static int find(struct ledger *ledger, const struct store_key *key, struct window *ret)
{
	struct row_reader row;
	struct tc_slice value;
	int r = ledger_get(ledger, LEDGER_TABLE_STANDING_WINDOW, store_key_slice(key), &value);

	*ret = (struct window){0};
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	row = row_read(value);
	ret->step_ms = (int64_t)row_take_u64(&row);
	ret->newest = (int64_t)row_take_u64(&row);
	ret->told_until_ms = (int64_t)row_take_u64(&row);
	for (unsigned i = 0; i < STEPS; i++)
		ret->counts[i] = row_take_u64(&row);
	return row_read_whole(&row) && ret->step_ms > 0 ? 0 : TC_ECORRUPT;
}

/* ---- counting ---- */

/* Goes along to the step at hand. */
static int advance(struct ledger *ledger, const struct store_key *key, int64_t step_ms,
		   struct window *window)
{
	int64_t step = ledger->now_ms / step_ms;
	int r = 0;

	if (window->step_ms == step_ms && window->newest == step)
		return 0;
	if (window->step_ms != 0)
		r = forget(ledger, ends_ms(window), key);
	/* Another length: the question is asked anew. */
	if (window->step_ms != step_ms)
		*window = (struct window){.step_ms = step_ms, .newest = step};
	for (unsigned i = 0; i < STEPS && window->newest < step; i++)
		window->counts[++window->newest % STEPS] = 0;
	window->newest = step;
	return r;
}

int standing_window_add(struct ledger *ledger, const tc_agency *auditor, const char *name,
			const char *from, uint64_t more, const struct standing_burst *burst,
			bool *ret)
{
	struct window window = {.step_ms = 0};
	struct store_key key;
	uint64_t count = 0;
	int r = forget_some(ledger);

	store_key_init(&key);
	store_key_agency(&key, auditor);
	store_key_text(&key, tc_slice_text(name));
	store_key_text(&key, tc_slice_text(from));
	if (r == 0)
		r = find(ledger, &key, &window);
	if (r == 0)
		r = advance(ledger, &key, burst->window_ms / (STEPS - 1), &window);
	if (r < 0)
		return r;
	window.counts[window.newest % STEPS] += more;
	for (unsigned i = 0; i < STEPS; i++)
		count += window.counts[i];
	*ret = count >= burst->threshold && ledger->now_ms >= window.told_until_ms;
	if (*ret)
		window.told_until_ms = ledger->now_ms + burst->window_ms;
	return put(ledger, &key, &window);
}
