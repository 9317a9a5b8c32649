#include "daemon/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/forget_room.h"
#include "daemon/retention_mark.h"
#include "ledger/ledger_view.h"
#include "ledger/order_hold.h"
#include "store/store_cursor.h"
#include "wire/header.h"

#define DAY_MS        (24 * 60 * 60 * INT64_C(1000))
#define RENEW_RECORDS 4096
#define DUE_MAX       1000000 /* in one plan; the next one has the rest */

struct look {
	struct ledger_view *view;
	uint64_t tip; /* of the view */
	struct journal_reader *reader;
	const struct policy *policy;
	struct order_tables orders;
	struct order_holds holds;
	struct sought_numbers open; /* records of which a delivery is not ended */
	struct policy_retention rule;
	struct forget_plan *plan;
	uint64_t settled; /* nothing is left to do before this */
	bool waits;       /* something before it goes later: it stands still */
	bool room;        /* for a base without whole records */
	bool postponed;   /* some would go if there were */
};

/* ---- what stops it ---- */

static int open_find(struct look *look)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	struct delivery delivery;
	int r = store_cursor_init(&cursor, ledger_view_txn(look->view),
				  ledger_view_table(look->view, LEDGER_TABLE_DELIVERY),
				  tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0) {
		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0 && !delivery_read(key, value, &delivery))
			r = TC_ECORRUPT;
		if (r == 0)
			r = sought_numbers_add(&look->open, delivery.sequence);
	}
	store_cursor_done(&cursor);
	sought_numbers_sort(&look->open);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- one record ---- */

/* Days that the parts of a message are kept, by the rule that keeps them longest; 0: for good. */
static uint32_t days_of(const struct look *look, const Throughcare__V1__SubmissionRecord *message,
			const char **ret_name)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < message->n_parts; i++) {
		uint32_t bit = UINT32_C(1) << message->parts[i]->category % 32;
		struct policy_retention rule;
		size_t at = 0;

		while (policy_retention(look->policy, at, &rule) && !(rule.categories & bit))
			at++;
		if (!policy_retention(look->policy, at, &rule))
			return 0;
		if (rule.days > longest) {
			longest = rule.days;
			*ret_name = rule.name;
		}
	}
	return longest;
}

/* Its content goes by this rule, and is still there. */
static int message_look(struct look *look, const struct journal_entry *entry,
			const Throughcare__V1__SubmissionRecord *message)
{
	struct record_part parts[TC_PARTS_MAX];
	struct tc_header header;
	const char *name = "";
	int r;

	if (message->n_parts == 0 || message->n_parts > TC_PARTS_MAX ||
	    days_of(look, message, &name) == 0 || strcmp(name, look->rule.name) != 0)
		return 0;
	r = journal_read_parts(look->reader, entry->sequence, parts, message->n_parts);
	if (r != 0)
		return r == JOURNAL_FORGOTTEN ? 0 : r;
	if (tc_header_read(tc_slice(message->header.data, message->header.len), &header) != 0)
		return TC_ECORRUPT;
	if (order_holds_has(&look->holds, header.subject, header.referral_id, header.message_id) ||
	    sought_numbers_has(&look->open, entry->sequence)) {
		look->waits = true;
		return 0;
	}
	return sought_numbers_add(&look->plan->parts, entry->sequence);
}

static bool is_of_rule(const struct policy_retention *rule, const Throughcare__V1__Record *record)
{
	switch ((int)record->body_case) {
	case THROUGHCARE__V1__RECORD__BODY_QUERY:
		return rule->queries;
	case THROUGHCARE__V1__RECORD__BODY_LOGON:
	case THROUGHCARE__V1__RECORD__BODY_LOGOFF:
		return rule->logons;
	case THROUGHCARE__V1__RECORD__BODY_REFUSAL:
		return rule->refusals;
	default:
		return false;
	}
}

static int entry_look(struct look *look, const struct journal_entry *entry)
{
	Throughcare__V1__Record *record =
		throughcare__v1__record__unpack(NULL, entry->body.len, entry->body.data);
	int r = record ? 0 : TC_ECORRUPT;
	bool held;

	if (r == 0 && record->body_case == THROUGHCARE__V1__RECORD__BODY_SUBMISSION &&
	    look->rule.categories != 0) {
		r = message_look(look, entry, record->submission);
	} else if (r == 0 && is_of_rule(&look->rule, record)) {
		r = order_holds_in(ledger_view_txn(look->view), &look->orders, &look->holds,
				   entry->body, &held);
		if (r == 0 && held)
			look->waits = true;
		else if (r == 0 && !look->room)
			look->waits = look->postponed = true;
		else if (r == 0)
			r = sought_numbers_add(&look->plan->what.records, entry->sequence);
	}
	throughcare__v1__record__free_unpacked(record, NULL);
	return r;
}

/* ---- one rule ---- */

/* Records before this were taken before that time: times never go back. */
static int position_of(struct look *look, int64_t time_ms, uint64_t *ret)
{
	uint64_t from = 0, to = look->tip;

	while (from < to) {
		uint64_t middle = from + (to - from) / 2;
		struct journal_leaf leaf;
		size_t count;
		int r = journal_read_leaves(look->reader, middle, 1, &leaf, &count);

		if (r != 0 || count == 0)
			return r < 0 ? r : TC_ECORRUPT;
		if (leaf.time_ms < time_ms)
			from = middle + 1;
		else
			to = middle;
	}
	*ret = from;
	return 0;
}

static size_t found(const struct look *look)
{
	return look->plan->parts.count + look->plan->what.records.count;
}

/* From the mark on; look->settled is where the next one goes on when nothing was found. */
static int rule_look(struct look *look, uint64_t mark, uint64_t end)
{
	struct journal_entry entry;
	int r = 0;

	look->settled = mark;
	look->waits = false;
	for (uint64_t i = mark; r == 0 && i < end && found(look) < DUE_MAX; i++) {
		if (i % RENEW_RECORDS == 0)
			journal_reader_renew(look->reader);
		r = journal_read(look->reader, i, &entry);
		if (r == 0)
			r = entry_look(look, &entry);
		else if (r == JOURNAL_FORGOTTEN)
			r = 0;
		if (r == 0 && !look->waits)
			look->settled = i + 1;
	}
	journal_reader_renew(look->reader);
	return r == JOURNAL_END ? TC_ECORRUPT : r;
}

static int rules_look(struct look *look, const struct config *config, struct tc_id log_id)
{
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);
	struct retention_marks marks;
	bool moved = false;
	int r = 0;

	retention_marks_load(config, log_id, policy_sha256(look->policy), &marks);
	for (size_t i = 0; r == 0 && found(look) == 0 && i < RETENTION_MARKS_MAX &&
			   policy_retention(look->policy, i, &look->rule);
	     i++) {
		uint64_t end;

		r = position_of(look, now_ms - look->rule.days * DAY_MS, &end);
		if (r == 0)
			r = rule_look(look, marks.before[i], end);
		if (r == 0 && found(look) == 0 && look->settled > marks.before[i]) {
			marks.before[i] = look->settled;
			moved = true;
		}
	}
	/* Without it the next look is longer, and finds the same. */
	if (r == 0 && moved && retention_marks_save(config, &marks) != 0)
		moved = false;
	return r;
}

static int look_open(struct look *look, struct stores *stores)
{
	int r = ledger_view_open(&look->view, stores->ledger);

	if (r == 0)
		r = ledger_view_renew(look->view, &look->tip);
	if (r == 0)
		r = journal_reader_open(stores->journal, &look->reader);
	if (r < 0)
		return r;
	look->policy = ledger_view_policy(look->view);
	if (!policy_retention(look->policy, 0, &look->rule))
		return FORGET_NOTHING;
	look->orders = ledger_view_orders(look->view);
	r = order_holds_read(ledger_view_txn(look->view), &look->orders, &look->holds);
	return r == 0 ? open_find(look) : r;
}

static void look_close(struct look *look)
{
	order_holds_done(&look->holds);
	sought_numbers_done(&look->open);
	journal_reader_close(&look->reader);
	ledger_view_close(&look->view);
}

int retention_plan(struct stores *stores, const struct config *config, struct forget_plan *plan)
{
	struct look *look = calloc(1, sizeof(*look));
	int r;

	if (!look)
		return TC_ENOMEM;
	look->plan = plan;
	look->room = forget_room_missing(stores, config) == 0;
	r = look_open(look, stores);
	if (r == 0)
		r = rules_look(look, config, stores->log_id);
	if (r == 0 && found(look) == 0)
		r = look->postponed ? FORGET_POSTPONED : FORGET_NOTHING;
	if (r == 0) {
		plan->kind = THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_RETENTION;
		snprintf(plan->rule_name, sizeof(plan->rule_name), "%s", look->rule.name);
		snprintf(plan->cite, sizeof(plan->cite), "%s", look->rule.cite);
		plan->policy_version = policy_version(look->policy);
		sought_numbers_sort(&plan->parts);
		sought_numbers_sort(&plan->what.records);
	}
	look_close(look);
	free(look);
	return r;
}

/* Has the committed ledger what was applied before this position? */
static int is_committed(struct stores *stores, uint64_t position, bool *ret)
{
	struct ledger_view *view = NULL;
	uint64_t tip = 0;
	int r = ledger_view_open(&view, stores->ledger);

	if (r == 0)
		r = ledger_view_renew(view, &tip);
	ledger_view_close(&view);
	*ret = tip >= position;
	return r;
}

int retention_due(struct stores *stores, const struct config *config, uint64_t position)
{
	struct forget_plan plan = {.ordered = false};
	bool committed;
	int r = is_committed(stores, position, &committed);

	if (r == 0)
		r = committed ? retention_plan(stores, config, &plan) : FORGET_EARLY;
	forget_plan_done(&plan);
	return r;
}
