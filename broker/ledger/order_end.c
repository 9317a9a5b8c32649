/*
 * What is open about an order's targets comes to its end.
 *
 * Deliveries end recalled, and their senders are told nothing. What runs on clocks of its
 * own is found through the referrals and persons; a clock that was forgotten would point
 * at rows that are gone. A consent of which the message is named ends as one that is entered in
 * error does: what waits under it is about others, and their senders hear of it as ever.
 */
#include <string.h>

#include "consent/revoke.h"
#include "ledger/attached.h"
#include "ledger/idempotency.h"
#include "ledger/job.h"
#include "ledger/lease.h"
#include "ledger/order_row.h"
#include "ledger/outcome_check.h"
#include "ledger/person_decision.h"
#include "ledger/reconsider.h"
#include "ledger/review.h"
#include "ledger/sought.h"
#include "ledger/state.h"
#include "ledger/task.h"
#include "ledger/timer.h"
#include "referral/appointment.h"

#define PASSED_PER_TURN 16 /* that are about something else: they cost less */

/* ---- deliveries ---- */

/* Over all that are open. */
struct walk {
	const struct order_about *about;
	struct sought ids; /* of it */
	bool expunged, in_slices;
	uint64_t next, until;
};

/* What the exchange itself says names what it is about in its text. */
static int own_touches(struct ledger *ledger, const struct sought *ids,
		       const struct delivery *delivery, bool *ret)
{
	struct tc_slice packed;
	uint8_t key[8];
	int r;

	tc_put_be64(key, delivery->id);
	r = ledger_get(ledger, LEDGER_TABLE_OWN, tc_slice(key, sizeof(key)), &packed);
	if (r == 0)
		*ret = sought_in(ids, packed);
	return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
}

/* Is the recipient one of those that a seal names? */
static int may_see(struct ledger *ledger, const struct order_about *about, uint32_t recipient,
		   bool *ret)
{
	struct principal *principal;
	int r = principal_get(ledger, recipient, &principal);

	for (size_t i = 0; r == 0 && !*ret && i < about->said->n_seen_by; i++)
		*ret = strcmp(about->said->seen_by[i], principal->name.name) == 0;
	return r;
}

/* One look at each of many: most are about none of these. */
static int end_if_touched(struct ledger *ledger, const struct walk *walk, struct delivery *delivery,
			  bool *ret_ended)
{
	bool touched = order_about_touches(walk->about, delivery->subject, delivery->referral,
					   delivery->message);
	bool seen = false;
	int r = 0;

	if (!touched && delivery->own)
		r = own_touches(ledger, &walk->ids, delivery, &touched);
	if (r == 0 && touched && !walk->expunged)
		r = may_see(ledger, walk->about, delivery->recipient, &seen);
	*ret_ended = r == 0 && touched && !seen;
	return *ret_ended ? attached_recall(ledger, delivery) : r;
}

/* From walk->next on: those of records before walk->until. 0, JOB_MORE or a fault. */
static int walk_on(struct ledger *ledger, struct walk *walk)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	uint8_t from[8];
	unsigned passed = 0;
	bool more = false;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_DELIVERY],
				  tc_slice(NULL, 0), STORE_FORWARD);

	tc_put_be64(from, walk->next);
	if (r == 0)
		r = store_cursor_seek(&cursor, tc_slice(from, sizeof(from)));
	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct delivery delivery;
		bool ended = false;

		more = walk->in_slices && passed % PASSED_PER_TURN == 0 && !job_take_turn(ledger);
		if (more)
			break;
		if (!delivery_read(key, value, &delivery))
			r = TC_ECORRUPT;
		else if (delivery.sequence <= walk->until)
			r = end_if_touched(ledger, walk, &delivery, &ended);
		walk->next = delivery.id + 1;
		passed = ended ? 0 : passed + 1;
	}
	store_cursor_done(&cursor);
	return more ? JOB_MORE : r == STORE_NOT_FOUND ? 0 : r;
}

static int walk_deliveries(struct ledger *ledger, struct walk *walk)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < walk->about->count; i++)
		r = sought_add(&walk->ids, walk->about->ids[i].id);
	if (r == 0)
		r = walk_on(ledger, walk);
	sought_done(&walk->ids);
	return r;
}

int order_end_deliveries(struct ledger *ledger, const struct order_about *about)
{
	struct walk walk = {.about = about, .expunged = true, .until = UINT64_MAX};

	return walk_deliveries(ledger, &walk);
}

/* Also those that were made of older ones since: they go on under the record of their message. */
int order_job(struct ledger *ledger, struct job *job)
{
	struct order_tables tables = order_tables_of(ledger);
	struct order_about about;
	struct walk walk = {
		.about = &about, .in_slices = true, .next = job->cursor, .until = job->sequence};
	struct order order;
	int r = order_find(ledger->txn, tables.orders, job->about, &order);

	if (r == 0 && order.status != ORDER_IN_FORCE)
		return 0; /* lifted, or executed: that came to all of it */
	walk.expunged = order.kind == THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_EXPUNGE;
	if (r == 0)
		r = order_about_read(&ledger->arena, ledger->txn, &tables, order.packed, &about);
	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	r = walk_deliveries(ledger, &walk);
	job->cursor = walk.next;
	return r;
}

/* ---- places ---- */

/* Those that its target holds for it: a place is offered by whoever has it. */
static int end_leases_of(struct ledger *ledger, struct tc_id id)
{
	const struct store_table held = ledger->table[LEDGER_TABLE_LEASE_HOLDER];
	const struct principal *provider;
	struct referral referral;
	struct tc_id at = {{0}};
	int r = referral_find(ledger->txn, &ledger->referral, id, &referral);

	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	provider = principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				  tc_slice_text(referral.target.name));
	while (provider != NULL && r == 0 &&
	       (r = lease_next(ledger->txn, held, provider->number, at, &at)) == 0) {
		struct lease lease;

		r = lease_find(ledger->txn, ledger->table[LEDGER_TABLE_LEASE], at, &lease);
		if (r > 0)
			return TC_ECORRUPT;
		if (r == 0 && tc_id_equal(lease.referral, id))
			r = lease_end(ledger, &lease, LEASE_RELEASED, 0);
	}
	return r == LEASE_UNKNOWN ? 0 : r;
}

static int end_leases(struct ledger *ledger, const struct order_about *about)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < about->count; i++)
		if (about->ids[i].kind == ORDER_TARGET_REFERRAL)
			r = end_leases_of(ledger, about->ids[i].id);
	return r;
}

/* ---- clocks ---- */

static int stop_meetings(struct ledger *ledger, struct tc_id referral)
{
	struct appointment at, after;
	int r = appointment_next(ledger->txn, &ledger->referral, referral, NULL, &at);

	while (r == 0) {
		if (at.alarm_ms != 0)
			r = timer_drop(ledger, at.alarm_ms, TIMER_APPOINTMENT, at.key);
		after = at;
		if (r == 0)
			r = appointment_next(ledger->txn, &ledger->referral, referral, &after, &at);
	}
	return r == APPOINTMENT_UNKNOWN ? 0 : r;
}

static int stop_referral(struct ledger *ledger, struct tc_id id)
{
	struct outcome_check check;
	struct referral referral;
	int r = referral_find(ledger->txn, &ledger->referral, id, &referral);

	if (r == REFERRAL_UNKNOWN)
		return 0;
	if (r == 0 && referral.alarm_ms != 0)
		r = timer_drop(ledger, referral.alarm_ms, TIMER_REFERRAL, id);
	if (r == 0)
		r = stop_meetings(ledger, id);
	for (unsigned n = 0; r == 0 && n < OUTCOME_KINDS * OUTCOME_TIMES; n++) {
		r = outcome_check_find(ledger->txn, ledger->table[LEDGER_TABLE_OUTCOME_CHECK], id,
				       n, &check);
		if (r == 0 && check.ask_ms != 0)
			r = timer_drop(ledger, check.ask_ms, TIMER_OUTCOME, check.id);
		if (r == OUTCOME_CHECK_NONE)
			r = 0;
	}
	return r;
}

/* A merge whose time has not come. */
static int stop_person(struct ledger *ledger, struct tc_id subject)
{
	struct order_tables tables = order_tables_of(ledger);
	struct person_decision decision = {.sequence = 0};
	int r;

	while ((r = person_decision_next(ledger->txn, &tables.decisions, subject, decision.sequence,
					 &decision)) == 0) {
		if (decision.kind == PERSON_MERGE && decision.state == PERSON_PENDING)
			r = timer_drop(ledger, decision.effective_ms, TIMER_PERSON,
				       decision.message);
		if (r < 0)
			return r;
	}
	return r == PERSON_DECISION_NONE ? 0 : r;
}

static int stop_clocks(struct ledger *ledger, const struct order_about *about)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < about->count; i++) {
		if (about->ids[i].kind == ORDER_TARGET_REFERRAL)
			r = stop_referral(ledger, about->ids[i].id);
		else if (about->ids[i].kind == ORDER_TARGET_SUBJECT)
			r = stop_person(ledger, about->ids[i].id);
	}
	return r;
}

/* ---- consents ---- */

/* Whoever said one under this id. */
static int end_consents_of(struct ledger *ledger, struct tc_id message)
{
	struct grant_changes changes = {.expunged = message};
	struct receipt receipt;
	uint32_t sender = 0;
	int r;

	while ((r = idempotency_next(ledger, message, &sender, &receipt)) == 0) {
		r = consent_expunge(ledger->txn, &ledger->consent, receipt.subject,
				    receipt.sequence, ledger->now_ms, &changes);
		if (r < 0)
			break;
	}
	if (r == IDEMPOTENCY_NEW)
		r = reconsider_grants(ledger, &changes);
	grant_changes_free(&changes);
	return r;
}

static int end_consents(struct ledger *ledger, const struct order_about *about)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < about->count; i++)
		if (about->ids[i].kind == ORDER_TARGET_MESSAGE)
			r = end_consents_of(ledger, about->ids[i].id);
	return r;
}

/* ---- */

int order_end_kept(struct ledger *ledger, const struct order_about *about)
{
	int r = task_forget(ledger, about);

	if (r == 0)
		r = review_forget(ledger, about);
	if (r == 0)
		r = end_leases(ledger, about);
	if (r == 0)
		r = stop_clocks(ledger, about);
	return r == 0 ? end_consents(ledger, about) : r;
}
