#include "ledger/task.h"

#include <stdio.h>
#include <string.h>

#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/job.h"
#include "ledger/order_row.h"
#include "ledger/outcome_check.h"
#include "ledger/own_message.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/task_row.h"
#include "ledger/timer.h"
#include "referral/calendar.h"
#include "referral/clock.h"
#include "wire/actor.h"

#define TASK_SPAN_MS_MIN (3600LL * 1000) /* of one that was opened when it was due already */

/* The answers that each kind takes. Of one without any, the answer is a message of its own. */
static const struct {
	enum task_kind kind;
	const char *results[5];
} task_results[] = {
	{TASK_ACKNOWLEDGE, {"acknowledged", "cannot"}},
	{TASK_ATTEST, {"returned", "destroyed", "segregated", "cannot"}},
	{TASK_VERIFY, {"cannot"}},
	{TASK_DISCREPANCY, {"resolved", "cannot"}},
	{TASK_REPORT, {"acknowledged", "cannot"}},
	{TASK_HANDOVER, {"acknowledged", "resolved", "cannot"}},
	{TASK_NOTIFY, {"acknowledged", "cannot"}},
};

#define TASK_KINDS (sizeof(task_results) / sizeof(task_results[0]))

/* ---- rows ---- */

static int task_find(struct ledger *ledger, uint64_t delivery, struct task *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	task_row_key(&key, delivery);
	r = ledger_get(ledger, LEDGER_TABLE_TASK, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	return task_row_read(store_key_slice(&key), value, ret) ? 0 : TC_ECORRUPT;
}

static int task_put(struct ledger *ledger, const struct task *task)
{
	struct row_writer row;
	struct store_key key;

	task_row_put(&row, task);
	task_row_key(&key, task->delivery);
	return ledger_put(ledger, LEDGER_TABLE_TASK, store_key_slice(&key), row_slice(&row));
}

/* Under which an open one is found. */
static const struct {
	enum ledger_table table;
	void (*key)(struct store_key *key, const struct task *task);
	enum task_kind only; /* 0: of every kind */
} task_indexes[] = {
	{LEDGER_TABLE_TASK_OPEN, task_open_key, 0},
	{LEDGER_TABLE_TASK_MESSAGE, task_message_key, 0},
	{LEDGER_TABLE_TASK_REFERRAL, task_referral_key, 0},
	{LEDGER_TABLE_TASK_ALERT, task_alert_key, TASK_ACKNOWLEDGE},
};

#define TASK_INDEXES (sizeof(task_indexes) / sizeof(task_indexes[0]))

static int task_index(struct ledger *ledger, const struct task *task, bool add)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < TASK_INDEXES; i++) {
		struct store_key key;

		if (task_indexes[i].only != 0 && task_indexes[i].only != task->kind)
			continue;
		task_indexes[i].key(&key, task);
		r = add ? ledger_put(ledger, task_indexes[i].table, store_key_slice(&key),
				     tc_slice(NULL, 0))
			: ledger_del(ledger, task_indexes[i].table, store_key_slice(&key));
	}
	return r;
}

static int task_fact(struct ledger *ledger, const struct task *task, const char *event,
		     const char *code)
{
	struct principal *owner;
	struct fact_draft draft;
	int r = principal_get(ledger, task->owner, &owner);

	if (r < 0)
		return r;
	fact_init(&draft, event);
	fact_text(&draft.row.agency, owner->name.name);
	fact_text(&draft.row.actor, task->done_by);
	fact_text(&draft.row.code, code);
	fact_message(&draft, task->message);
	fact_subject(&draft, task->subject);
	fact_referral(&draft, task->referral);
	return fact_push(ledger, &draft);
}

static bool task_is_open(const struct task *task)
{
	return task->status == TASK_OPEN || task->status == TASK_OVERDUE;
}

/* ---- the life of a task ---- */

int task_due(struct ledger *ledger, uint32_t owner, unsigned days, int64_t *ret_ms)
{
	const struct clock_book *book = ledger->referral.book;
	const struct calendar *calendar = NULL;
	struct principal *principal;
	int r = principal_get(ledger, owner, &principal);

	if (r < 0)
		return r;
	if (book != NULL && book->find != NULL)
		calendar = book->find(book->context, &principal->name);
	*ret_ms = calendar_after(calendar, ledger->now_ms, days);
	return 0;
}

int task_open(struct ledger *ledger, struct task *task)
{
	struct store_key key;
	int r;

	if (task->delivery == 0)
		task->delivery = ledger->next_delivery++;
	task->status = TASK_OPEN;
	task->alarm_ms = task->due_ms;
	r = task_put(ledger, task);
	if (r == 0)
		r = task_index(ledger, task, true);
	task_owner_key(&key, task);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_TASK_OWNER, store_key_slice(&key),
			       tc_slice(NULL, 0));
	if (r == 0)
		r = timer_set(ledger, task->alarm_ms, TIMER_TASK, timer_delivery(task->delivery));
	return r < 0 ? r : task_fact(ledger, task, "task", task_kind_name(task->kind));
}

/* To whoever asked, about the message that it sent. */
static int task_tell(struct ledger *ledger, const struct task *task,
		     Throughcare__V1__EvidenceKind kind, const char *code)
{
	struct evidence_about about = {
		.message = task->cause,
		.subject = task->subject,
		.referral = task->referral,
		.recipient = task->owner,
	};

	if (task->asker == 0 || tc_id_is_none(task->cause))
		return 0;
	return evidence_say(ledger, task->asker, &about, kind, code);
}

static int task_end(struct ledger *ledger, struct task *task, enum task_status status,
		    const char *result)
{
	int r = task_index(ledger, task, false);

	if (r == 0)
		r = timer_drop(ledger, task->alarm_ms, TIMER_TASK, timer_delivery(task->delivery));
	task->status = status;
	task->done_ms = ledger->now_ms;
	snprintf(task->result, sizeof(task->result), "%s", result);
	if (r == 0)
		r = task_put(ledger, task);
	return r < 0 ? r : task_fact(ledger, task, "task_done", result);
}

static int task_answer(struct ledger *ledger, struct task *task, const char *result,
		       struct tc_slice by)
{
	int r;

	if (!task_is_open(task))
		return 0;
	tc_slice_copy(by, task->done_by, sizeof(task->done_by));
	r = task_end(ledger, task, TASK_DONE, result);
	return r < 0 ? r
		     : task_tell(ledger, task,
				 THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_ACKNOWLEDGED,
				 result);
}

int task_close(struct ledger *ledger, uint64_t delivery, const char *result, const char *by)
{
	struct task task;
	int r = task_find(ledger, delivery, &task);

	return r < 0 ? r : task_answer(ledger, &task, result, tc_slice_text(by));
}

/* The first open one, or STORE_NOT_FOUND. */
static int task_of_message(struct ledger *ledger, uint32_t owner, struct tc_id message,
			   enum task_kind kind, struct task *ret)
{
	struct store_cursor cursor;
	struct store_key prefix;
	struct tc_slice key;
	int r;

	store_key_init(&prefix);
	store_key_u32(&prefix, owner);
	store_key_id(&prefix, message);
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_TASK_MESSAGE],
			      store_key_slice(&prefix), STORE_FORWARD);
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		r = key.len == prefix.len + 8
			    ? task_find(ledger, tc_get_be64(key.data + prefix.len), ret)
			    : TC_ECORRUPT;
		if (r == 0 && ret->kind == kind)
			break;
	}
	store_cursor_done(&cursor);
	return r;
}

int task_withdraw_message(struct ledger *ledger, uint32_t owner, struct tc_id message,
			  enum task_kind kind)
{
	struct task task;
	int r;

	while ((r = task_of_message(ledger, owner, message, kind, &task)) == 0) {
		r = task_end(ledger, &task, TASK_WITHDRAWN, "withdrawn");
		if (r < 0)
			return r;
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

int task_close_message(struct ledger *ledger, uint32_t owner, struct tc_id message,
		       enum task_kind kind, const char *result, const char *by)
{
	struct task task;
	int r;

	while ((r = task_of_message(ledger, owner, message, kind, &task)) == 0) {
		r = task_answer(ledger, &task, result, tc_slice_text(by));
		if (r < 0)
			return r;
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

int task_withdraw_referral(struct ledger *ledger, struct tc_id referral, uint32_t owner)
{
	struct job job = {.kind = JOB_WITHDRAW, .about = referral, .principal = owner};

	return job_start(ledger, &job);
}

/* Those that were there when the job began: what is asked later is asked anew, and passed by. */
int task_job(struct ledger *ledger, struct job *job)
{
	struct store_cursor cursor;
	struct store_key prefix, from;
	struct tc_slice key;
	bool more = false;
	int r;

	store_key_init(&prefix);
	store_key_id(&prefix, job->about);
	from = prefix;
	if (job->principal != 0)
		store_key_u32(&prefix, job->principal);
	store_key_u32(&from, job->number > job->principal ? job->number : job->principal);
	store_key_u64(&from, job->cursor);
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_TASK_REFERRAL],
			      store_key_slice(&prefix), STORE_FORWARD);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct task task;

		if (key.len != sizeof(job->about.bytes) + 12)
			r = TC_ECORRUPT;
		else
			more = !job_take_turn(ledger);
		if (r != 0 || more)
			break;
		r = task_find(ledger, tc_get_be64(key.data + key.len - 8), &task);
		job->number = task.owner;
		job->cursor = task.delivery + 1;
		if (r == 0 && task.delivery < job->bound)
			r = task_end(ledger, &task, TASK_WITHDRAWN, "withdrawn");
	}
	store_cursor_done(&cursor);
	return more ? JOB_MORE : r == STORE_NOT_FOUND ? 0 : r;
}

static int task_remove(struct ledger *ledger, const struct task *task)
{
	struct store_key key;
	int r = task_index(ledger, task, false);

	if (r == 0)
		r = timer_drop(ledger, task->alarm_ms, TIMER_TASK, timer_delivery(task->delivery));
	task_owner_key(&key, task);
	if (r == 0)
		r = ledger_del(ledger, LEDGER_TABLE_TASK_OWNER, store_key_slice(&key));
	task_row_key(&key, task->delivery);
	return r < 0 ? r : ledger_del(ledger, LEDGER_TABLE_TASK, store_key_slice(&key));
}

int task_forget(struct ledger *ledger, const struct order_about *about)
{
	struct store_cursor cursor;
	struct tc_slice key;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_TASK_OPEN],
				  tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct task task;

		r = key.len > 8 ? task_find(ledger, tc_get_be64(key.data + key.len - 8), &task)
				: TC_ECORRUPT;
		if (r != 0)
			break;
		if (order_about_touches(about, task.subject, task.referral, task.message) ||
		    order_about_has(about, ORDER_TARGET_MESSAGE, task.cause))
			r = task_remove(ledger, &task);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int task_escalate(struct ledger *ledger, const struct task *task, uint32_t to,
			 const char *owner)
{
	Throughcare__V1__ClockNotice content = THROUGHCARE__V1__CLOCK_NOTICE__INIT;
	Google__Protobuf__Timestamp due = own_message_time(task->due_ms);
	struct own_subject about = {"ClockNotice", task->subject, task->referral,
				    to == task->owner ? task->message : task->cause};

	if (to == 0)
		return 0;
	content.has_kind = content.has_times = 1;
	content.kind = THROUGHCARE__V1__CLOCK_NOTICE_KIND__CLOCK_NOTICE_KIND_ESCALATED;
	fact_text(&content.clock, "acknowledgement");
	content.due = &due;
	fact_text(&content.next_move, owner);
	content.times = task->times;
	return own_message_send(ledger, to, &about, &content.base, NULL);
}

static int task_overdue(struct ledger *ledger, const struct task *task)
{
	struct principal *owner;
	int r = task_fact(ledger, task, "task_overdue", task_kind_name(task->kind));

	if (r == 0 && task->times == 1 && task->kind == TASK_VERIFY)
		r = outcome_check_lapsed(ledger, task);
	if (r == 0 && task->times == 1)
		return task_tell(ledger, task,
				 THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_NOT_ACKNOWLEDGED,
				 NULL);
	if (r == 0)
		r = principal_get(ledger, task->owner, &owner);
	if (r == 0)
		r = task_escalate(ledger, task, task->owner, owner->name.name);
	return r < 0 || tc_id_is_none(task->cause)
		       ? r
		       : task_escalate(ledger, task, task->asker, owner->name.name);
}

int task_clock(struct ledger *ledger, uint64_t delivery)
{
	struct task task;
	int64_t span_ms;
	int r = task_find(ledger, delivery, &task);

	if (r < 0)
		return r;
	span_ms = task.due_ms - task.opened_ms;
	if (span_ms < TASK_SPAN_MS_MIN)
		span_ms = TASK_SPAN_MS_MIN;
	task.status = TASK_OVERDUE;
	task.times++;
	if (task.times < TASK_TIMES_MAX) {
		task.alarm_ms = ledger->now_ms + span_ms;
		r = timer_set(ledger, task.alarm_ms, TIMER_TASK, timer_delivery(task.delivery));
	}
	if (r == 0)
		r = task_put(ledger, &task);
	return r < 0 ? r : task_overdue(ledger, &task);
}

/* ---- the message ---- */

static int task_refuse(struct submission *submission, enum tc_refusal_code code, const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

static bool task_takes(enum task_kind kind, const char *result)
{
	for (size_t i = 0; i < TASK_KINDS; i++) {
		for (size_t k = 0; task_results[i].kind == kind && k < 5; k++) {
			const char *taken = task_results[i].results[k];

			if (taken != NULL && strcmp(taken, result) == 0)
				return true;
		}
	}
	return false;
}

/* Message ids are their senders' own, so that two tasks may have the same one: a reply that fits
 * answers both, and none can hide the other. */
static int task_reply(struct ledger *ledger, struct submission *submission, struct tc_id message,
		      const char *result)
{
	bool found = false, fits = false;
	struct store_cursor cursor;
	struct store_key prefix;
	struct tc_slice key;
	int r;

	store_key_init(&prefix);
	store_key_u32(&prefix, submission->sender->number);
	store_key_id(&prefix, message);
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_TASK_MESSAGE],
			      store_key_slice(&prefix), STORE_FORWARD);
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct task task;

		r = key.len == prefix.len + 8
			    ? task_find(ledger, tc_get_be64(key.data + prefix.len), &task)
			    : TC_ECORRUPT;
		found = true;
		if (r < 0 || !task_takes(task.kind, result))
			continue;
		fits = true;
		r = task_answer(ledger, &task, result, submission->header.actor_id);
	}
	store_cursor_done(&cursor);
	if (r < 0)
		return r;
	if (!found)
		return task_refuse(submission, TC_REFUSAL_UNKNOWN_TASK, "message_id");
	return fits ? 0 : task_refuse(submission, TC_REFUSAL_FIELD_INVALID, "result_code");
}

int task_submit(struct ledger *ledger, struct submission *submission)
{
	Throughcare__V1__TaskReply *document = throughcare__v1__task_reply__unpack(
		&ledger->arena.allocator, submission->record->body.len,
		submission->record->body.data);
	struct tc_id message;

	if (document == NULL)
		return task_refuse(submission, TC_REFUSAL_MALFORMED, "TaskReply");
	if (!tc_id_parse(tc_slice_text(document->message_id), &message))
		return task_refuse(submission, TC_REFUSAL_FIELD_INVALID, "message_id");
	if (!tc_actor_named(submission->header.actor_id))
		return task_refuse(submission, TC_REFUSAL_FIELD_MISSING, "header.actor.id");
	return task_reply(ledger, submission, message, document->result_code);
}
