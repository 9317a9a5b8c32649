#include "ledger/job.h"

#include <string.h>

#include "consent/consent_event.h"
#include "ledger/calendars.h"
#include "ledger/case.h"
#include "ledger/cross.h"
#include "ledger/dispatch.h"
#include "ledger/evidence.h"
#include "ledger/feed.h"
#include "ledger/job_row.h"
#include "ledger/mailbox.h"
#include "ledger/order.h"
#include "ledger/reconsider.h"
#include "ledger/state.h"
#include "ledger/task.h"
#include "ledger/transfer.h"
#include "ledger/user_policy.h"
#include "ledger/waiter.h"

#define JOB_PASSED_PER_VISIT 16 /* rows that are only passed by cost less */
#define JOB_EVENT_GRANTS     32 /* at a time: what they set off has its turn in between */
#define JOB_EVENT_OPEN_MAX   64 /* other jobs, before an event sets off more than a few */

/* ---- after opening ---- */

int job_load(struct ledger *ledger)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_JOB],
				  tc_slice(NULL, 0), STORE_FORWARD);

	ledger->job_count = ledger->orders_ending = 0;
	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct principal *principal;
		struct job job;

		r = job_read(key, value, &job);
		if (r == 0 && job.kind == JOB_DISPATCH) {
			r = principal_get(ledger, job.principal, &principal);
			if (r == 0)
				principal->stalled = true;
		}
		ledger->job_count++;
		ledger->orders_ending += r == 0 && job.kind == JOB_ORDER;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- one slice of one job ---- */

bool job_take_turn(struct ledger *ledger)
{
	if (ledger->job_budget == 0)
		return false;
	ledger->job_budget--;
	return true;
}

static int job_notify(struct ledger *ledger, struct job *job)
{
	struct store_cursor cursor;
	struct store_key from;
	struct tc_slice key;
	bool more = false;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_GRANT_USE],
				  tc_slice(job->about.bytes, sizeof(job->about.bytes)),
				  STORE_FORWARD);

	store_key_init(&from);
	store_key_id(&from, job->about);
	store_key_u32(&from, (uint32_t)job->cursor);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		uint32_t recipient = key.len == 20 ? tc_get_be32(key.data + 16) : 0;

		if (recipient == 0)
			r = TC_ECORRUPT;
		else
			more = !job_take_turn(ledger);
		if (r != 0 || more)
			break;
		job->cursor = (uint64_t)recipient + 1;
		if (job->principal == 0 || job->principal == recipient)
			r = evidence_consent_notice(ledger, recipient, job->about, job->subject,
						    true, job->effective_ms);
	}
	store_cursor_done(&cursor);
	return more ? JOB_MORE : r == STORE_NOT_FOUND ? 0 : r;
}

int job_walk_waiting(struct ledger *ledger, struct job *job, struct tc_id subject, job_visit visit)
{
	struct store_cursor cursor;
	struct store_key from;
	struct tc_slice key;
	bool more = false;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_WAITING],
				  tc_slice(subject.bytes, sizeof(subject.bytes)), STORE_FORWARD);

	store_key_init(&from);
	store_key_id(&from, subject);
	store_key_u64(&from, job->cursor);
	if (r == 0)
		r = store_cursor_seek(&cursor, store_key_slice(&from));
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct delivery delivery;
		uint64_t id = key.len == 24 ? tc_get_be64(key.data + 16) : 0;

		if (id >= job->bound)
			break;
		more = !job_take_turn(ledger);
		if (more)
			break;
		r = delivery_find(ledger, id, &delivery);
		if (r != 0) {
			r = r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
			break;
		}
		job->cursor = id + 1;
		r = visit(ledger, job, &delivery);
	}
	store_cursor_done(&cursor);
	return more ? JOB_MORE : r == STORE_NOT_FOUND ? 0 : r;
}

static int job_reconsider(struct ledger *ledger, const struct job *job, struct delivery *delivery)
{
	return reconsider_delivery(ledger, delivery, job->ended);
}

static int job_visit_subject(struct ledger *ledger, struct job *job)
{
	return job_walk_waiting(ledger, job, job->about, job_reconsider);
}

static bool job_concerns(const struct job *job, const struct delivery *delivery)
{
	switch (job->kind) {
	case JOB_SUBJECT:
		return tc_id_equal(job->about, delivery->subject);
	case JOB_AGENCY:
		return job->principal == delivery->sender || job->principal == delivery->recipient;
	case JOB_EVERYTHING:
		return true;
	case JOB_EVENT:
		return strcmp(job->name, delivery->proceeding) == 0 &&
		       (tc_id_is_none(job->subject) ||
			tc_id_equal(job->subject, delivery->subject));
	case JOB_FORWARD:
		return (job->principal == delivery->recipient ||
			job->number == delivery->recipient) &&
		       tc_id_equal(job->about, delivery->referral) &&
		       tc_id_equal(job->subject, delivery->subject);
	case JOB_NOTICE:
	case JOB_DISPATCH:
	case JOB_UNMERGE:
	case JOB_ASSIGN:
	case JOB_FEEDS:
	case JOB_CALENDAR:
	case JOB_WITHDRAW:
	case JOB_BRIEFS:
	case JOB_POLICY:
	case JOB_ORDER:
		break;
	}
	return false;
}

/* Those of an agency stand under no key of its own: entries of the registry change rarely, and what
 * does not concern it is only passed by. */
static int job_visit_all(struct ledger *ledger, struct job *job)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	uint8_t from[8];
	unsigned passed = 0;
	bool more = false;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_DELIVERY],
				  tc_slice(NULL, 0), STORE_FORWARD);

	tc_put_be64(from, job->cursor);
	if (r == 0)
		r = store_cursor_seek(&cursor, tc_slice(from, sizeof(from)));
	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct delivery delivery;
		bool visit;

		if (!delivery_read(key, value, &delivery))
			r = TC_ECORRUPT;
		else if (delivery.id >= job->bound)
			break;
		visit = r == 0 && !delivery.own && job_concerns(job, &delivery);
		if (r == 0 && (visit || passed++ % JOB_PASSED_PER_VISIT == 0))
			more = !job_take_turn(ledger);
		if (r != 0 || more)
			break;
		job->cursor = delivery.id + 1;
		if (visit)
			r = reconsider_delivery(ledger, &delivery, job->ended);
	}
	store_cursor_done(&cursor);
	return more ? JOB_MORE : r == STORE_NOT_FOUND ? 0 : r;
}

static int job_dispatch(struct ledger *ledger, struct job *job)
{
	struct principal *principal;
	int r = principal_get(ledger, job->principal, &principal);

	if (r < 0)
		return r;
	principal->stalled = false;
	dispatch_want(ledger, principal);
	return 0;
}

/* Some grants, and at once what follows for what waits under them. */
static int job_reach(struct ledger *ledger, const struct job *job, unsigned most)
{
	struct grant_changes changes = {0};
	unsigned visited;
	int r = consent_event_step(ledger->txn, &ledger->consent, job->name, job->sequence,
				   job->number, most, &changes, &visited);
	int followed;

	ledger->job_budget -= visited < ledger->job_budget ? visited : ledger->job_budget;
	followed = r < 0 ? r : reconsider_grants(ledger, &changes);
	grant_changes_free(&changes);
	if (followed < 0)
		return followed;
	return r == CONSENT_EVENT_MORE ? JOB_MORE : 0;
}

static int job_follow_event(struct ledger *ledger, struct job *job)
{
	int r = JOB_MORE;

	while (r == JOB_MORE && ledger->job_budget > 0) {
		bool crowded = ledger->job_count > JOB_EVENT_OPEN_MAX;
		unsigned most = crowded ? 1 : JOB_EVENT_GRANTS;

		r = job_reach(ledger, job, most < ledger->job_budget ? most : ledger->job_budget);
		if (crowded)
			break;
	}
	return r;
}

static int (*const bodies[])(struct ledger *ledger, struct job *job) = {
	[JOB_NOTICE] = job_notify,      [JOB_SUBJECT] = job_visit_subject,
	[JOB_AGENCY] = job_visit_all,   [JOB_EVERYTHING] = job_visit_all,
	[JOB_DISPATCH] = job_dispatch,  [JOB_EVENT] = job_follow_event,
	[JOB_UNMERGE] = cross_job,      [JOB_ASSIGN] = case_job,
	[JOB_FEEDS] = feeds_job,        [JOB_CALENDAR] = calendars_job,
	[JOB_WITHDRAW] = task_job,      [JOB_FORWARD] = transfer_job,
	[JOB_BRIEFS] = case_briefs_job, [JOB_POLICY] = user_policy_job,
	[JOB_ORDER] = order_job,
};

/* 0: it is done. JOB_MORE, or a fault. What it sets off may have its own first slice within. */
static int job_step(struct ledger *ledger, struct job *job)
{
	const struct job *outer = ledger->job;
	int r = TC_ECORRUPT;

	ledger->job = job;
	if ((size_t)job->kind < sizeof(bodies) / sizeof(bodies[0]) && bodies[job->kind] != NULL)
		r = bodies[job->kind](ledger, job);
	ledger->job = outer;
	return r;
}

/* ---- starting, and going on ---- */

int job_start(struct ledger *ledger, struct job *job)
{
	int r = JOB_MORE;

	job->sequence = ledger->sequence;
	job->index = ledger->job_index++;
	job->cursor = 0;
	job->bound = ledger->next_delivery;
	ledger->orders_ending += job->kind == JOB_ORDER;
	if (job->kind != JOB_DISPATCH)
		r = job_step(ledger, job);
	if (r != JOB_MORE) {
		ledger->orders_ending -= job->kind == JOB_ORDER;
		return r;
	}
	ledger->job_count++;
	return job_put(ledger, job);
}

static int job_next_order(struct ledger *ledger, struct job *ret)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_JOB],
				  tc_slice(NULL, 0), STORE_FORWARD);

	do {
		if (r == 0)
			r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = job_read(key, value, ret);
	} while (r == 0 && ret->kind != JOB_ORDER);
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
}

/* The first one after the cause whose turn it was, round and round; orders before all. */
static int job_next(struct ledger *ledger, struct job *ret)
{
	const struct store_table jobs = ledger->table[LEDGER_TABLE_JOB];
	struct store_key after;
	struct tc_slice key, value;
	int r;

	if (ledger->orders_ending > 0)
		return job_next_order(ledger, ret);
	job_key(&after, ledger->job_turn + 1, 0);
	r = store_from(ledger->txn, jobs, tc_slice(NULL, 0), store_key_slice(&after), &key, &value);
	if (r == STORE_NOT_FOUND)
		r = store_first(ledger->txn, jobs, tc_slice(NULL, 0), &key, &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	return job_read(key, value, ret);
}

static int job_done(struct ledger *ledger, const struct job *job)
{
	struct store_key key;
	bool awaited;
	int r;

	job_key(&key, job->sequence, job->index);
	r = ledger_del(ledger, LEDGER_TABLE_JOB, store_key_slice(&key));
	ledger->job_count--;
	ledger->orders_ending -= job->kind == JOB_ORDER;
	if (r < 0 || !job->awaited)
		return r;
	r = job_awaited(ledger, job->sequence, &awaited);
	return r < 0 || awaited ? r : waiters_answer(ledger, job->sequence);
}

int job_run(struct ledger *ledger)
{
	while (ledger->job_count > 0 && ledger->job_budget > 0) {
		struct job job;
		int r = job_next(ledger, &job);

		if (r < 0)
			return r;
		if (job.kind == JOB_DISPATCH)
			ledger->job_budget--;
		r = job_step(ledger, &job);
		if (r == 0) {
			r = job_done(ledger, &job);
		} else if (r == JOB_MORE) {
			ledger->job_turn = job.sequence;
			r = job_put(ledger, &job);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- asking ---- */

int job_awaited(struct ledger *ledger, uint64_t sequence, bool *ret)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	uint8_t prefix[8];
	int r;

	*ret = false;
	if (ledger->job_count == 0)
		return 0;
	tc_put_be64(prefix, sequence);
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_JOB],
			      tc_slice(prefix, sizeof(prefix)), STORE_FORWARD);
	while (r == 0 && !*ret && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct job job;

		r = job_read(key, value, &job);
		if (r == 0)
			*ret = job.awaited;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* Every open job that has yet to come to a delivery of this kind, one after the other. */
struct job_search {
	struct store_cursor cursor;
	const struct delivery *delivery;
};

static int job_search_next(struct ledger *ledger, struct job_search *search, struct job *ret)
{
	struct tc_slice key, value;
	int r;

	while ((r = store_cursor_next(&search->cursor, &key, &value)) == 0) {
		const struct job *running = ledger->job;

		r = job_read(key, value, ret);
		if (r < 0)
			return r;
		if (running != NULL && running->sequence == ret->sequence &&
		    running->index == ret->index)
			continue; /* it comes to them in order */
		if (job_concerns(ret, search->delivery))
			return 0;
	}
	return r;
}

/* Is there one that comes to this very delivery, and is such a one? */
static int job_any(struct ledger *ledger, const struct delivery *delivery,
		   bool (*such)(const struct job *job, const struct delivery *delivery), bool *ret)
{
	struct job_search search = {.delivery = delivery};
	struct job job;
	int r;

	*ret = false;
	if (ledger->job_count == 0)
		return 0;
	r = store_cursor_init(&search.cursor, ledger->txn, ledger->table[LEDGER_TABLE_JOB],
			      tc_slice(NULL, 0), STORE_FORWARD);
	while (r == 0 && !*ret && (r = job_search_next(ledger, &search, &job)) == 0)
		*ret = delivery->id >= job.cursor && delivery->id < job.bound &&
		       such(&job, delivery);
	store_cursor_done(&search.cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

static bool ends_it(const struct job *job, const struct delivery *delivery)
{
	(void)delivery;
	return job->ended;
}

int job_recalls(struct ledger *ledger, const struct delivery *delivery, bool *ret)
{
	return job_any(ledger, delivery, ends_it, ret);
}

static bool takes_it_on(const struct job *job, const struct delivery *delivery)
{
	return job->kind == JOB_FORWARD && job->principal == delivery->recipient;
}

int job_forwards(struct ledger *ledger, const struct delivery *delivery, bool *ret)
{
	return job_any(ledger, delivery, takes_it_on, ret);
}

int job_behind(struct ledger *ledger, const struct delivery *delivery, bool *ret)
{
	struct job_search search = {.delivery = delivery};
	struct job job;
	int r;

	*ret = false;
	if (ledger->job_count == 0 || tc_id_is_none(delivery->referral))
		return 0;
	r = store_cursor_init(&search.cursor, ledger->txn, ledger->table[LEDGER_TABLE_JOB],
			      tc_slice(NULL, 0), STORE_FORWARD);
	while (r == 0 && !*ret && (r = job_search_next(ledger, &search, &job)) == 0) {
		uint64_t first;

		if (job.kind == JOB_EVENT)
			continue; /* it comes to grants; what waits is for the jobs that it sets off
				   */
		r = mailbox_aside_first(ledger, delivery, job.cursor, &first);
		*ret = r == 0 && first != 0 && first < delivery->id && first < job.bound;
		/* What it brings comes from another lane. */
		*ret = *ret || (r == 0 && job.kind == JOB_FORWARD);
		if (*ret && job.bound <= delivery->id) {
			job.bound = delivery->id + 1;
			r = job_put(ledger, &job);
		}
	}
	store_cursor_done(&search.cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}
