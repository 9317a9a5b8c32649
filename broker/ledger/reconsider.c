#include "ledger/reconsider.h"

#include <string.h>

#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/hold.h"
#include "ledger/job.h"
#include "ledger/lend.h"
#include "ledger/person.h"
#include "ledger/session.h"
#include "ledger/state.h"
#include "ledger/timer.h"

/* A held one that stays held: only its reason and its clocks may have changed. */
static int reconsider_held(struct ledger *ledger, struct delivery *delivery,
			   const struct decision *decision)
{
	bool changed;
	int r = hold_renew(ledger, delivery, decision, &changed);

	if (r < 0 || (!changed && delivery->code == decision->code))
		return r;
	dispatch_rely(delivery, decision);
	return delivery_put(ledger, delivery);
}

/* One that may go on waiting for its turn. */
static int reconsider_permitted(struct ledger *ledger, struct delivery *delivery,
				const struct decision *decision)
{
	struct delivery before = *delivery;

	if (delivery->state == DELIVERY_HELD || delivery->aside)
		return dispatch_enqueue(ledger, delivery, decision);
	dispatch_rely(delivery, decision);
	return memcmp(&before, delivery, sizeof(before)) == 0 ? 0 : delivery_put(ledger, delivery);
}

/* What a recipient was lent and has not read may still stand in its gateway. It is called back, so
 * that nothing leaves after the receipt; the delivery itself ends with its lease. */
static int reconsider_flight(struct ledger *ledger, const struct session *session,
			     const struct delivery *delivery)
{
	struct decision decision;
	int r = dispatch_decide(ledger, delivery, &decision);

	if (r < 0 || (delivery->parts_mask & ~decision.parts_mask) == 0)
		return r;
	return lend_withdraw(ledger, session, delivery->id);
}

static int reconsider_lent(struct ledger *ledger, const struct delivery *delivery)
{
	const struct session *session = session_find(ledger, delivery->connection);

	return session == NULL ? TC_ECORRUPT : reconsider_flight(ledger, session, delivery);
}

int reconsider_delivery(struct ledger *ledger, struct delivery *delivery, bool ended)
{
	struct decision decision;
	int r;

	if (delivery->own)
		return 0;
	if (delivery->state == DELIVERY_IN_FLIGHT)
		return reconsider_lent(ledger, delivery);
	r = dispatch_decide(ledger, delivery, &decision);
	if (r < 0)
		return r;
	switch (decision.kind) {
	case DECISION_PERMIT:
	case DECISION_PERMIT_PARTS:
		return reconsider_permitted(ledger, delivery, &decision);
	case DECISION_HOLD:
		if (delivery->state == DELIVERY_HELD)
			return reconsider_held(ledger, delivery, &decision);
		break;
	case DECISION_DENY:
		break;
	}
	return dispatch_withdraw(ledger, delivery, &decision, ended);
}

/* ---- what is lent out ---- */

/* Of a subject they stand under no key of their own: what is lent out does not wait. */
static int reconsider_flights(struct ledger *ledger, struct tc_id subject)
{
	for (size_t i = 0; i < ledger->sessions.count; i++) {
		const struct session *session = ledger->sessions.rows[i];

		for (size_t k = 0; k < session->flight_count; k++) {
			struct delivery delivery;
			int r;

			if (!tc_id_equal(session->flights[k].subject, subject))
				continue;
			r = delivery_find(ledger, session->flights[k].delivery, &delivery);
			if (r == 0)
				r = reconsider_flight(ledger, session, &delivery);
			if (r != 0)
				return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
		}
	}
	return 0;
}

/* ---- what is concerned ---- */

/* Of one network id. */
static int reconsider_id(struct ledger *ledger, struct tc_id subject, bool ended)
{
	struct job job = {
		.kind = JOB_SUBJECT,
		.ended = ended,
		.awaited = ledger->awaits && ended,
		.about = subject,
	};
	int r = 0;

	if (tc_id_is_none(subject))
		return 0;
	if (ended)
		r = reconsider_flights(ledger, subject);
	return r < 0 ? r : job_start(ledger, &job);
}

int reconsider_subject(struct ledger *ledger, struct tc_id subject, bool ended)
{
	struct person_tables tables = person_tables_of(ledger);
	struct tc_id others[PERSON_IDS_MAX];
	size_t count;
	int r = person_others(ledger->txn, &tables, subject, ledger->now_ms, others, &count);

	if (r == 0)
		r = reconsider_id(ledger, subject, ended);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = reconsider_id(ledger, others[i], ended);
	return r;
}

int reconsider_agency(struct ledger *ledger, const tc_agency *agency)
{
	const struct principal *principal = principal_find(
		ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(agency->name));
	struct job job = {.kind = JOB_AGENCY, .awaited = ledger->awaits};

	if (principal == NULL)
		return 0; /* nothing was ever sent to it, or by it */
	job.principal = principal->number;
	return job_start(ledger, &job);
}

int reconsider_everything(struct ledger *ledger)
{
	struct job job = {.kind = JOB_EVERYTHING, .awaited = ledger->awaits};

	return job_start(ledger, &job);
}

/* ---- grants ---- */

/* A notice to each agency in GRANT_USE of this grant. */
static int reconsider_notify(struct ledger *ledger, const struct grant_change *change)
{
	struct job job = {
		.kind = JOB_NOTICE,
		.awaited = ledger->awaits,
		.effective_ms = change->effective_ms,
		.about = change->grant,
		.subject = change->subject,
	};

	if (change->recipient[0] != '\0') {
		const struct principal *only =
			principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				       tc_slice_text(change->recipient));

		if (only == NULL)
			return 0; /* nothing was ever sent to it */
		job.principal = only->number;
	}
	return job_start(ledger, &job);
}

/* That it was expunged is a row of the message that said it: the order hides and takes that, too.
 */
static int reconsider_grant(struct ledger *ledger, const struct grant_changes *changes,
			    const struct grant_change *change)
{
	struct fact_draft draft;
	char grant[TC_ID_TEXT_BYTES];
	int r;

	tc_id_format(change->grant, grant);
	fact_init(&draft, change->effective ? "grant_ended" : "grant_pending");
	fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_subject(&draft, change->subject);
	fact_text(&draft.row.basis, grant);
	fact_message(&draft, changes->expunged);
	if (!tc_id_is_none(changes->expunged))
		fact_text(&draft.row.code, "expunged");
	r = fact_push(ledger, &draft);
	if (r == 0 && !change->effective && change->effective_ms != GRANT_NEVER)
		r = timer_set(ledger, change->effective_ms, TIMER_GRANT, change->grant);
	/* That one is pending is for the revoker alone: whoever was told something of the person
	 * hears that it ends when it does. */
	if (r == 0 && change->effective)
		r = reconsider_notify(ledger, change);
	return r;
}

int reconsider_grants(struct ledger *ledger, const struct grant_changes *changes)
{
	struct tc_id subject = {{0}}; /* whose deliveries were seen to */
	bool any = false;

	for (size_t i = 0; i < changes->count; i++) {
		int r = reconsider_grant(ledger, changes, &changes->rows[i]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < changes->count; i++) {
		const struct grant_change *change = &changes->rows[i];
		int r;

		if (!change->effective || (any && tc_id_equal(change->subject, subject)))
			continue;
		any = true;
		subject = change->subject;
		r = reconsider_subject(ledger, change->subject, true);
		if (r < 0)
			return r;
	}
	return 0;
}
