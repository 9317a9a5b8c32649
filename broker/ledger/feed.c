#include "ledger/feed.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/job.h"
#include "ledger/own_message.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/timer.h"

#define DAY_MS INT64_C(86400000)

/* ---- rows ---- */

static void feed_key(struct store_key *key, const struct feed *feed)
{
	store_key_init(key);
	store_key_u32(key, feed->from);
	store_key_u32(key, feed->to);
	store_key_text(key, tc_slice_text(feed->type));
}

static int feed_decode(struct tc_slice key, struct tc_slice value, struct feed *ret)
{
	struct row_reader row = row_read(value);
	struct tc_slice type;

	if (!store_key_take_u32(&key, &ret->from) || !store_key_take_u32(&key, &ret->to) ||
	    !store_key_take_text(&key, &type) || type.len >= sizeof(ret->type))
		return TC_ECORRUPT;
	memset(ret->type, 0, sizeof(ret->type));
	if (type.len > 0)
		memcpy(ret->type, type.data, type.len);
	ret->count = row_take_u64(&row);
	ret->last_ms = (int64_t)row_take_u64(&row);
	for (unsigned i = 0; i < FEED_GAPS; i++)
		ret->gaps[i] = row_take_u32(&row);
	ret->silent = row_take_u8(&row) != 0;
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

static int feed_put(struct ledger *ledger, const struct feed *feed)
{
	struct row_writer row = {0};
	struct store_key key;

	feed_key(&key, feed);
	row_put_u64(&row, feed->count);
	row_put_u64(&row, (uint64_t)feed->last_ms);
	for (unsigned i = 0; i < FEED_GAPS; i++)
		row_put_u32(&row, feed->gaps[i]);
	row_put_u8(&row, feed->silent);
	return ledger_put(ledger, LEDGER_TABLE_FEED, store_key_slice(&key), row_slice(&row));
}

int feed_next(struct store_txn *txn, struct store_table table, const struct feed *after,
	      struct feed *ret)
{
	struct tc_slice key, value;
	struct store_key from;
	int r;

	store_key_init(&from);
	if (after != NULL)
		feed_key(&from, after);
	r = store_after(txn, table, tc_slice(NULL, 0), store_key_slice(&from), &key, &value);
	if (r == 0)
		r = feed_decode(key, value, ret);
	return r == STORE_NOT_FOUND ? FEED_UNKNOWN : ledger_store_fault(r);
}

uint32_t feed_usual_gap(const struct feed *feed)
{
	uint32_t longest = 0;

	for (unsigned i = 0; i < FEED_GAPS; i++)
		if (feed->gaps[i] > longest)
			longest = feed->gaps[i];
	return longest;
}

/* ---- the cache: one place for each, whoever comes takes it ---- */

static struct feed_slot *slot_of(struct feeds *feeds, const struct feed *feed)
{
	uint32_t hash = 2166136261u;

	for (const char *at = feed->type; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	hash = (hash ^ feed->from) * 16777619u;
	hash = (hash ^ feed->to) * 16777619u;
	return &feeds->slots[hash % FEED_CACHE_SLOTS];
}

static bool is_same(const struct feed *a, const struct feed *b)
{
	return a->count != 0 && a->from == b->from && a->to == b->to &&
	       strcmp(a->type, b->type) == 0;
}

static int slot_flush(struct ledger *ledger, struct feed_slot *slot)
{
	int r = slot->dirty ? feed_put(ledger, &slot->feed) : 0;

	slot->dirty = slot->dirty && r < 0;
	return r;
}

/* The slot of that feed, with its row; a new one has count 0. */
static int slot_take(struct ledger *ledger, const struct feed *wanted, struct feed_slot **ret)
{
	struct feed_slot *slot = slot_of(&ledger->feeds, wanted);
	struct store_key key;
	struct tc_slice value;
	int r;

	*ret = slot;
	if (is_same(&slot->feed, wanted))
		return 0;
	r = slot_flush(ledger, slot);
	if (r < 0)
		return r;
	feed_key(&key, wanted);
	r = ledger_get(ledger, LEDGER_TABLE_FEED, store_key_slice(&key), &value);
	slot->feed = *wanted;
	return r == 0 ? feed_decode(store_key_slice(&key), value, &slot->feed)
		      : (r == STORE_NOT_FOUND ? 0 : r);
}

int feeds_flush(struct ledger *ledger)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < FEED_CACHE_SLOTS; i++)
		r = slot_flush(ledger, &ledger->feeds.slots[i]);
	return r;
}

/* ---- what is said ---- */

static int notify(struct ledger *ledger, const struct feed *feed, bool resumed)
{
	Throughcare__V1__FeedNotice content = THROUGHCARE__V1__FEED_NOTICE__INIT;
	const struct own_subject about = {.type = "FeedNotice"};
	Google__Protobuf__Timestamp last = own_message_time(feed->last_ms);
	const uint32_t ends[2] = {feed->from, feed->to};
	struct principal *from, *to;
	struct fact_draft draft;
	int r = principal_get(ledger, feed->from, &from);

	if (r == 0)
		r = principal_get(ledger, feed->to, &to);
	if (r < 0)
		return r;
	fact_init(&draft, "feed");
	fact_text(&draft.row.agency, from->name.name);
	fact_text(&draft.row.recipient, to->name.name);
	fact_text(&draft.row.message_type, feed->type);
	fact_text(&draft.row.code, resumed ? "resumed" : "silent");
	r = fact_push(ledger, &draft);
	fact_text(&content.from, from->name.name);
	fact_text(&content.to, to->name.name);
	fact_text(&content.type, feed->type);
	content.last_at = &last;
	content.has_usual_gap_hours = content.has_resumed = 1;
	content.usual_gap_hours = feed_usual_gap(feed) / 3600 + 1;
	content.resumed = resumed;
	for (unsigned i = 0; r == 0 && i < 2; i++)
		r = own_message_send(ledger, ends[i], &about, &content.base, NULL);
	return r;
}

/* ---- one message more ---- */

/* Every day at the same time: setting it again sets the same one. */
static int arm(struct ledger *ledger)
{
	return timer_set(ledger, (ledger->now_ms / DAY_MS + 1) * DAY_MS, TIMER_FEEDS,
			 timer_delivery(0));
}

static uint32_t gap_seconds(const struct ledger *ledger, const struct feed *feed)
{
	int64_t seconds = (ledger->now_ms - feed->last_ms) / 1000;

	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

int feed_note(struct ledger *ledger, const struct delivery *delivery)
{
	struct feed wanted = {.from = delivery->sender, .to = delivery->recipient};
	struct feed_slot *slot;
	struct feed before;
	int r;

	memcpy(wanted.type, delivery->type, sizeof(wanted.type));
	r = slot_take(ledger, &wanted, &slot);
	if (r < 0)
		return r;
	before = slot->feed;
	/* A silence that was told is no gap that could be usual. */
	if (before.count > 0 && !before.silent)
		slot->feed.gaps[(before.count - 1) % FEED_GAPS] = gap_seconds(ledger, &before);
	slot->feed.count++;
	slot->feed.last_ms = ledger->now_ms;
	slot->feed.silent = false;
	slot->dirty = true;
	if (before.count == 0)
		return arm(ledger);
	return before.silent ? notify(ledger, &before, true) : 0;
}

/* ---- once a day ---- */

int feeds_clock(struct ledger *ledger)
{
	struct job job = {.kind = JOB_FEEDS};
	int r = arm(ledger);

	return r < 0 ? r : job_start(ledger, &job);
}

static int has_stopped(struct ledger *ledger, const struct feed *feed, bool *ret)
{
	struct principal *from;
	int r = principal_get(ledger, feed->from, &from);

	if (r < 0)
		return r;
	*ret = !feed->silent && feed->count >= FEED_GAPS &&
	       gap_seconds(ledger, feed) / FEED_SILENCE > feed_usual_gap(feed) &&
	       calendar_after(calendars_of(ledger, &from->name), feed->last_ms, FEED_SILENT_DAYS) <
		       ledger->now_ms;
	return 0;
}

static int look_at(struct ledger *ledger, const struct feed *feed)
{
	struct feed_slot *slot;
	bool stopped;
	int r = has_stopped(ledger, feed, &stopped);

	if (r < 0 || !stopped)
		return r;
	r = slot_take(ledger, feed, &slot);
	if (r < 0)
		return r;
	slot->feed.silent = true;
	slot->dirty = true;
	return notify(ledger, feed, false);
}

int feeds_job(struct ledger *ledger, struct job *job)
{
	struct store_table table = ledger->table[LEDGER_TABLE_FEED];
	struct feed at = {.from = (uint32_t)(job->cursor >> 32), .to = (uint32_t)job->cursor};
	int r = feeds_flush(ledger);

	_Static_assert(sizeof(at.type) <= sizeof(job->name), "the cursor holds a type");
	memcpy(at.type, job->name, sizeof(at.type));
	while (r == 0 && (r = feed_next(ledger->txn, table, &at, &at)) == 0) {
		if (!job_take_turn(ledger))
			return JOB_MORE; /* with the one that the cursor has not come to */
		r = look_at(ledger, &at);
		job->cursor = (uint64_t)at.from << 32 | at.to;
		memcpy(job->name, at.type, sizeof(at.type));
	}
	return r == FEED_UNKNOWN ? 0 : r;
}
