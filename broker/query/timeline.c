#include "query/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/case.h"
#include "ledger/ledger_view.h"
#include "query/appointments.h"
#include "query/gate.h"
#include "query/seal.h"

#define ASSIGNMENTS_MAX 64

struct timeline {
	const struct question *question;
	struct answer *answer;
	const Throughcare__V1__ReferralRow *referral;
	Throughcare__V1__TimelineRow **rows;
	size_t count;
};

static Throughcare__V1__TimelineRow *add_row(struct timeline *timeline)
{
	Throughcare__V1__TimelineRow *row = arena_take(&timeline->answer->arena, sizeof(*row));

	if (row == NULL)
		return NULL;
	throughcare__v1__timeline_row__init(row);
	timeline->rows[timeline->count++] = row;
	return row;
}

/* ---- steps ---- */

/* Texts and times are those of the step: they live as long. */
static int add_step(struct timeline *timeline, const Throughcare__V1__ReferralStep *step)
{
	Throughcare__V1__TimelineRow *row = add_row(timeline);

	if (row == NULL)
		return TC_ENOMEM;
	row->has_log_sequence = 1;
	row->log_sequence = step->log_sequence;
	row->at = step->at;
	row->occurred_at = step->occurred_at;
	row->by = step->by;
	row->message_type = step->message_type;
	row->message_id = step->message_id;
	row->code = step->to_state;
	row->from_code = step->from_state;
	return answer_put_text(timeline->answer, "step", &row->event);
}

static int add_steps(struct timeline *timeline)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < timeline->referral->n_steps; i++)
		r = add_step(timeline, timeline->referral->steps[i]);
	return r;
}

/* ---- what the trail has ---- */

static bool is(const char *wanted, const char *text)
{
	return text != NULL && strcmp(wanted, text) == 0;
}

/* What became of what is asked of the asker's own people. */
static bool is_task(const Throughcare__V1__TrailRow *row)
{
	return is("task", row->event) || is("task_overdue", row->event) ||
	       is("task_done", row->event);
}

/* What a row of the trail is in a timeline; NULL: nothing. */
static const char *event_of(const struct question *question, const Throughcare__V1__TrailRow *row)
{
	static const char *const fates[] = {"release", "held",    "denied", "withheld",
					    "recall",  "expired", "dead"};
	bool own = is(question->asker.name, row->agency);

	if (is("ClockNotice", row->message_type))
		return is("release", row->event) ? "clock" : NULL;
	if (is(TC_AGENCY_EXCHANGE, row->agency) || row->message_id == NULL)
		return NULL; /* evidence and notices say what other rows say */
	if (!own)
		return is("release", row->event) ? "message" : NULL;
	if (is_task(row))
		return "task";
	if (is("submission", row->event))
		return "message";
	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
		if (is(fates[i], row->event))
			return "evidence";
	}
	return NULL;
}

/* A message that made a step is that step. */
static bool is_step(const struct timeline *timeline, const char *message)
{
	for (size_t i = 0; i < timeline->referral->n_steps; i++) {
		if (is(message, timeline->referral->steps[i]->message_id))
			return true;
	}
	return false;
}

static int copy_withheld(struct answer *answer, const Throughcare__V1__TrailRow *from,
			 Throughcare__V1__TimelineRow *to)
{
	int r = 0;

	to->withheld_categories = answer_array(answer, from->n_withheld_categories);
	if (to->withheld_categories == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; r == 0 && i < from->n_withheld_categories; i++)
		r = answer_put_text(answer, from->withheld_categories[i],
				    &to->withheld_categories[to->n_withheld_categories++]);
	return r;
}

static int copy_text(struct answer *answer, const char *from, char **to)
{
	return from == NULL ? 0 : answer_put_text(answer, from, to);
}

static int add_fact(struct timeline *timeline, const Throughcare__V1__TrailRow *from,
		    const char *event)
{
	bool own = is(timeline->question->asker.name, from->agency);
	struct answer *answer = timeline->answer;
	Throughcare__V1__TimelineRow *row = add_row(timeline);
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	row->has_log_sequence = 1;
	row->log_sequence = from->log_sequence;
	if (from->at)
		row->at = row->occurred_at =
			answer_time(answer, from->at->seconds * 1000 + from->at->nanos / 1000000);
	r = answer_put_text(answer, event, &row->event);
	if (r == 0)
		r = copy_text(answer, from->agency, &row->by);
	/* Which person of the other agency it was is in the message, if it is to be known. */
	if (r == 0 && own)
		r = copy_text(answer, from->actor, &row->actor);
	if (r == 0)
		r = copy_text(answer, from->message_type, &row->message_type);
	if (r == 0)
		r = copy_text(answer, from->message_id, &row->message_id);
	if (r == 0 && is("evidence", event))
		r = copy_text(answer, from->event, &row->code);
	if (r == 0 && is("task", event))
		r = copy_text(answer, is("task_overdue", from->event) ? "overdue" : from->code,
			      &row->code);
	return r < 0 || !own ? r : copy_withheld(answer, from, row);
}

static int see_fact(void *context, Throughcare__V1__TrailRow *row)
{
	struct timeline *timeline = context;
	const char *event;
	int r;

	if (timeline->count == TIMELINE_ROWS_MAX)
		return TRAIL_FOUND_ENOUGH;
	if (!gate_trail_row(timeline->question, row))
		return TRAIL_FOUND_MORE;
	event = event_of(timeline->question, row);
	if (event == NULL || (is("message", event) && is_step(timeline, row->message_id)))
		return TRAIL_FOUND_MORE;
	r = add_fact(timeline, row, event);
	return r < 0 ? r : TRAIL_FOUND_MORE;
}

static int add_facts(struct timeline *timeline, const struct referral *referral)
{
	struct trail_question asked = trail_question_any();
	struct posting_position next;
	bool ended;

	asked.referral = referral->id;
	asked.before = timeline->question->sequence;
	if (timeline->question->scope == GATE_OWN)
		asked.agency = timeline->question->asker.name;
	return seal_find(timeline->question, &asked, see_fact, timeline, &next, &ended);
}

/* ---- meetings ---- */

/* It stands where it begins, with how it went: that was told by a message with a row of its own. */
static int add_appointment(struct timeline *timeline, const struct appointment *from)
{
	struct answer *answer = timeline->answer;
	Throughcare__V1__TimelineRow *row = add_row(timeline);
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	r = answer_put_text(answer, "appointment", &row->event);
	if (r == 0)
		r = answer_put_time(answer, from->start_ms, &row->occurred_at);
	if (r == 0)
		r = answer_put_text(answer, from->owner.name, &row->by);
	if (r == 0)
		r = answer_put_text(answer, appointment_state_name(from->state), &row->code);
	return r < 0 ? r
		     : answer_put_id(answer,
				     tc_id_is_none(from->record) ? from->booked : from->record,
				     &row->message_id);
}

static int add_appointments(struct timeline *timeline, struct tc_id referral)
{
	struct appointments_walk walk = {.begun = false};
	struct appointment appointment;
	int r = 0;

	while (r == 0 && timeline->count < TIMELINE_ROWS_MAX) {
		r = appointments_next(timeline->question, referral, &walk, &appointment);
		if (r == 0)
			r = add_appointment(timeline, &appointment);
	}
	return r == APPOINTMENT_UNKNOWN ? 0 : r;
}

/* ---- the order ---- */

static int compare_time(const Google__Protobuf__Timestamp *a, const Google__Protobuf__Timestamp *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	if (a->seconds != b->seconds)
		return a->seconds < b->seconds ? -1 : 1;
	return (a->nanos > b->nanos) - (a->nanos < b->nanos);
}

/* When it happened; what happened at the same time, as the log has it. */
static int compare_rows(const void *left, const void *right)
{
	const Throughcare__V1__TimelineRow *a = *(Throughcare__V1__TimelineRow *const *)left;
	const Throughcare__V1__TimelineRow *b = *(Throughcare__V1__TimelineRow *const *)right;
	int order = compare_time(a->occurred_at, b->occurred_at);

	if (order != 0)
		return order;
	return (a->log_sequence > b->log_sequence) - (a->log_sequence < b->log_sequence);
}

/* ---- who had it ---- */

static int add_assignment(struct answer *answer, const struct case_assignment *from,
			  Throughcare__V1__ReferralRow *to)
{
	Throughcare__V1__AssignmentRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__assignment_row__init(row);
	r = answer_put_time(answer, from->at_ms, &row->at);
	if (r == 0)
		r = answer_put_text(answer, from->officer, &row->officer);
	if (r == 0)
		r = answer_put_text(answer, from->team, &row->team);
	if (r == 0)
		r = answer_put_text(answer, from->reason, &row->reason_code);
	if (r == 0)
		r = answer_put_text(answer, from->by, &row->by);
	to->assignments[to->n_assignments++] = row;
	return r;
}

/* The latest first. */
static int add_assignments(const struct question *question, struct answer *answer,
			   const struct referral *referral, Throughcare__V1__ReferralRow *row)
{
	enum referral_side_of side = tc_agency_equal(&question->asker, &referral->source)
					     ? REFERRAL_SOURCE
					     : REFERRAL_TARGET;
	struct case_assignment had = {.sequence = UINT64_MAX};
	int r = 0;

	row->assignments = answer_array(answer, ASSIGNMENTS_MAX);
	if (row->assignments == NULL)
		return TC_ENOMEM;
	while (r == 0 && row->n_assignments < ASSIGNMENTS_MAX) {
		r = case_assignment_before(
			ledger_view_txn(question->ledger),
			ledger_view_table(question->ledger, LEDGER_TABLE_ASSIGNMENT), referral->id,
			side, had.sequence, &had);
		if (r == 0)
			r = add_assignment(answer, &had, row);
	}
	return r == CASE_NONE ? 0 : r;
}

int timeline_fill(const struct question *question, struct answer *answer,
		  const struct referral *referral, Throughcare__V1__ReferralRow *row)
{
	struct timeline timeline = {.question = question, .answer = answer, .referral = row};
	int r;

	timeline.rows = answer_array(answer, TIMELINE_ROWS_MAX);
	if (timeline.rows == NULL)
		return TC_ENOMEM;
	r = add_steps(&timeline);
	/* A meeting does not say when it became known. */
	if (r == 0 && scope_all_times(question->limits))
		r = add_appointments(&timeline, referral->id);
	if (r == 0)
		r = add_facts(&timeline, referral);
	if (r < 0)
		return r;
	qsort(timeline.rows, timeline.count, sizeof(timeline.rows[0]), compare_rows);
	row->timeline = timeline.rows;
	row->n_timeline = timeline.count;
	return question->scope == GATE_OWN ? add_assignments(question, answer, referral, row) : 0;
}
