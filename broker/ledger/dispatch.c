/*
 * The delivery machine. What a delivery row is worth, in the order in which it changes:
 * its place in a lane, in READY, its rows in WAITING and TIMER, the counts, the row
 * itself. A message for a recipient with credit passes all of it in one step and leaves
 * only its row: it has no lane mate, it is never ready, and it does not wait.
 */
#include "ledger/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/hold.h"
#include "ledger/job.h"
#include "ledger/lend.h"
#include "ledger/mailbox.h"
#include "ledger/offer.h"
#include "ledger/person.h"
#include "ledger/sealed.h"
#include "ledger/session.h"
#include "ledger/sources.h"
#include "ledger/state.h"
#include "ledger/timer.h"
#include "ledger/transition.h"

#define EVIDENCE(kind) THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_##kind

/* Whoever may not send now lets nothing go that it has sent before either: it waits. */
static int dispatch_suspend(struct ledger *ledger, struct principal *sender, struct decision *ret)
{
	bool suspended;
	int r = principal_suspended(ledger, sender, &suspended);

	if (r == 0 && suspended)
		decision_hold(ret, TC_REFUSAL_AGENCY_SUSPENDED);
	return r;
}

int dispatch_decide(struct ledger *ledger, const struct delivery *delivery, struct decision *ret)
{
	struct decision_request request = {
		.recipient_role = tc_slice_text(delivery->role),
		.recipient_person = tc_slice_text(delivery->person),
		.subject = delivery->subject,
		.purpose = delivery->purpose,
		.grant = delivery->grant,
		.legal = delivery->legal,
		.reference = tc_slice_text(delivery->reference),
		.actor = tc_slice_text(delivery->acted ? "named" : NULL),
		.proceeding = tc_slice_text(delivery->proceeding),
		.categories = delivery->categories,
		.part_count = delivery->part_count,
		.forbidden = delivery->forbidden,
		.message = true,
		.now_ms = ledger->now_ms,
	};
	struct person_tables persons = person_tables_of(ledger);
	struct tc_id also[PERSON_IDS_MAX];
	struct principal *sender, *recipient;
	int r;

	if (delivery->own) {
		*ret = (struct decision){.kind = DECISION_PERMIT, .parts_mask = 1};
		return 0;
	}
	r = principal_get(ledger, delivery->sender, &sender);
	if (r == 0)
		r = principal_get(ledger, delivery->recipient, &recipient);
	if (r < 0)
		return r;
	request.sender = &sender->name;
	request.recipient = &recipient->name;
	r = principal_agency_kind(ledger, sender, &request.sender_kind);
	if (r == 0)
		r = principal_agency_kind(ledger, recipient, &request.recipient_kind);
	if (r == 0)
		r = person_others(ledger->txn, &persons, delivery->subject, ledger->now_ms, also,
				  &request.also_count);
	request.also = also;
	if (r == 0)
		r = decision_take(ledger->txn, &ledger->consent, ledger->policy, &request, ret);
	if (r == 0)
		r = sources_decide(ledger, delivery, &request, ret);
	if (r == 0)
		r = sealed_decide(ledger, delivery, request.recipient, ret);
	if (r == 0)
		r = offer_decide(ledger, delivery, ret);
	return r < 0 ? r : dispatch_suspend(ledger, sender, ret);
}

void dispatch_rely(struct delivery *delivery, const struct decision *decision)
{
	delivery->parts_mask = decision->parts_mask;
	delivery->obligations = decision->obligations;
	delivery->rule_version = decision->rule_version;
	delivery->code = decision->code;
	_Static_assert(sizeof(delivery->basis) == sizeof(decision->basis), "the same text");
	memcpy(delivery->basis, decision->basis, sizeof(delivery->basis));
}

void dispatch_want(struct ledger *ledger, struct principal *principal)
{
	if (principal->waiting || principal->stalled)
		return;
	principal->waiting = true;
	principal->next_waiting = ledger->waiting;
	ledger->waiting = principal;
}

static bool dispatch_somebody_ready(const struct principal *principal)
{
	for (int i = 0; i < MAILBOX_PRIORITIES; i++) {
		if (principal->box.ready[i] != 0)
			return true;
	}
	return false;
}

/* A QUEUED delivery that nobody of its lane is before: lent out now, or made ready. With NULL for
 * `decision` it is always made ready first, and decided when its turn comes. */
static int dispatch_offer(struct ledger *ledger, struct delivery *delivery,
			  const struct decision *decision)
{
	struct principal *recipient;
	struct session *session;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	if (r < 0)
		return r;
	session = session_next_ready(recipient);
	if (session != NULL && ledger->orders_ending == 0 && !dispatch_somebody_ready(recipient) &&
	    (decision != NULL || delivery->own))
		return lend_delivery(ledger, session, delivery, decision);
	if (session != NULL)
		dispatch_want(ledger, recipient);
	r = mailbox_park(ledger, delivery);
	if (r == 0)
		r = mailbox_ready_add(ledger, delivery);
	return r < 0 ? r : delivery_put(ledger, delivery);
}

/* A NEW one is QUEUED, but beside its lane; others stay as they are. The job that is before it
 * comes to it. */
static int dispatch_stand_aside(struct ledger *ledger, struct delivery *delivery)
{
	int r = 0;

	if (delivery->state == DELIVERY_NEW)
		r = mailbox_enter(ledger, delivery, DELIVERY_QUEUED);
	if (r == 0)
		r = mailbox_aside_add(ledger, delivery);
	if (r == 0)
		r = mailbox_park(ledger, delivery);
	return r < 0 ? r : delivery_put(ledger, delivery);
}

int dispatch_enqueue(struct ledger *ledger, struct delivery *delivery,
		     const struct decision *decision)
{
	bool held = delivery->state == DELIVERY_HELD, first, behind;
	struct principal *recipient;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	if (r == 0)
		r = job_behind(ledger, delivery, &behind);
	if (r < 0)
		return r;
	if (delivery->state == DELIVERY_NEW)
		recipient->box.bytes += delivery->bytes;
	if (behind)
		return dispatch_stand_aside(ledger, delivery);
	if (held)
		r = hold_end(ledger, delivery);
	delivery->due_ms = 0;
	if (decision != NULL)
		dispatch_rely(delivery, decision);
	if (r == 0)
		r = mailbox_enter(ledger, delivery, DELIVERY_QUEUED);
	if (r == 0)
		r = mailbox_aside_drop(ledger, delivery);
	if (r == 0)
		r = mailbox_lane_join(ledger, delivery, &first);
	if (r == 0 && held)
		r = fact_delivery(ledger, "unheld", delivery, NULL);
	if (r == 0 && held)
		r = evidence_send(ledger, delivery, EVIDENCE(RELEASED), NULL);
	if (r < 0)
		return r;
	if (first)
		return dispatch_offer(ledger, delivery, decision);
	r = mailbox_park(ledger, delivery);
	return r < 0 ? r : delivery_put(ledger, delivery);
}

/* The next of a lane, when the one before it has gone. */
static int dispatch_promote(struct ledger *ledger, uint64_t id)
{
	struct delivery delivery;
	int r;

	if (id == 0)
		return 0;
	r = delivery_find(ledger, id, &delivery);
	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	if (delivery.state != DELIVERY_QUEUED || delivery.ready)
		return 0;
	return dispatch_offer(ledger, &delivery, NULL);
}

/* IN_FLIGHT -> out of the session's hands. */
static int dispatch_take_back(struct ledger *ledger, struct delivery *delivery)
{
	struct session *session = session_find(ledger, delivery->connection);

	if (session == NULL)
		return TC_ECORRUPT;
	session_return(session, delivery->id);
	delivery->connection = 0;
	if (session_ready(session))
		dispatch_want(ledger, session->principal);
	return 0;
}

/* Out of lane, READY and timers of its present state. *ret_next: who is first of the lane now. */
static int dispatch_detach(struct ledger *ledger, struct delivery *delivery, uint64_t *ret_next)
{
	int r = mailbox_ready_drop(ledger, delivery);

	if (r == 0)
		r = mailbox_lane_leave(ledger, delivery, ret_next);
	if (r == 0)
		r = mailbox_aside_drop(ledger, delivery);
	if (r < 0)
		return r;
	if (delivery->state == DELIVERY_RETRY_WAIT)
		return timer_drop(ledger, delivery->due_ms, TIMER_RETRY,
				  timer_delivery(delivery->id));
	if (delivery->state == DELIVERY_HELD)
		return hold_end(ledger, delivery);
	return delivery->state == DELIVERY_IN_FLIGHT ? dispatch_take_back(ledger, delivery) : 0;
}

int dispatch_hold(struct ledger *ledger, struct delivery *delivery, const struct decision *decision)
{
	const char *code = tc_refusal_name(decision->code);
	struct principal *recipient;
	uint64_t next;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	if (r == 0)
		r = dispatch_detach(ledger, delivery, &next);
	if (r < 0)
		return r;
	if (delivery->state == DELIVERY_NEW)
		recipient->box.bytes += delivery->bytes;
	r = mailbox_enter(ledger, delivery, DELIVERY_HELD);
	if (r < 0)
		return r;
	dispatch_rely(delivery, decision);
	r = hold_begin(ledger, delivery, decision);
	if (r == 0)
		r = mailbox_aside_add(ledger, delivery);
	if (r == 0)
		r = mailbox_park(ledger, delivery);
	if (r == 0)
		r = delivery_put(ledger, delivery);
	if (r == 0)
		r = fact_delivery(ledger, "held", delivery, code);
	if (r == 0)
		r = evidence_send(ledger, delivery, EVIDENCE(HELD), code);
	return r < 0 ? r : dispatch_promote(ledger, next);
}

/* One that was given back: is it still permitted? What changed while it was in flight has passed it
 * by. */
static int dispatch_still_permitted(struct ledger *ledger, const struct delivery *delivery,
				    struct decision *ret_decision, bool *ret)
{
	int r = dispatch_decide(ledger, delivery, ret_decision);

	*ret = r == 0 && (ret_decision->kind == DECISION_PERMIT ||
			  ret_decision->kind == DECISION_PERMIT_PARTS);
	return r;
}

int dispatch_requeue(struct ledger *ledger, struct delivery *delivery)
{
	struct decision decision;
	bool permitted;
	int r = dispatch_still_permitted(ledger, delivery, &decision, &permitted);

	if (r == 0 && !permitted)
		return dispatch_withdraw(ledger, delivery, &decision, false);
	if (r == 0 && delivery->state == DELIVERY_IN_FLIGHT)
		r = dispatch_take_back(ledger, delivery);
	delivery->due_ms = 0;
	if (r == 0)
		r = mailbox_enter(ledger, delivery, DELIVERY_QUEUED);
	return r < 0 ? r : dispatch_offer(ledger, delivery, NULL);
}

/* retry_first_ms, doubled with each failure, at most retry_max_ms. */
static int64_t dispatch_backoff_ms(const struct ledger *ledger, unsigned failures)
{
	uint64_t wait_ms = ledger->settings.retry_first_ms;

	while (failures-- > 1 && wait_ms < ledger->settings.retry_max_ms)
		wait_ms *= 2;
	return (int64_t)(wait_ms < ledger->settings.retry_max_ms ? wait_ms
								 : ledger->settings.retry_max_ms);
}

int dispatch_retry(struct ledger *ledger, struct delivery *delivery, uint32_t delay_ms,
		   const char *event, const char *code)
{
	struct decision decision;
	int64_t wait_ms;
	bool permitted;
	int r;

	delivery->failures++;
	if (delivery->failures >= ledger->settings.delivery_attempts_max)
		return dispatch_end(ledger, delivery, DELIVERY_DEAD, "attempts");
	r = dispatch_still_permitted(ledger, delivery, &decision, &permitted);
	if (r == 0 && !permitted) {
		r = fact_delivery(ledger, event, delivery, code);
		return r < 0 ? r : dispatch_withdraw(ledger, delivery, &decision, false);
	}
	if (r == 0)
		r = dispatch_take_back(ledger, delivery);
	if (r == 0)
		r = mailbox_enter(ledger, delivery, DELIVERY_RETRY_WAIT);
	if (r < 0)
		return r;
	wait_ms = dispatch_backoff_ms(ledger, delivery->failures);
	if (wait_ms < (int64_t)delay_ms)
		wait_ms = delay_ms;
	delivery->due_ms = ledger->now_ms + wait_ms;
	r = timer_set(ledger, delivery->due_ms, TIMER_RETRY, timer_delivery(delivery->id));
	if (r == 0)
		r = mailbox_park(ledger, delivery);
	if (r == 0)
		r = delivery_put(ledger, delivery);
	return r < 0 ? r : fact_delivery(ledger, event, delivery, code);
}

/* What the trail and the sender hear of an end. */
static int dispatch_tell_end(struct ledger *ledger, const struct delivery *delivery,
			     enum delivery_state state, const char *code)
{
	static const struct {
		const char *fact;
		Throughcare__V1__EvidenceKind kind;
	} ends[] = {
		[DELIVERY_DELIVERED] = {"settlement", EVIDENCE(RETRIEVED)},
		[DELIVERY_RECALLED] = {"recall", EVIDENCE(RECALLED)},
		[DELIVERY_EXPIRED] = {"expired", EVIDENCE(EXPIRED)},
		[DELIVERY_DEAD] = {"dead", EVIDENCE(DEAD)},
	};
	bool delivered = state == DELIVERY_DELIVERED;
	int r = fact_delivery(ledger, ends[state].fact, delivery, delivered ? "ack" : code);

	return r < 0 ? r : evidence_send(ledger, delivery, ends[state].kind, code);
}

/* A dead letter that was a Referral: nobody at the target will ever see it. */
static int dispatch_undelivered(struct ledger *ledger, const struct delivery *delivery)
{
	struct referral_change change;
	int r;

	if (delivery->own || tc_id_is_none(delivery->referral))
		return 0;
	r = referral_undelivered(ledger->txn, &ledger->referral, delivery->referral,
				 delivery->message, ledger->sequence, ledger->now_ms, &change);
	if (r < 0)
		return r;
	return transition_follow(ledger, &change);
}

/* Nobody at the target has it or will: dead, or to be sent anew under another id. */
static bool dispatch_is_lost(enum delivery_state state, const char *code)
{
	const char *changed = tc_refusal_name(TC_REFUSAL_CERTIFICATE_CHANGED);

	return state == DELIVERY_DEAD ||
	       (state == DELIVERY_RECALLED && code != NULL && strcmp(code, changed) == 0);
}

int dispatch_end(struct ledger *ledger, struct delivery *delivery, enum delivery_state state,
		 const char *code)
{
	struct principal *recipient;
	uint64_t next;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	if (r == 0)
		r = dispatch_detach(ledger, delivery, &next);
	if (r == 0)
		r = mailbox_unpark(ledger, delivery);
	if (r == 0)
		r = mailbox_enter(ledger, delivery, state);
	if (r < 0)
		return r;
	recipient->box.bytes -= delivery->bytes;
	r = delivery_end(ledger, delivery, state);
	if (r == 0)
		r = dispatch_tell_end(ledger, delivery, state, code);
	if (r == 0 && dispatch_is_lost(state, code))
		r = dispatch_undelivered(ledger, delivery);
	return r < 0 ? r : dispatch_promote(ledger, next);
}

int dispatch_withdraw(struct ledger *ledger, struct delivery *delivery,
		      const struct decision *decision, bool ended)
{
	bool recalls = ended || decision->code == TC_REFUSAL_CONSENT_REVOKED;

	if (decision->kind == DECISION_HOLD && !recalls) {
		int r = job_recalls(ledger, delivery, &recalls);

		if (r < 0)
			return r;
		if (!recalls)
			return dispatch_hold(ledger, delivery, decision);
	}
	return dispatch_end(ledger, delivery, DELIVERY_RECALLED, tc_refusal_name(decision->code));
}

/* A ready delivery's turn: decided again, as things stand now. */
static int dispatch_turn(struct ledger *ledger, struct session *session, struct delivery *delivery)
{
	struct decision decision;
	bool forwards;
	int r = job_forwards(ledger, delivery, &forwards);

	if (r < 0)
		return r;
	if (forwards) { /* it stays for the job */
		ledger->turn_budget--;
		return delivery_put(ledger, delivery);
	}
	if (delivery->expires_ms > ledger->now_ms) {
		r = dispatch_decide(ledger, delivery, &decision);
		if (r < 0)
			return r;
		if (decision.kind == DECISION_PERMIT || decision.kind == DECISION_PERMIT_PARTS)
			return lend_delivery(ledger, session, delivery, &decision);
	}
	ledger->turn_budget--;
	if (delivery->expires_ms <= ledger->now_ms)
		return dispatch_end(ledger, delivery, DELIVERY_EXPIRED, NULL);
	return dispatch_withdraw(ledger, delivery, &decision, false);
}

/* Much was ready that may not go, or nothing is handed over now: a job goes on with this recipient.
 */
static int dispatch_stall(struct ledger *ledger, struct principal *principal)
{
	struct job job = {.kind = JOB_DISPATCH, .principal = principal->number};

	principal->stalled = true;
	return job_start(ledger, &job);
}

int dispatch_run(struct ledger *ledger)
{
	struct principal *principal;

	while ((principal = ledger->waiting) != NULL) {
		struct session *session;
		int r = 0;

		ledger->waiting = principal->next_waiting;
		principal->next_waiting = NULL;
		principal->waiting = false;
		while (r == 0 && (session = session_next_ready(principal)) != NULL &&
		       dispatch_somebody_ready(principal)) {
			struct delivery delivery;

			if (ledger->turn_budget == 0 || ledger->orders_ending > 0) {
				r = dispatch_stall(ledger, principal);
				break;
			}
			r = mailbox_pop(ledger, principal, &delivery);
			if (r == MAILBOX_EMPTY)
				r = TC_ECORRUPT;
			if (r == 0)
				r = dispatch_turn(ledger, session, &delivery);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
