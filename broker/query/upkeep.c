#include "query/upkeep.h"

#include <string.h>

#include "ledger/calendars.h"
#include "ledger/feed.h"
#include "ledger/ledger_view.h"
#include "ledger/person.h"
#include "ledger/person_decision.h"
#include "ledger/task.h"
#include "query/seal.h"

#define DECISIONS_MAX 64

static struct store_table table(const struct question *question, enum ledger_table which)
{
	return ledger_view_table(question->ledger, which);
}

static int put_principal(const struct question *question, struct answer *answer, uint32_t number,
			 char **ret)
{
	tc_agency name;
	int r = ledger_view_principal(question->ledger, number, &name);

	return r > 0 ? TC_ECORRUPT : r < 0 ? r : answer_put_text(answer, name.name, ret);
}

/* ---- tasks ---- */

static int add_task(struct answer *answer, const struct task *task)
{
	Throughcare__V1__TaskRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__task_row__init(row);
	row->has_times = 1;
	row->times = task->times;
	r = answer_put_id(answer, task->message, &row->message_id);
	if (r == 0)
		r = answer_put_text(answer, task_kind_name(task->kind), &row->kind);
	if (r == 0)
		r = answer_put_text(answer, task_status_name(task->status), &row->status);
	if (r == 0)
		r = answer_put_id(answer, task->subject, &row->subject);
	if (r == 0)
		r = answer_put_id(answer, task->referral, &row->referral_id);
	if (r == 0)
		r = answer_put_time(answer, task->opened_ms, &row->opened_at);
	if (r == 0)
		r = answer_put_time(answer, task->due_ms, &row->due);
	if (r == 0)
		r = answer_put_text(answer, task->result, &row->result_code);
	if (r == 0)
		r = answer_put_text(answer, task->done_by, &row->done_by);
	if (r == 0)
		r = answer_put_time(answer, task->done_ms, &row->done_at);
	answer->reply.tasks[answer->reply.n_tasks++] = row;
	return r;
}

int upkeep_tasks(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__TaskListQuery *asked = question->query->task_list;
	const struct task_tables tables = {
		.rows = table(question, LEDGER_TABLE_TASK),
		.open = table(question, LEDGER_TABLE_TASK_OPEN),
		.owner = table(question, LEDGER_TABLE_TASK_OWNER),
		.referral = table(question, LEDGER_TABLE_TASK_REFERRAL),
		.alert = table(question, LEDGER_TABLE_TASK_ALERT),
	};
	size_t rows_max = answer_page_rows(question);
	struct tc_slice cursor = answer_cursor(question);
	bool first = cursor.len == 0;
	struct task task = {.delivery = 0}, shown;
	uint8_t next[16];
	uint32_t owner;
	bool hidden;
	int r;

	if (!first && cursor.len != sizeof(next))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	if (!first) {
		task.due_ms = (int64_t)tc_get_be64(cursor.data);
		task.delivery = tc_get_be64(cursor.data + 8);
	}
	r = ledger_view_number(question->ledger, &question->asker, &owner);
	if (r != 0)
		return r == LEDGER_VIEW_UNKNOWN ? 0 : r;
	task.owner = owner;
	answer->reply.tasks = answer_array(answer, rows_max);
	if (answer->reply.tasks == NULL)
		return TC_ENOMEM;
	shown = task;
	for (;;) {
		struct task before = task;

		r = task_next(ledger_view_txn(question->ledger), &tables, owner,
			      asked->has_open_only && asked->open_only, first ? NULL : &before,
			      &task);
		if (r != 0)
			return r == TASK_NONE ? 0 : r;
		first = false;
		r = seal_hides(question, task.subject, task.referral, task.message, &hidden);
		if (r < 0)
			return r;
		if (hidden)
			continue;
		if (answer->reply.n_tasks == rows_max) {
			/* Not where a hidden one stands: that would tell when it is due. */
			tc_put_be64(next, (uint64_t)shown.due_ms);
			tc_put_be64(next + 8, shown.delivery);
			return answer_next_page(answer, tc_slice(next, sizeof(next)));
		}
		r = add_task(answer, &task);
		if (r < 0)
			return r;
		shown = task;
	}
}

/* ---- persons ---- */

static int add_decision(const struct question *question, struct answer *answer,
			const struct person_decision *decision, Throughcare__V1__PersonRow *to)
{
	Throughcare__V1__PersonRow__Decision *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__person_row__decision__init(row);
	row->from_ids = answer_array(answer, decision->from_count);
	if (row->from_ids == NULL)
		return TC_ENOMEM;
	row->has_confidence = 1;
	row->confidence = decision->confidence / 1e6;
	r = answer_put_id(answer, decision->message, &row->message_id);
	if (r == 0)
		r = answer_put_text(answer, person_decision_kind_name(decision->kind), &row->kind);
	if (r == 0)
		r = answer_put_id(answer, decision->to, &row->to_id);
	if (r == 0)
		r = answer_put_text(answer, decision->by, &row->decided_by);
	if (r == 0)
		r = put_principal(question, answer, decision->agency, &row->agency);
	if (r == 0)
		r = answer_put_time(answer, decision->effective_ms, &row->effective);
	for (uint8_t i = 0; r == 0 && i < decision->from_count; i++)
		r = answer_put_id(answer, decision->from[i], &row->from_ids[row->n_from_ids++]);
	to->decisions[to->n_decisions++] = row;
	return r;
}

static int person_hidden(const struct question *question, struct tc_id id, bool *ret)
{
	return seal_hides(question, id, (struct tc_id){{0}}, (struct tc_id){{0}}, ret);
}

/* One that ties a hidden id to another is hidden with it. */
static int decision_hidden(const struct question *question, const struct person_decision *decision,
			   bool *ret)
{
	int r = person_hidden(question, decision->to, ret);

	for (uint8_t i = 0; r == 0 && !*ret && i < decision->from_count; i++)
		r = person_hidden(question, decision->from[i], ret);
	if (r == 0 && !*ret)
		r = seal_hides(question, decision->to, (struct tc_id){{0}}, decision->message, ret);
	return r;
}

static int add_decisions(const struct question *question, struct answer *answer,
			 struct tc_id subject, Throughcare__V1__PersonRow *row)
{
	const struct person_decision_tables tables = {
		.messages = table(question, LEDGER_TABLE_PERSON_MESSAGE),
		.decisions = table(question, LEDGER_TABLE_PERSON_DECISION),
	};
	struct person_decision decision = {.sequence = 0};
	uint32_t asker = 0;
	bool hidden;
	int r = 0;

	if (question->scope == GATE_OWN)
		r = ledger_view_number(question->ledger, &question->asker, &asker);
	row->decisions = answer_array(answer, DECISIONS_MAX);
	if (row->decisions == NULL)
		return TC_ENOMEM;
	while (r == 0 && row->n_decisions < DECISIONS_MAX) {
		r = person_decision_next(ledger_view_txn(question->ledger), &tables, subject,
					 decision.sequence, &decision);
		if (r == 0)
			r = decision_hidden(question, &decision, &hidden);
		if (r == 0 && !hidden && (asker == 0 || decision.agency == asker))
			r = add_decision(question, answer, &decision, row);
	}
	return r > 0 ? 0 : r;
}

/* Of somebody hidden nothing is known: it is nobody else. */
static int add_members(const struct question *question, struct answer *answer, struct tc_id subject,
		       Throughcare__V1__PersonRow *row)
{
	const struct person_tables tables = {
		.rows = table(question, LEDGER_TABLE_PERSON),
		.members = table(question, LEDGER_TABLE_PERSON_MEMBER),
	};
	struct tc_id canonical;
	struct person person;
	bool alone, hidden;
	int r = person_find(ledger_view_txn(question->ledger), &tables, subject, &person);

	if (r == 0)
		r = person_hidden(question, subject, &alone);
	if (r < 0)
		return r;
	canonical = person_canonical(&person);
	r = person_hidden(question, canonical, &hidden);
	row->members = answer_array(answer, person.count);
	if (r == 0 && row->members == NULL)
		r = TC_ENOMEM;
	if (r == 0)
		r = answer_put_id(answer, alone || hidden ? subject : canonical, &row->same_as);
	for (size_t i = 0; r == 0 && i < person.count; i++) {
		struct tc_id id = person.ids[i].id;

		r = person_hidden(question, id, &hidden);
		if (r == 0 && (tc_id_equal(id, subject) || (!alone && !hidden)))
			r = answer_put_id(answer, id, &row->members[row->n_members++]);
	}
	return r;
}

int upkeep_person(const struct question *question, struct answer *answer)
{
	Throughcare__V1__PersonRow *row = arena_take(&answer->arena, sizeof(*row));
	struct tc_id subject;
	bool hidden;
	int r = answer_read_id(answer, question->query->person_show->subject, "person_show.subject",
			       &subject);

	if (r != 0)
		return r;
	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__person_row__init(row);
	r = answer_put_id(answer, subject, &row->subject);
	if (r == 0)
		r = person_hidden(question, subject, &hidden);
	if (r == 0 && !hidden)
		r = add_decisions(question, answer, subject, row);
	/* That somebody else has merged a person is not an agency's to know. */
	if (r == 0 && question->scope == GATE_ALL)
		r = add_members(question, answer, subject, row);
	answer->reply.person = row;
	return r;
}

/* ---- working days ---- */

static int add_calendar(struct answer *answer, const struct calendar_row *calendar)
{
	Throughcare__V1__CalendarRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__calendar_row__init(row);
	row->jurisdiction = answer_text(answer, calendar->jurisdiction);
	row->has_version = row->has_entry = 1;
	row->version = calendar->version;
	row->entry = (ProtobufCBinaryData){.len = calendar->entry.len,
					   .data = answer_bytes(answer, calendar->entry)};
	if (row->jurisdiction == NULL || row->entry.data == NULL)
		return TC_ENOMEM;
	r = answer_put_time(answer, calendar->at_ms, &row->at);
	answer->reply.calendars[answer->reply.n_calendars++] = row;
	return r;
}

int upkeep_calendars(const struct question *question, struct answer *answer)
{
	const char *wanted = question->query->calendar_show->jurisdiction;
	struct store_table calendars = table(question, LEDGER_TABLE_CALENDAR);
	struct store_txn *txn = ledger_view_txn(question->ledger);
	char after[REGISTRY_JURISDICTION_BYTES_MAX + 1];
	size_t rows_max = answer_page_rows(question);
	struct calendar_row calendar;
	int r;

	answer->reply.calendars = answer_array(answer, rows_max);
	if (answer->reply.calendars == NULL)
		return TC_ENOMEM;
	if (wanted != NULL) {
		r = calendars_find(txn, calendars, wanted, &calendar);
		return r > 0 ? 0 : r < 0 ? r : add_calendar(answer, &calendar);
	}
	r = calendars_next(txn, calendars, NULL, &calendar);
	while (r == 0 && answer->reply.n_calendars < rows_max) {
		r = add_calendar(answer, &calendar);
		memcpy(after, calendar.jurisdiction, sizeof(after));
		if (r == 0)
			r = calendars_next(txn, calendars, after, &calendar);
	}
	return r > 0 ? 0 : r;
}

/* ---- feeds ---- */

static int add_feed(const struct question *question, struct answer *answer, const struct feed *feed)
{
	Throughcare__V1__FeedRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__feed_row__init(row);
	row->has_usual_gap_hours = row->has_silent = row->has_count = 1;
	row->usual_gap_hours = feed_usual_gap(feed) / 3600;
	row->silent = feed->silent;
	row->count = feed->count;
	r = put_principal(question, answer, feed->from, &row->from);
	if (r == 0)
		r = put_principal(question, answer, feed->to, &row->to);
	if (r == 0)
		r = answer_put_text(answer, feed->type, &row->type);
	if (r == 0)
		r = answer_put_time(answer, feed->last_ms, &row->last_at);
	answer->reply.feeds[answer->reply.n_feeds++] = row;
	return r;
}

/* Its two ends and its type. */
static bool feed_cursor_read(struct tc_slice cursor, struct feed *ret)
{
	struct tc_slice type;

	if (!store_key_take_u32(&cursor, &ret->from) || !store_key_take_u32(&cursor, &ret->to) ||
	    !store_key_take_text(&cursor, &type) || type.len >= sizeof(ret->type))
		return false;
	memcpy(ret->type, type.data, type.len);
	return true;
}

static int feed_next_page(struct answer *answer, const struct feed *last)
{
	struct store_key key;

	store_key_init(&key);
	store_key_u32(&key, last->from);
	store_key_u32(&key, last->to);
	store_key_text(&key, tc_slice_text(last->type));
	return answer_next_page(answer, store_key_slice(&key));
}

int upkeep_feeds(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__FeedListQuery *asked = question->query->feed_list;
	bool silent_only = asked->has_silent_only && asked->silent_only;
	size_t rows_max = answer_page_rows(question);
	struct tc_slice cursor = answer_cursor(question);
	struct feed feed, shown, after = {.from = 0};
	bool first = cursor.len == 0;
	uint32_t asker = 0;
	int r = 0;

	if (!first && !feed_cursor_read(cursor, &after))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	if (question->scope == GATE_OWN)
		r = ledger_view_number(question->ledger, &question->asker, &asker);
	shown = after;
	answer->reply.feeds = answer_array(answer, rows_max);
	if (r != 0 || answer->reply.feeds == NULL)
		return r > 0 ? 0 : r < 0 ? r : TC_ENOMEM;
	for (;;) {
		r = feed_next(ledger_view_txn(question->ledger), table(question, LEDGER_TABLE_FEED),
			      first ? NULL : &after, &feed);
		if (r != 0)
			return r == FEED_UNKNOWN ? 0 : r;
		if ((asker == 0 || feed.from == asker || feed.to == asker) &&
		    (!silent_only || feed.silent)) {
			if (answer->reply.n_feeds == rows_max)
				return feed_next_page(answer, &shown);
			r = add_feed(question, answer, &feed);
			if (r < 0)
				return r;
			shown = feed;
		}
		after = feed;
		first = false;
	}
}
