#include "ledger/hearing.h"

#include <string.h>

#include "ledger/attached.h"
#include "ledger/record_ranges.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/task.h"
#include "store/store_cursor.h"

#define DAY_MS (24LL * 3600 * 1000)

/* As one agency knows it. */
struct hearing {
	int64_t at_ms;
	uint64_t sequence;
	struct tc_id report; /* the notice for which a report is due */
};

/* ---- rows ---- */

static void hearing_key(struct store_key *key, const struct hearing_news *news)
{
	store_key_init(key);
	store_key_id(key, news->subject);
	store_key_u32(key, news->court);
	store_key_text(key, tc_slice_text(news->id));
}

static void day_key(struct store_key *key, uint32_t agency, const struct hearing_news *news,
		    int64_t at_ms)
{
	store_key_init(key);
	store_key_u32(key, agency);
	store_key_id(key, news->subject);
	store_key_i64(key, at_ms);
	store_key_u32(key, news->court);
	store_key_text(key, tc_slice_text(news->id));
}

static bool hearing_read(struct tc_slice value, struct hearing *ret)
{
	struct row_reader row = row_read(value);

	ret->at_ms = (int64_t)row_take_u64(&row);
	ret->sequence = row_take_u64(&row);
	ret->report = row_take_id(&row);
	return row_read_whole(&row);
}

/* 0, STORE_NOT_FOUND or a fault. */
static int hearing_find(struct ledger *ledger, uint32_t agency, const struct hearing_news *news,
			struct hearing *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	*ret = (struct hearing){.at_ms = 0};
	hearing_key(&key, news);
	store_key_u32(&key, agency);
	r = ledger_get(ledger, LEDGER_TABLE_HEARING, store_key_slice(&key), &value);
	if (r != 0)
		return r;
	return hearing_read(value, ret) ? 0 : TC_ECORRUPT;
}

static int hearing_put(struct ledger *ledger, uint32_t agency, const struct hearing_news *news,
		       const struct hearing *hearing)
{
	struct row_writer row = {.len = 0};
	struct store_key key;

	row_put_u64(&row, (uint64_t)hearing->at_ms);
	row_put_u64(&row, hearing->sequence);
	row_put_id(&row, hearing->report);
	hearing_key(&key, news);
	store_key_u32(&key, agency);
	return ledger_put(ledger, LEDGER_TABLE_HEARING, store_key_slice(&key), row_slice(&row));
}

/* ---- learning ---- */

int hearing_told(struct ledger *ledger, uint32_t agency, const struct hearing_news *news,
		 bool *ret_fresh)
{
	struct hearing at;
	struct store_key key;
	int r = hearing_find(ledger, agency, news, &at);

	*ret_fresh = r == STORE_NOT_FOUND || (r == 0 && news->sequence > at.sequence);
	if (!*ret_fresh)
		return r;
	r = 0;
	if (at.at_ms != 0) {
		day_key(&key, agency, news, at.at_ms);
		r = ledger_del(ledger, LEDGER_TABLE_HEARING_DAY, store_key_slice(&key));
	}
	if (r == 0 && !tc_id_is_none(at.report))
		r = task_withdraw_message(ledger, agency, at.report, TASK_REPORT);
	at = (struct hearing){news->at_ms, news->sequence, news->message};
	day_key(&key, agency, news, at.at_ms);
	if (r == 0 && at.at_ms != 0)
		r = ledger_put(ledger, LEDGER_TABLE_HEARING_DAY, store_key_slice(&key),
			       tc_slice(NULL, 0));
	return r < 0 ? r : hearing_put(ledger, agency, news, &at);
}

int hearing_known(struct ledger *ledger, uint32_t agency, const struct hearing_news *news,
		  bool *ret)
{
	struct hearing at;
	int r = hearing_find(ledger, agency, news, &at);

	*ret = r == 0 && at.at_ms != 0;
	return r == STORE_NOT_FOUND ? 0 : r;
}

int hearing_bound_next(struct ledger *ledger, const struct hearing_news *news, uint32_t *agency)
{
	struct store_key prefix;

	hearing_key(&prefix, news);
	return attached_next(ledger, ledger->table[LEDGER_TABLE_HEARING], &prefix, agency);
}

int hearing_reported(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct hearing_news about = {.subject = submission->header.subject,
				     .id = claim != NULL ? claim->hearing_id : NULL};
	char by[TC_ACTOR_BYTES_MAX + 1];
	int r = 0;

	if (about.id == NULL || about.id[0] == '\0')
		return 0;
	tc_slice_copy(submission->header.actor_id, by, sizeof(by));
	for (size_t i = 0; r == 0 && i < submission->count; i++) {
		struct hearing at;

		if (submission->decisions[i].kind == DECISION_DENY)
			continue;
		about.court = submission->deliveries[i].recipient;
		r = hearing_find(ledger, submission->sender->number, &about, &at);
		if (r == 0 && !tc_id_is_none(at.report))
			r = task_close_message(ledger, submission->sender->number, at.report,
					       TASK_REPORT, "reported", by);
		if (r == STORE_NOT_FOUND)
			r = 0;
	}
	return r;
}

/* ---- forgetting ---- */

static int expunge_row(struct ledger *ledger, struct tc_slice key, const struct hearing *hearing)
{
	struct hearing_news news = {.court = 0};
	char id[STORE_KEY_BYTES_MAX];
	struct tc_slice text, left = key;
	struct store_key day;
	uint32_t agency;
	int r;

	if (!store_key_take_id(&left, &news.subject) || !store_key_take_u32(&left, &news.court) ||
	    !store_key_take_text(&left, &text) || !store_key_take_u32(&left, &agency))
		return TC_ECORRUPT;
	tc_slice_copy(text, id, sizeof(id));
	news.id = id;
	day_key(&day, agency, &news, hearing->at_ms);
	r = ledger_del(ledger, LEDGER_TABLE_HEARING, key);
	return r < 0 || hearing->at_ms == 0
		       ? r
		       : ledger_del(ledger, LEDGER_TABLE_HEARING_DAY, store_key_slice(&day));
}

int hearing_expunge(struct ledger *ledger, const struct record_ranges *gone)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_HEARING],
				  tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct hearing hearing;

		if (!hearing_read(value, &hearing))
			r = TC_ECORRUPT;
		else if (record_ranges_have(gone, hearing.sequence))
			r = expunge_row(ledger, key, &hearing);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- reading ---- */

/* `left` is what follows agency, subject and time in the key of a day. */
static int hearing_passes(struct store_txn *txn, uint32_t agency, struct tc_id subject,
			  struct tc_slice left, const struct hearing_gate *gate, bool *ret)
{
	struct tc_slice text, value;
	struct hearing hearing;
	struct store_key key;
	uint32_t court;
	bool hidden;
	int r;

	*ret = true;
	if (gate == NULL)
		return 0;
	if (!store_key_take_u32(&left, &court) || !store_key_take_text(&left, &text))
		return TC_ECORRUPT;
	store_key_init(&key);
	store_key_id(&key, subject);
	store_key_u32(&key, court);
	store_key_text(&key, text);
	store_key_u32(&key, agency);
	r = store_get(txn, gate->hearings, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : ledger_store_fault(r);
	if (!hearing_read(value, &hearing))
		return TC_ECORRUPT;
	r = gate->hides(gate->context, hearing.sequence, &hidden);
	*ret = r == 0 && !hidden;
	return r;
}

int hearing_next(struct store_txn *txn, struct store_table days, uint32_t agency,
		 struct tc_id subject, int64_t now_ms, const struct hearing_gate *gate,
		 int64_t *ret_ms)
{
	struct store_cursor cursor;
	struct store_key prefix, from;
	struct tc_slice key;
	int64_t at_ms;
	bool passes;
	int r;

	*ret_ms = 0;
	store_key_init(&prefix);
	store_key_u32(&prefix, agency);
	store_key_id(&prefix, subject);
	from = prefix;
	store_key_i64(&from, now_ms - DAY_MS + 1);
	r = store_cursor_init(&cursor, txn, days, store_key_slice(&prefix), STORE_FORWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	while (r == 0 && *ret_ms < now_ms && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		key = tc_slice(key.data + prefix.len, key.len - prefix.len);
		if (!store_key_take_i64(&key, &at_ms)) {
			r = TC_ECORRUPT;
			break;
		}
		r = hearing_passes(txn, agency, subject, key, gate, &passes);
		if (r == 0 && passes)
			*ret_ms = at_ms;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r < 0 ? ledger_store_fault(r) : r;
}
