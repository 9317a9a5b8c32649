#include "ledger/appointments.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/party.h"
#include "ledger/state.h"
#include "ledger/timer.h"
#include "referral/appointment.h"
#include "referral/referral_former.h"

#define KIND(name) THROUGHCARE__V1__CLOCK_NOTICE_KIND__CLOCK_NOTICE_KIND_##name

int appointments_check(struct ledger *ledger, struct submission *submission)
{
	struct referral_event event;
	unsigned by;
	int r = party_find(ledger, submission, NULL, &by);

	if (r != 0 || (by == 0 && !tc_id_is_none(submission->header.referral_id)))
		return r;
	submission_event(ledger, submission, &event);
	r = appointment_check(ledger->txn, &ledger->referral, &event, &submission->refusal);
	return r == APPOINTMENT_REFUSED ? SUBMISSION_REFUSED : r;
}

/* ---- notices ---- */

static int notify(struct ledger *ledger, const struct appointment *at, const tc_agency *agency,
		  Throughcare__V1__ClockNoticeKind kind, enum lifecycle_clock clock)
{
	Throughcare__V1__ClockNotice content = THROUGHCARE__V1__CLOCK_NOTICE__INIT;
	const struct own_subject about = {.type = "ClockNotice",
					  .subject = at->subject,
					  .referral = at->referral,
					  .causation = at->booked};
	Google__Protobuf__Timestamp due = own_message_time(ledger->now_ms);
	const struct principal *to = principal_find(
		ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(agency->name));

	if (to == NULL)
		return 0;
	content.has_kind = content.has_times = 1;
	content.kind = kind;
	content.times = at->times;
	content.due = &due;
	fact_text(&content.clock, clock_name(clock));
	fact_text(&content.next_move, at->owner.name);
	return own_message_send(ledger, to->number, &about, &content.base, NULL);
}

/* First whoever should have said how it went hears of it, then the other side too, if it has been
 * told that there was a meeting. */
static int notify_late(struct ledger *ledger, const struct appointment *at)
{
	bool again = at->times > 1;
	bool former;
	int r = notify(ledger, at, &at->owner, again ? KIND(ESCALATED) : KIND(OVERDUE),
		       CLOCK_FEEDBACK);

	if (r < 0 || !again || !at->told)
		return r;
	r = referral_former(ledger->txn, &ledger->referral, at->referral, &at->other, &former);
	return r < 0 || former ? r
			       : notify(ledger, at, &at->other, KIND(ESCALATED), CLOCK_FEEDBACK);
}

/* Whether the source may know of the message: its first part goes there, or waits only for it. */
static bool source_learns(struct ledger *ledger, const struct submission *submission,
			  const struct referral *referral)
{
	const struct principal *source =
		principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
			       tc_slice_text(referral->source.name));

	for (size_t i = 0; source != NULL && i < submission->count; i++) {
		if (submission->deliveries[i].recipient == source->number)
			return submission->decisions[i].kind != DECISION_HOLD &&
			       submission->decisions[i].parts_mask & 1;
	}
	return false;
}

/* The person has stayed away so often that the service may end it: both are told. */
static int notify_missed(struct ledger *ledger, const struct submission *submission,
			 const struct appointment *at)
{
	struct referral referral;
	uint32_t missed;
	int r;

	if (at->state != APPOINTMENT_DID_NOT_ATTEND || tc_id_is_none(at->referral))
		return 0;
	r = referral_find(ledger->txn, &ledger->referral, at->referral, &referral);
	if (r == 0)
		r = appointment_missed(ledger->txn, &ledger->referral, at->referral, &missed);
	if (r != 0 || referral.days.missed_limit == 0)
		return r > 0 ? TC_ECORRUPT : r;
	if (missed < referral.days.missed_limit)
		return 0;
	r = notify(ledger, at, &at->owner, KIND(ESCALATED), CLOCK_APPOINTMENT);
	if (r == 0 && source_learns(ledger, submission, &referral))
		r = notify(ledger, at, &referral.source, KIND(ESCALATED), CLOCK_APPOINTMENT);
	return r;
}

/* ---- following ---- */

static int appointment_fact(struct ledger *ledger, const struct appointment *at)
{
	struct fact_draft draft;

	fact_init(&draft, "appointment");
	fact_text(&draft.row.agency, at->owner.name);
	fact_text(&draft.row.recipient, at->other.name);
	fact_subject(&draft, at->subject);
	fact_referral(&draft, at->referral);
	fact_message(&draft, tc_id_is_none(at->record) ? at->booked : at->record);
	fact_text(&draft.row.code, appointment_state_name(at->state));
	return fact_push(ledger, &draft);
}

static int appointment_follow(struct ledger *ledger, const struct appointment_change *change)
{
	const struct appointment *at = &change->appointment;
	int r = 0;

	if (!change->changed)
		return 0;
	if (change->alarm_before_ms != 0)
		r = timer_drop(ledger, change->alarm_before_ms, TIMER_APPOINTMENT, at->key);
	if (r == 0 && at->alarm_ms != 0)
		r = timer_set(ledger, at->alarm_ms, TIMER_APPOINTMENT, at->key);
	if (r == 0 && change->successor.alarm_ms != 0)
		r = timer_set(ledger, change->successor.alarm_ms, TIMER_APPOINTMENT,
			      change->successor.key);
	return r < 0 ? r : appointment_fact(ledger, at);
}

int appointments_apply(struct ledger *ledger, struct submission *submission)
{
	struct appointment_change change;
	struct referral_event event;
	int r;

	submission_event(ledger, submission, &event);
	r = appointment_apply(ledger->txn, &ledger->referral, &event, submission->recipients[0],
			      &change, &submission->refusal);
	if (r == 0)
		r = appointment_follow(ledger, &change);
	/* To whom it went in this very record it was told before there was a row. */
	for (size_t i = 0; r == 0 && change.changed && i < submission->count; i++) {
		if (submission->deliveries[i].attempt > 0)
			r = appointments_told(ledger, &submission->deliveries[i]);
	}
	if (r == 0 && change.changed && change.recorded)
		r = notify_missed(ledger, submission, &change.appointment);
	return r > 0 ? TC_ECORRUPT : r;
}

int appointments_told(struct ledger *ledger, const struct delivery *delivery)
{
	struct principal *recipient;
	int r;

	if (strncmp(delivery->type, "Appointment", strlen("Appointment")) != 0)
		return 0;
	r = principal_get(ledger, delivery->recipient, &recipient);
	return r < 0 ? r
		     : appointment_told(ledger->txn, &ledger->referral, delivery->message,
					&recipient->name);
}

int appointments_clock(struct ledger *ledger, struct tc_id key)
{
	struct appointment_change change;
	int r = appointment_clock(ledger->txn, &ledger->referral, key, ledger->now_ms, &change);

	if (r == 0)
		r = appointment_follow(ledger, &change);
	if (r == 0 && change.late)
		r = notify_late(ledger, &change.appointment);
	return r;
}
