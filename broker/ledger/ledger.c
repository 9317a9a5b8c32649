#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/job.h"
#include "ledger/order.h"
#include "ledger/policy_state.h"
#include "ledger/row.h"
#include "ledger/session.h"
#include "ledger/state.h"
#include "ledger/timer.h"
#include "ledger/waiter.h"
#include "store/store_search.h"
#include "wire/digest.h"

#define LEDGER_REPLAY_COMMIT 65536 /* records between commits of a replay */
#define LEDGER_STATE_FORMAT  3     /* of every row: one with another is to be rebuilt */

static const char *const ledger_table_names[LEDGER_TABLE_COUNT] = {
#define TABLE(name, text) [LEDGER_TABLE_##name] = text,
	LEDGER_TABLES(TABLE)
#undef TABLE
};

int ledger_store_fault(int r)
{
	return r == STORE_FULL ? TC_EFULL : r > 0 ? TC_ECORRUPT : r;
}

int ledger_put(struct ledger *ledger, enum ledger_table table, struct tc_slice key,
	       struct tc_slice value)
{
	return ledger_store_fault(store_put(ledger->txn, ledger->table[table], key, value));
}

int ledger_del(struct ledger *ledger, enum ledger_table table, struct tc_slice key)
{
	return ledger_store_fault(store_del(ledger->txn, ledger->table[table], key));
}

int ledger_get(struct ledger *ledger, enum ledger_table table, struct tc_slice key,
	       struct tc_slice *ret)
{
	return store_get(ledger->txn, ledger->table[table], key, ret);
}

/* ---- the row of STATE ---- */

static struct tc_slice state_key(void)
{
	return tc_slice_text("state");
}

static int state_flush(struct ledger *ledger)
{
	struct row_writer row;

	row.len = 0;
	row_put_u8(&row, LEDGER_STATE_FORMAT);
	row_put_u64(&row, ledger->next);
	row_put_u32(&row, ledger->boot);
	row_put_u64(&row, ledger->next_delivery);
	row_put_u64(&row, ledger->next_position);
	row_put_u64(&row, ledger->job_turn);
	row_put_u32(&row, ledger->settings.mailbox_messages_max);
	row_put_u64(&row, ledger->settings.mailbox_bytes_max);
	row_put_u32(&row, ledger->settings.delivery_attempts_max);
	row_put_u32(&row, ledger->settings.retry_first_ms);
	row_put_u32(&row, ledger->settings.retry_max_ms);
	row_put_u32(&row, ledger->settings.job_slice);
	return ledger_put(ledger, LEDGER_TABLE_STATE, state_key(), row_slice(&row));
}

static int state_load(struct ledger *ledger)
{
	struct row_reader row;
	struct tc_slice value;
	int r = ledger_get(ledger, LEDGER_TABLE_STATE, state_key(), &value);

	if (r == STORE_NOT_FOUND)
		return 0; /* new */
	if (r < 0)
		return r;
	row = row_read(value);
	if (row_take_u8(&row) != LEDGER_STATE_FORMAT)
		return TC_ECORRUPT;
	ledger->next = row_take_u64(&row);
	ledger->boot = row_take_u32(&row);
	ledger->next_delivery = row_take_u64(&row);
	ledger->next_position = row_take_u64(&row);
	ledger->job_turn = row_take_u64(&row);
	ledger->settings.mailbox_messages_max = row_take_u32(&row);
	ledger->settings.mailbox_bytes_max = row_take_u64(&row);
	ledger->settings.delivery_attempts_max = row_take_u32(&row);
	ledger->settings.retry_first_ms = row_take_u32(&row);
	ledger->settings.retry_max_ms = row_take_u32(&row);
	ledger->settings.job_slice = row_take_u32(&row);
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

/* ---- the latest barrier ---- */

static struct tc_slice barrier_key(void)
{
	return tc_slice_text("barrier");
}

int ledger_barrier_put(struct ledger *ledger)
{
	const struct ledger_barrier *barrier = &ledger->barrier;
	struct row_writer row = {.len = 0};

	row_put_u64(&row, barrier->sequence);
	row_put_u8(&row, barrier->based);
	row_put(&row, barrier->base_sha256, sizeof(barrier->base_sha256));
	row_put_u8(&row, barrier->sealed);
	row_put_u64(&row, barrier->signed_size);
	row_put_text(&row, barrier->origin);
	return ledger_put(ledger, LEDGER_TABLE_STATE, barrier_key(), row_slice(&row));
}

static int barrier_load(struct ledger *ledger)
{
	struct ledger_barrier *barrier = &ledger->barrier;
	struct row_reader row;
	struct tc_slice value;
	int r = ledger_get(ledger, LEDGER_TABLE_STATE, barrier_key(), &value);

	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	row = row_read(value);
	barrier->known = true;
	barrier->sequence = row_take_u64(&row);
	barrier->based = row_take_u8(&row) != 0;
	row_take(&row, barrier->base_sha256, sizeof(barrier->base_sha256));
	barrier->sealed = row_take_u8(&row) != 0;
	barrier->signed_size = row_take_u64(&row);
	row_take_text(&row, barrier->origin, sizeof(barrier->origin));
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

const struct ledger_barrier *ledger_barrier(const struct ledger *ledger)
{
	return &ledger->barrier;
}

int ledger_flush(struct ledger *ledger)
{
	int r = state_flush(ledger);

	if (r == 0)
		r = principals_flush(ledger);
	if (r == 0)
		r = feeds_flush(ledger);
	return r < 0 ? r : sessions_flush(ledger);
}

/* ---- opening ---- */

static int ledger_open_tables(struct ledger *ledger)
{
	int r;

	for (int i = 0; i < LEDGER_TABLE_COUNT; i++) {
		r = store_table_open(ledger->store, ledger_table_names[i], &ledger->table[i]);
		if (r < 0)
			return r;
	}
	r = registry_tables_open(ledger->store, &ledger->registry);
	if (r == 0)
		r = consent_tables_open(ledger->store, &ledger->consent);
	return r < 0 ? r : referral_tables_open(ledger->store, &ledger->referral);
}

static int ledger_load(struct ledger *ledger)
{
	int r = store_begin(ledger->store, &ledger->txn);

	if (r == 0)
		r = state_load(ledger);
	if (r == 0)
		r = barrier_load(ledger);
	if (r == 0)
		r = principals_load(ledger);
	if (r == 0)
		r = policy_state_load(ledger);
	if (r == 0)
		r = calendars_load(ledger);
	if (r == 0)
		r = standing_questions_load(ledger);
	if (r == 0)
		r = order_load(ledger);
	if (r == 0)
		r = sessions_load(ledger);
	if (r == 0)
		r = job_load(ledger);
	return r < 0 ? r : timer_load(ledger);
}

int ledger_open(struct ledger **ret, const struct ledger_options *options)
{
	struct store_options store = {
		.path = options->path,
		.map_bytes = options->map_bytes,
		.sync = STORE_SYNC_LAZY,
		.tables_max = LEDGER_TABLE_COUNT + REGISTRY_TABLES_COUNT + CONSENT_TABLES_COUNT +
			      REFERRAL_TABLES_COUNT,
	};
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	if (ledger == NULL)
		return TC_ENOMEM;
	arena_init(&ledger->arena);
	terms_cache_init(&ledger->terms);
	ledger->next_delivery = ledger->next_position = 1;
	ledger->timer_due_ms = INT64_MAX;
	ledger->settings = (struct ledger_settings){
		.mailbox_messages_max = options->mailbox_messages_max,
		.mailbox_bytes_max = options->mailbox_bytes_max,
		.delivery_attempts_max = options->delivery_attempts_max,
		.retry_first_ms = options->retry_first_ms,
		.retry_max_ms = options->retry_max_ms,
		.job_slice = options->job_slice == 0 ? JOB_SLICE_DEFAULT : options->job_slice,
	};
	r = store_open(&store, &ledger->store);
	if (r == 0)
		r = ledger_open_tables(ledger);
	if (r == 0)
		r = ledger_load(ledger);
	if (r != 0) {
		ledger_close(&ledger);
		return r < 0 ? r : TC_ESTORE;
	}
	*ret = ledger;
	return 0;
}

void ledger_close(struct ledger **ledger)
{
	struct ledger *it = *ledger;

	if (it == NULL)
		return;
	store_abort(&it->txn);
	waiters_drop(it, 0);
	sessions_done(it);
	principals_done(&it->principals);
	terms_cache_done(&it->terms);
	arena_done(&it->arena);
	store_close(&it->store);
	policy_free(&it->policy);
	calendars_done(&it->calendars);
	standing_questions_free(&it->standing);
	free(it);
	*ledger = NULL;
}

uint64_t ledger_next(const struct ledger *ledger)
{
	return ledger->next;
}

uint32_t ledger_boot(const struct ledger *ledger)
{
	return ledger->boot;
}

int64_t ledger_due_ms(const struct ledger *ledger)
{
	int64_t due_ms = ledger->job_count > 0 ? 0 : ledger->timer_due_ms;

	for (size_t i = 0; i < ledger->sessions.count; i++) {
		if (ledger->sessions.rows[i]->lease_due_ms < due_ms)
			due_ms = ledger->sessions.rows[i]->lease_due_ms;
	}
	return due_ms;
}

int ledger_usage(struct ledger *ledger, struct store_usage *ret)
{
	return store_usage(ledger->store, ret);
}

int ledger_park(struct ledger *ledger)
{
	int r = ledger_flush(ledger);

	if (r < 0)
		return r;
	return ledger_store_fault(store_commit(&ledger->txn));
}

int ledger_resume(struct ledger *ledger)
{
	return store_begin(ledger->store, &ledger->txn);
}

int ledger_commit(struct ledger *ledger)
{
	int r = ledger_park(ledger);

	return r == 0 ? ledger_resume(ledger) : r;
}

/* ---- digest ---- */

static int digest_table(struct ledger *ledger, struct tc_sha256_stream *stream, uint8_t number,
			struct store_table table)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, table, tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		uint8_t frame[9]; /* table, length of key, length of value: no two states alike */

		frame[0] = number;
		tc_put_be32(frame + 1, (uint32_t)key.len);
		tc_put_be32(frame + 5, (uint32_t)value.len);
		r = tc_sha256_stream_add(stream, tc_slice(frame, sizeof(frame)));
		if (r == 0)
			r = tc_sha256_stream_add(stream, key);
		if (r == 0)
			r = tc_sha256_stream_add(stream, value);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* The tables of a struct that has nothing but tables. */
static int digest_tables(struct ledger *ledger, struct tc_sha256_stream *stream, uint8_t *number,
			 const void *tables, size_t size)
{
	size_t count = size / sizeof(struct store_table);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct store_table table;

		memcpy(&table, (const uint8_t *)tables + i * sizeof(table), sizeof(table));
		r = digest_table(ledger, stream, (*number)++, table);
	}
	return r;
}

int ledger_digest(struct ledger *ledger, uint8_t ret[32])
{
	struct tc_sha256_stream *stream = NULL;
	uint8_t number = 0;
	int r = ledger_flush(ledger);

	if (r == 0)
		r = tc_sha256_stream_new(&stream);
	if (r == 0)
		r = digest_tables(ledger, stream, &number, ledger->table, sizeof(ledger->table));
	if (r == 0)
		r = digest_tables(ledger, stream, &number, &ledger->registry,
				  sizeof(ledger->registry));
	if (r == 0)
		r = digest_tables(ledger, stream, &number, &ledger->consent,
				  sizeof(ledger->consent));
	if (r == 0)
		r = digest_tables(ledger, stream, &number, &ledger->referral,
				  REFERRAL_TABLES_COUNT * sizeof(struct store_table));
	if (r == 0)
		r = tc_sha256_stream_end(stream, ret);
	tc_sha256_stream_free(&stream);
	return r;
}

int ledger_search_check(struct ledger *ledger, uint64_t *ret_lost)
{
	int r = ledger_flush(ledger);

	return r < 0 ? r : store_search_check(ledger->store, ret_lost);
}

/* ---- replay ---- */

/* Gives the facts to the sink, and commits behind them. */
static int replay_commit(struct ledger *ledger, struct effects *effects, ledger_sink sink,
			 void *context)
{
	int r = 0;

	if (sink != NULL)
		r = sink(context, effects, ledger->next, true);
	effects_clear(effects);
	return r < 0 ? r : ledger_commit(ledger);
}

static int replay_record(struct ledger *ledger, const struct journal_entry *entry,
			 struct effects *effects)
{
	struct record record = {
		.sequence = entry->sequence,
		.time_ms = entry->time_ms,
		.body = entry->body,
	};
	int r = ledger_apply(ledger, &record, effects);
	struct effect *effect;

	/* Effects are owed to the living only. */
	while ((effect = effects_pop(effects)) != NULL)
		effect_free(&effect);
	return r;
}

int ledger_replay(struct ledger *ledger, struct journal *journal, ledger_sink sink, void *context)
{
	struct journal_reader *reader = NULL;
	struct effects effects = {0};
	int r = journal_reader_open(journal, &reader);

	while (r == 0) {
		struct journal_entry entry;

		r = journal_read(reader, ledger->next, &entry);
		if (r == 0)
			r = replay_record(ledger, &entry, &effects);
		if (r != 0)
			break;
		if (ledger->next % LEDGER_REPLAY_COMMIT == 0) {
			r = replay_commit(ledger, &effects, sink, context);
			journal_reader_renew(reader);
		} else if (effects.fact_count >= 1024) {
			if (sink != NULL)
				r = sink(context, &effects, ledger->next, false);
			effects_clear(&effects);
		}
	}
	if (r == JOURNAL_END)
		r = replay_commit(ledger, &effects, sink, context);
	effects_clear(&effects);
	journal_reader_close(&reader);
	return r > 0 ? TC_ECORRUPT : r;
}
