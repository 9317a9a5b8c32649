#include "query/appointments.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "query/gate.h"
#include "query/seal.h"

/* How many messages that moved or cancelled a meeting of this referral the asker was handed. */
struct moves {
	const char *asker;
	size_t handed;
};

static int see_move(void *context, Throughcare__V1__TrailRow *row)
{
	struct moves *moves = context;

	if (row->event && strcmp(row->event, "release") == 0 && row->recipient &&
	    strcmp(row->recipient, moves->asker) == 0 && row->message_type &&
	    strcmp(row->message_type, "AppointmentChanged") == 0)
		moves->handed++;
	return TRAIL_FOUND_MORE;
}

static int moves_handed(const struct question *question, struct tc_id referral, size_t *ret)
{
	struct trail_question asked = trail_question_any();
	struct moves moves = {.asker = question->asker.name};
	struct posting_position next;
	bool ended;
	int r;

	asked.referral = referral;
	asked.agency = question->asker.name;
	asked.before = question->sequence;
	r = seal_find(question, &asked, see_move, &moves, &next, &ended);
	*ret = moves.handed;
	return r;
}

static bool moved(const struct appointment *appointment)
{
	return appointment->state == APPOINTMENT_RESCHEDULED ||
	       appointment->state == APPOINTMENT_CANCELLED;
}

/* How many of them were moved or cancelled. */
static int moves_made(const struct question *question, struct tc_id referral, size_t *ret)
{
	struct appointment appointment = {.start_ms = 0};
	bool first = true;
	int r;

	*ret = 0;
	do {
		struct appointment after = appointment;

		r = appointment_next(ledger_view_txn(question->ledger),
				     ledger_view_referral(question->ledger), referral,
				     first ? NULL : &after, &appointment);
		first = false;
		*ret += r == 0 && moved(&appointment);
	} while (r == 0);
	return r == APPOINTMENT_UNKNOWN ? 0 : r;
}

static bool owns(const struct question *question, const struct appointment *appointment)
{
	return question->scope == GATE_ALL ||
	       tc_agency_equal(&question->asker, &appointment->owner);
}

/* What it would be in if nobody had said anything since it was fixed. */
static enum appointment_state state_untold(const struct appointment *appointment, int64_t now_ms)
{
	int64_t end_ms = appointment->start_ms + appointment->duration_minutes * INT64_C(60000);

	return now_ms < end_ms ? APPOINTMENT_BOOKED : APPOINTMENT_AWAITING_FEEDBACK;
}

/* Is a message hidden that made it what it is? */
static int message_hidden(const struct question *question, const struct appointment *appointment,
			  struct tc_id message, bool *ret)
{
	return seal_hides(question, appointment->subject, appointment->referral, message, ret);
}

/* It was fixed by a message, or made by its record, and that is expunged. */
static bool origin_gone(const struct appointment *appointment)
{
	return tc_id_is_none(appointment->booked) && tc_id_is_none(appointment->record);
}

/* Its record is expunged. */
static bool record_gone(const struct appointment *appointment)
{
	return tc_id_is_none(appointment->record) && appointment->state >= APPOINTMENT_ATTENDED &&
	       appointment->state <= APPOINTMENT_DID_NOT_HAPPEN;
}

/* Takes back what the asker was not handed, or what an order hides or has expunged. *ret false: it
 * does not know of the meeting. */
static int see(const struct question *question, struct appointment *appointment, bool *ret)
{
	bool own = owns(question, appointment), released = true, hidden;
	size_t made, handed;
	int r = message_hidden(question, appointment, appointment->booked, &hidden);

	*ret = r == 0 && !hidden && !origin_gone(appointment) &&
	       (own ||
		(appointment->told && tc_agency_equal(&question->asker, &appointment->other)));
	if (!*ret)
		return r;
	r = message_hidden(question, appointment, appointment->record, &hidden);
	if (r == 0 && (hidden || record_gone(appointment))) {
		released = false;
	} else if (r == 0 && !own && !tc_id_is_none(appointment->record)) {
		r = gate_released(question, appointment->record, &question->asker, &released);
	} else if (r == 0 && !own && moved(appointment)) {
		/* Which message did it is not kept: all of them were handed over, or it stands. */
		r = moves_made(question, appointment->referral, &made);
		if (r == 0)
			r = moves_handed(question, appointment->referral, &handed);
		released = r == 0 && handed >= made;
	}
	if (r == 0 && !released) {
		appointment->state = state_untold(appointment, question->now_ms);
		appointment->reason = appointment->by = 0;
		appointment->corrections = 0;
		appointment->record = appointment->successor = (struct tc_id){{0}};
	}
	return r;
}

int appointments_next(const struct question *question, struct tc_id referral,
		      struct appointments_walk *walk, struct appointment *ret)
{
	bool known = false;
	int r = 0;

	while (r == 0 && !known) {
		struct appointment after = walk->at;

		r = appointment_next(ledger_view_txn(question->ledger),
				     ledger_view_referral(question->ledger), referral,
				     walk->begun ? &after : NULL, &walk->at);
		walk->begun = true;
		if (r != 0)
			break;
		if (walk->at.start_ms < walk->from_ms)
			continue;
		*ret = walk->at;
		r = see(question, ret, &known);
	}
	return r;
}

int appointments_coming(const struct question *question, struct tc_id referral,
			int64_t *ret_start_ms)
{
	struct appointments_walk walk = {.from_ms = question->now_ms};
	struct appointment appointment;
	int r = 0;

	*ret_start_ms = 0;
	while (r == 0 && *ret_start_ms == 0) {
		r = appointments_next(question, referral, &walk, &appointment);
		if (r == 0 && appointment.state == APPOINTMENT_BOOKED)
			*ret_start_ms = appointment.start_ms;
	}
	return r == APPOINTMENT_UNKNOWN ? 0 : r;
}

/* The id by which its owner calls the meeting of this key; none for none. */
static int put_called(const struct question *question, struct answer *answer, struct tc_id key,
		      char **ret)
{
	struct appointment appointment = {.start_ms = 0};
	int r;

	if (tc_id_is_none(key))
		return 0;
	r = appointment_find(ledger_view_txn(question->ledger),
			     ledger_view_referral(question->ledger), key, &appointment);
	return r > 0 ? 0 : r < 0 ? r : answer_put_id(answer, appointment.id, ret);
}

static int add_row(const struct question *question, struct answer *answer,
		   const struct appointment *appointment)
{
	static const char *const reasons[] = {"",        "acceptable", "unacceptable", "unknown",
					      "service", "logistics",  "turned_away"};
	static const char *const parties[] = {"", "person", "source", "target", "court", "third"};
	Throughcare__V1__AppointmentRow *row = arena_take(&answer->arena, sizeof(*row));
	uint8_t reason = appointment->reason, by = appointment->by;
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__appointment_row__init(row);
	row->has_duration_minutes = row->has_corrections = 1;
	row->duration_minutes = appointment->duration_minutes;
	row->corrections = appointment->corrections;
	r = answer_put_id(answer, appointment->id, &row->appointment_id);
	if (r == 0)
		r = answer_put_id(answer, appointment->referral, &row->referral_id);
	if (r == 0)
		r = answer_put_id(answer, appointment->subject, &row->subject);
	if (r == 0)
		r = answer_put_text(answer, appointment_state_name(appointment->state),
				    &row->state);
	if (r == 0)
		r = answer_put_time(answer, appointment->start_ms, &row->start_at);
	if (r == 0 && reason < sizeof(reasons) / sizeof(reasons[0]))
		r = answer_put_text(answer, reasons[reason], &row->reason);
	if (r == 0 && by < sizeof(parties) / sizeof(parties[0]))
		r = answer_put_text(answer, parties[by], &row->by);
	if (r == 0)
		r = put_called(question, answer, appointment->supersedes, &row->supersedes);
	if (r == 0)
		r = put_called(question, answer, appointment->successor, &row->successor);
	if (r == 0)
		r = answer_put_id(answer, appointment->record, &row->record_message_id);
	answer->reply.appointments[answer->reply.n_appointments++] = row;
	return r;
}

/* *ret false: there is no such referral for the asker. */
static int referral_visible(const struct question *question, struct tc_id id, bool *ret)
{
	struct referral referral;
	int r = referral_find(ledger_view_txn(question->ledger),
			      ledger_view_referral(question->ledger), id, &referral);

	*ret = false;
	return r != 0 ? (r > 0 ? 0 : r) : gate_referral(question, &referral, ret);
}

int appointments_list(const struct question *question, struct answer *answer)
{
	size_t rows_max = answer_page_rows(question);
	struct appointments_walk walk = {.begun = false};
	struct appointment appointment;
	struct tc_id referral;
	bool visible;
	int r = answer_read_id(answer, question->query->appointment_list->referral_id,
			       "appointment_list.referral_id", &referral);

	if (r != 0)
		return r;
	r = referral_visible(question, referral, &visible);
	if (r < 0)
		return r;
	if (!visible)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "%s", "");
	answer->reply.appointments = answer_array(answer, rows_max);
	if (answer->reply.appointments == NULL)
		return TC_ENOMEM;
	while (r == 0 && answer->reply.n_appointments < rows_max) {
		r = appointments_next(question, referral, &walk, &appointment);
		if (r == 0)
			r = add_row(question, answer, &appointment);
	}
	return r == APPOINTMENT_UNKNOWN ? 0 : r;
}
