#include "daemon/forget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/base.h"
#include "daemon/forget_memory.h"
#include "daemon/forget_record.h"
#include "daemon/forget_room.h"
#include "daemon/forget_scan.h"
#include "daemon/problem.h"
#include "daemon/retention.h"
#include "journal/journal_forget.h"
#include "ledger/order.h"

void forget_plan_done(struct forget_plan *plan)
{
	forget_what_done(&plan->what);
	sought_numbers_done(&plan->parts);
	*plan = (struct forget_plan){.ordered = false};
}

bool forget_time_valid(const char *at)
{
	struct tm time;
	const char *end;

	if (strcmp(at, FORGET_AT_ONCE) == 0)
		return true;
	end = strlen(at) == 5 ? strptime(at, "%H:%M", &time) : NULL;
	return end && *end == '\0';
}

bool forget_time_is(const char *at, int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm local;
	char text[6];

	if (strcmp(at, FORGET_AT_ONCE) == 0)
		return true;
	return localtime_r(&now, &local) && strftime(text, sizeof(text), "%H:%M", &local) == 5 &&
	       strcmp(text, at) == 0;
}

/* ---- what is due ---- */

static int plan_order(struct stores *stores, const struct config *config, struct forget_plan *plan)
{
	struct order order;
	int r = ledger_forget_due(stores->ledger, &order);

	(void)config;
	if (r != 0)
		return r == ORDER_NONE ? FORGET_NOTHING : r;
	plan->kind = THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_ORDER;
	plan->ordered = true;
	plan->order_sequence = order.sequence;
	plan->approval_sequence = order.approved_sequence;
	snprintf(plan->cite, sizeof(plan->cite), "%s", order.cite);
	snprintf(plan->ordered_by, sizeof(plan->ordered_by), "%s", order.ordered_by);
	snprintf(plan->approved_by, sizeof(plan->approved_by), "%s", order.approved_by);
	r = sought_numbers_add(&plan->what.records, order.sequence);
	if (r == 0)
		r = sought_numbers_add(&plan->what.records, order.approved_sequence);
	if (r == 0)
		r = sought_numbers_add(&plan->what.orders, order.sequence);
	if (r == 0)
		r = sought_numbers_add(&plan->what.orders, order.approved_sequence);
	return r == 0 ? forget_scan_targets(stores, order.packed, &plan->what) : r;
}

/* A log from before: what it had forgotten later. */
static int plan_remembered(struct stores *stores, const struct config *config,
			   struct forget_plan *plan)
{
	struct forget_memory memory;
	int r = forget_memory_load(config, stores->journal, &memory);

	if (r == 0)
		r = forget_memory_find(&memory, stores->journal, &plan->what.records);
	if (r == 0 && plan->what.records.count == 0)
		r = FORGET_NOTHING;
	sought_numbers_sort(&plan->what.records);
	plan->kind = THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_ORDER;
	plan->again = true;
	snprintf(plan->cite, sizeof(plan->cite), "forgotten before this log was restored");
	if (r == 0)
		r = forget_record_know(stores->journal, &memory, &plan->what);
	forget_memory_done(&memory);
	return r;
}

static int (*const planners[])(struct stores *stores, const struct config *config,
			       struct forget_plan *plan) = {plan_order, plan_remembered,
							    retention_plan};

/* When a base is to be written. */
static bool has_room(struct stores *stores, const struct config *config,
		     const struct forget_plan *plan)
{
	return plan->what.records.count == 0 || forget_room_missing(stores, config) == 0;
}

/* The first that is due and has room: what waits for some holds no other up. 0, FORGET_NOTHING,
 * FORGET_POSTPONED or a fault. */
static int plan_next(struct stores *stores, const struct config *config, struct forget_plan *plan)
{
	bool postponed = false, again = false;
	int r = FORGET_NOTHING;

	for (size_t i = 0; r == FORGET_NOTHING && i < sizeof(planners) / sizeof(planners[0]); i++) {
		forget_plan_done(plan);
		r = planners[i](stores, config, plan);
		if (r == FORGET_POSTPONED || (r == 0 && !has_room(stores, config, plan))) {
			postponed = true;
			again = again || plan->again;
			r = FORGET_NOTHING;
		}
	}
	if (r < 0 || !postponed || (r == 0 && !again))
		return r;
	forget_room_tell(config, forget_room_missing(stores, config),
			 again ? "make room there: this log was restored, and is not served "
				 "with what had been forgotten"
			       : FORGET_ROOM_HINT);
	return again ? TC_EFULL : FORGET_POSTPONED;
}

/* ---- beginning ---- */

static int note_put(struct stores *stores, uint64_t first)
{
	uint8_t note[8];

	tc_put_be64(note, first);
	return journal_note_set(stores->journal, JOURNAL_NOTE_FORGETTING,
				tc_slice(note, sizeof(note)));
}

static int begin(struct stores *stores, const struct config *config)
{
	struct forget_plan plan = {.ordered = false};
	struct record_batch batch = {0};
	struct journal_usage usage;
	int r = plan_next(stores, config, &plan);

	if (r == 0)
		r = forget_scan(stores, &plan.what);
	if (r == 0)
		r = forget_record_make(&plan, &batch);
	if (r == 0)
		r = journal_usage(stores->journal, &usage);
	if (r == 0)
		r = note_put(stores, usage.tip);
	if (r == 0) {
		r = journal_append(stores->journal, &batch,
				   tc_id_new(tc_clock_now_ms(&tc_clock_real)));
		r = r > 0 ? TC_EFULL : r;
	}
	record_batch_free(&batch);
	forget_plan_done(&plan);
	return r == 0 ? stores_replay(stores) : r;
}

/* ---- finishing ---- */

/* Steps 2 and 3, with bodies and rows still there. */
static int leave_out(struct stores *stores, const struct config *config,
		     const struct forget_records *done)
{
	struct forget_memory memory;
	struct forget_what what = {.records = {0}}, targets = {.records = {0}};
	int r = forget_memory_load(config, stores->journal, &memory);

	if (r == 0)
		r = forget_record_what(stores, &memory, done, &what, &targets);
	for (size_t i = 0; r == 0 && targets.ids.count > 0 && i < done->count; i++)
		r = forget_memory_add(config, stores->journal, done->first + i, done->records[i],
				      &targets);
	if (r == 0)
		r = forget_memory_note(config, stores->journal);
	if (r == 0)
		r = forget_find(stores, &what);
	if (r == 0)
		r = ledger_forget_settle(stores->ledger, &what);
	if (r == 0)
		r = base_write(config, stores, &what);
	forget_memory_done(&memory);
	forget_what_done(&what);
	forget_what_done(&targets);
	return r;
}

static int based_at(struct stores *stores, const struct config *config, uint64_t *ret)
{
	struct base base;
	int r = base_open(config, stores->journal, &base);

	*ret = r == 0 ? base.position : 0;
	base_close(&base);
	return r < 0 ? r : 0;
}

/* Opened anew, so that no buffer in memory has what was taken out: see store_wipe.h. */
static int wipe(struct stores *stores, const struct config *config)
{
	int r;

	journal_close(&stores->journal);
	r = stores_open_journal(stores, config);
	return r == 0 ? journal_wipe(stores->journal) : r;
}

/* Ledger and trail have rows of records that are gone. */
static int views_without(struct stores *stores, const struct config *config,
			 const struct forget_records *done)
{
	uint64_t position, missing;
	int r = based_at(stores, config, &position);

	if (r == 0 && position < done->first + done->count)
		r = leave_out(stores, config, done);
	if (r < 0 && (missing = forget_room_missing(stores, config)) > 0)
		forget_room_tell(config, missing,
				 "make room there and start again: it goes on where it was");
	return r;
}

static int finish(struct stores *stores, const struct config *config, uint64_t first)
{
	struct forget_records done;
	int r = forget_record_read(stores->journal, first, &done);
	bool views = done.whole.count > 0;

	if (r == 0 && views)
		r = views_without(stores, config, &done);
	if (r == 0)
		r = journal_forget_records(stores->journal, done.whole.ranges, done.whole.count);
	for (size_t i = 0; r == 0 && i < done.parts.count; i++)
		r = forget_record_parts(stores->journal, &done.parts.ranges[i]);
	if (r == 0 && done.count > 0)
		r = wipe(stores, config);
	if (r == 0 && views)
		r = stores_open_views(stores, config, true);
	if (r == 0)
		r = journal_note_set(stores->journal, JOURNAL_NOTE_FORGETTING, tc_slice(NULL, 0));
	if (r == 0 && done.count > 0)
		log_event(EV_FORGOTTEN, NULL, NULL, (int64_t)done.record_count);
	forget_records_done(&done);
	return r > 0 ? TC_ESTORE : r;
}

static int finish_noted(struct stores *stores, const struct config *config)
{
	uint8_t note[JOURNAL_NOTE_BYTES_MAX];
	size_t len;
	int r = journal_note_get(stores->journal, JOURNAL_NOTE_FORGETTING, note, &len);

	if (r != 0 || len == 0)
		return r;
	return len == 8 ? finish(stores, config, tc_get_be64(note)) : TC_ECORRUPT;
}

static int told(int fault)
{
	problem_print("what is to be forgotten could not be", tc_err_text(fault),
		      "nothing is served before; it goes on at the next start");
	return fault;
}

int forget_due(struct stores *stores, const struct config *config, bool *ret)
{
	struct forget_plan plan = {.ordered = false};
	uint8_t note[JOURNAL_NOTE_BYTES_MAX];
	size_t len;
	int r = forget_memory_check(config, stores->journal);

	if (r < 0)
		return r;
	r = forget_memory_note(config, stores->journal);
	if (r == 0)
		r = journal_note_get(stores->journal, JOURNAL_NOTE_FORGETTING, note, &len);
	*ret = r == 0 && len > 0;
	if (r == 0 && len == 0) {
		r = plan_next(stores, config, &plan);
		*ret = r == 0;
	}
	forget_plan_done(&plan);
	return r < 0 ? told(r) : 0;
}

int forget_at_start(struct stores *stores, const struct config *config)
{
	int r;

	do {
		r = finish_noted(stores, config);
		if (r == 0)
			r = begin(stores, config);
	} while (r == 0);
	return r == FORGET_NOTHING || r == FORGET_POSTPONED ? 0 : told(r);
}
