/*
 * The lifecycle of a meeting as data. Its owner's messages and its clock are looked at in the
 * same way: which row is it, does a rule fit, is what the rule needs there.
 */
#include "referral/appointment.h"

#include <string.h>

#include "referral/appointment_row.h"
#include "referral/calendar.h"
#include "referral/referral_row.h"

#define ON(state) (UINT32_C(1) << APPOINTMENT_##state)

#define OPEN     ON(BOOKED) | ON(AWAITING_FEEDBACK)
#define RECORDED (ON(ATTENDED) | ON(ATTENDED_LATE) | ON(DID_NOT_ATTEND) | ON(DID_NOT_HAPPEN))

#define START  APPOINTMENT_NEEDS_START
#define BEGUN  APPOINTMENT_NEEDS_BEGUN
#define RECORD APPOINTMENT_NEEDS_RECORD
#define CASE   APPOINTMENT_NEEDS_CASE

#define CHANGED "AppointmentChanged"
#define HELD    "AttendanceRecord"

static const struct appointment_rule rules[] = {
	{ON(NONE), APPOINTMENT_BOOKED, "AppointmentScheduled", NULL, START},
	/* the one whose place it takes; the new one is BOOKED */
	{OPEN, APPOINTMENT_RESCHEDULED, CHANGED, "RESCHEDULED", START},
	{OPEN, APPOINTMENT_CANCELLED, CHANGED, "CANCELLED", 0},

	{OPEN, APPOINTMENT_ATTENDED, HELD, "ATTENDED", BEGUN},
	{OPEN, APPOINTMENT_ATTENDED_LATE, HELD, "ATTENDED_LATE", BEGUN},
	{OPEN, APPOINTMENT_DID_NOT_ATTEND, HELD, "DID_NOT_ATTEND", BEGUN},
	{OPEN, APPOINTMENT_DID_NOT_HAPPEN, HELD, "DID_NOT_HAPPEN", BEGUN},
	/* somebody came who had no appointment: kept where there is a referral to count it for */
	{ON(NONE), APPOINTMENT_ATTENDED, HELD, "ATTENDED", CASE},
	{ON(NONE), APPOINTMENT_ATTENDED_LATE, HELD, "ATTENDED_LATE", CASE},
	{ON(NONE), APPOINTMENT_DID_NOT_ATTEND, HELD, "DID_NOT_ATTEND", CASE},
	{ON(NONE), APPOINTMENT_DID_NOT_HAPPEN, HELD, "DID_NOT_HAPPEN", CASE},
	/* a correction */
	{RECORDED, APPOINTMENT_ATTENDED, HELD, "ATTENDED", RECORD},
	{RECORDED, APPOINTMENT_ATTENDED_LATE, HELD, "ATTENDED_LATE", RECORD},
	{RECORDED, APPOINTMENT_DID_NOT_ATTEND, HELD, "DID_NOT_ATTEND", RECORD},
	{RECORDED, APPOINTMENT_DID_NOT_HAPPEN, HELD, "DID_NOT_HAPPEN", RECORD},

	{ON(BOOKED), APPOINTMENT_AWAITING_FEEDBACK, APPOINTMENT_CLOCK, NULL, 0},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

const struct appointment_rule *appointment_rules(size_t *ret_count)
{
	*ret_count = RULE_COUNT;
	return rules;
}

const char *appointment_state_name(enum appointment_state state)
{
	static const char *const names[APPOINTMENT_STATE_COUNT] = {
		[APPOINTMENT_NONE] = "NONE",
		[APPOINTMENT_BOOKED] = "BOOKED",
		[APPOINTMENT_ATTENDED] = "ATTENDED",
		[APPOINTMENT_ATTENDED_LATE] = "ATTENDED_LATE",
		[APPOINTMENT_DID_NOT_ATTEND] = "DID_NOT_ATTEND",
		[APPOINTMENT_DID_NOT_HAPPEN] = "DID_NOT_HAPPEN",
		[APPOINTMENT_RESCHEDULED] = "RESCHEDULED",
		[APPOINTMENT_CANCELLED] = "CANCELLED",
		[APPOINTMENT_AWAITING_FEEDBACK] = "AWAITING_FEEDBACK",
	};

	return names[(unsigned)state < APPOINTMENT_STATE_COUNT ? state : APPOINTMENT_NONE];
}

bool appointment_ended(enum appointment_state state)
{
	return state != APPOINTMENT_NONE && !((OPEN)&UINT32_C(1) << state);
}

static const struct appointment_rule *rule_find(enum appointment_state from, struct tc_slice type,
						struct tc_slice status)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].from & UINT32_C(1) << from &&
		    tc_slice_equal(tc_slice_text(rules[i].type), type) &&
		    (!rules[i].status || tc_slice_equal(tc_slice_text(rules[i].status), status)))
			return &rules[i];
	return NULL;
}

/* ---- which one, and may it ---- */

/* What a message is about, as far as it is this machine's. */
struct looked {
	const struct appointment_rule *rule; /* NULL: nothing of it is kept */
	struct appointment at;               /* state NONE: a new one */
	struct tc_id successor;              /* its id; none: none */
};

static int refuse_state(const struct appointment *at, struct tc_refusal *refusal)
{
	const char *name = appointment_state_name(at->state);

	tc_refuse(refusal, TC_REFUSAL_ILLEGAL_TRANSITION, "appointment %s; yours now:", name);
	tc_refuse_state(refusal, name, 0);
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].from & UINT32_C(1) << at->state && rules[i].type[0] != '(')
			tc_refuse_legal(refusal, rules[i].type, rules[i].status);
	return APPOINTMENT_REFUSED;
}

static int check_needs(const struct referral_event *event, const struct looked *looked,
		       struct tc_refusal *refusal)
{
	const Throughcare__V1__LifecycleClaim *claim = event->claim;
	unsigned needs = looked->rule->needs;
	struct tc_id corrected;

	if (needs & APPOINTMENT_NEEDS_START && !claim->has_start_ms)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "start");
	if (needs & APPOINTMENT_NEEDS_BEGUN &&
	    event->now_ms < looked->at.start_ms - APPOINTMENT_EARLY_MS)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "status: the appointment is more than a day ahead");
	if (!(needs & APPOINTMENT_NEEDS_RECORD))
		return 0;
	if (!claim->supersedes || !tc_id_parse(tc_slice_text(claim->supersedes), &corrected) ||
	    !tc_id_equal(corrected, looked->at.record)) {
		tc_refuse(refusal, TC_REFUSAL_ILLEGAL_TRANSITION,
			  "supersedes: a record stands, name its message to correct it");
		tc_refuse_state(refusal, appointment_state_name(looked->at.state), 0);
		return APPOINTMENT_REFUSED;
	}
	return 0;
}

static bool parse_id(const char *text, struct tc_id *ret)
{
	*ret = (struct tc_id){{0}};
	return text && *text && tc_id_parse(tc_slice_text(text), ret);
}

/* The row of the sender's appointment `id`: found, or as a new one. */
static int look_up(struct store_txn *txn, const struct referral_tables *tables,
		   const struct referral_event *event, struct tc_id id, struct appointment *ret)
{
	struct tc_id key;
	int r = appointment_key(event->sender, event->subject, id, &key);

	if (r == 0)
		r = appointment_find(txn, tables, key, ret);
	if (r != APPOINTMENT_UNKNOWN)
		return r;
	*ret = (struct appointment){
		.key = key,
		.id = id,
		.referral = event->referral,
		.subject = event->subject,
		.owner = *event->sender,
	};
	return 0;
}

/* A change names the old one by `supersedes`; a cancellation may name it by its id alone. */
static int look_changed(struct store_txn *txn, const struct referral_tables *tables,
			const struct referral_event *event, struct looked *ret,
			struct tc_refusal *refusal)
{
	const Throughcare__V1__LifecycleClaim *claim = event->claim;
	struct tc_id id, old;
	struct appointment successor;
	int r;

	if (!parse_id(claim->appointment_id, &id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "appointment_id");
	if (!tc_slice_equal(tc_slice_text(claim->status), tc_slice_text("RESCHEDULED"))) {
		if (!parse_id(claim->supersedes, &old))
			old = id;
		return look_up(txn, tables, event, old, &ret->at);
	}
	if (!parse_id(claim->supersedes, &old))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "supersedes");
	r = look_up(txn, tables, event, old, &ret->at);
	if (r == 0)
		r = look_up(txn, tables, event, id, &successor);
	if (r != 0)
		return r;
	if (successor.state != APPOINTMENT_NONE || tc_id_equal(old, id))
		return tc_refuse(refusal, TC_REFUSAL_APPOINTMENT_EXISTS, "appointment_id");
	ret->successor = id;
	return 0;
}

static int look(struct store_txn *txn, const struct referral_tables *tables,
		const struct referral_event *event, struct looked *ret, struct tc_refusal *refusal)
{
	bool changes = tc_slice_equal(event->type, tc_slice_text(CHANGED));
	struct tc_slice status;
	struct tc_id id;
	int r;

	*ret = (struct looked){.rule = NULL};
	if (!event->claim || !event->claim->appointment_id)
		return 0;
	status = tc_slice_text(event->claim->status);
	if (changes)
		r = look_changed(txn, tables, event, ret, refusal);
	else if (parse_id(event->claim->appointment_id, &id))
		r = look_up(txn, tables, event, id, &ret->at);
	else
		r = tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "appointment_id");
	if (r != 0)
		return r;
	if ((changes && ret->at.state == APPOINTMENT_NONE) ||
	    !tc_id_equal(ret->at.referral, event->referral))
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_APPOINTMENT,
				 changes ? "supersedes" : "appointment_id");
	ret->rule = rule_find(ret->at.state, event->type, status);
	if (!ret->rule && tc_slice_equal(event->type, tc_slice_text("AppointmentScheduled")))
		return tc_refuse(refusal, TC_REFUSAL_APPOINTMENT_EXISTS, "appointment_id");
	if (!ret->rule)
		return refuse_state(&ret->at, refusal);
	if (ret->rule->needs & APPOINTMENT_NEEDS_CASE && tc_id_is_none(event->referral)) {
		ret->rule = NULL; /* a record of its own */
		return 0;
	}
	return check_needs(event, ret, refusal);
}

int appointment_check(struct store_txn *txn, const struct referral_tables *tables,
		      const struct referral_event *event, struct tc_refusal *refusal)
{
	struct looked looked;

	return look(txn, tables, event, &looked, refusal);
}

/* ---- doing it ---- */

/* When somebody should have said how it went. */
static void book(const struct referral_event *event, struct appointment *at, const tc_agency *other)
{
	const Throughcare__V1__LifecycleClaim *claim = event->claim;
	uint32_t minutes = claim->duration_minutes;

	at->other = *other;
	at->booked = event->message;
	at->start_ms = claim->start_ms;
	at->duration_minutes = minutes == 0        ? APPOINTMENT_MINUTES_DEFAULT
			       : minutes > 60 * 24 ? 60 * 24
						   : minutes;
	at->alarm_ms = at->start_ms + (int64_t)at->duration_minutes * 60000;
}

static int make_successor(struct store_txn *txn, const struct referral_tables *tables,
			  const struct referral_event *event, const struct looked *looked,
			  const tc_agency *other, struct appointment *ret)
{
	int r = look_up(txn, tables, event, looked->successor, ret);

	if (r != 0)
		return r;
	ret->state = APPOINTMENT_BOOKED;
	ret->supersedes = looked->at.key;
	ret->by = (uint8_t)event->claim->requested_by;
	book(event, ret, other);
	return appointment_put(txn, tables, ret, true);
}

int appointment_apply(struct store_txn *txn, const struct referral_tables *tables,
		      const struct referral_event *event, const tc_agency *other,
		      struct appointment_change *ret, struct tc_refusal *refusal)
{
	struct appointment *at = &ret->appointment;
	struct looked looked;
	bool made;
	int r = look(txn, tables, event, &looked, refusal);

	*ret = (struct appointment_change){.changed = false};
	if (r != 0 || !looked.rule)
		return r;
	*at = looked.at;
	made = at->state == APPOINTMENT_NONE;
	ret->alarm_before_ms = at->alarm_ms;
	at->alarm_ms = 0;
	ret->changed = true;
	ret->recorded = tc_slice_equal(event->type, tc_slice_text(HELD));
	at->state = looked.rule->to;
	if (ret->recorded) {
		if (looked.rule->needs & APPOINTMENT_NEEDS_RECORD && at->corrections < UINT16_MAX)
			at->corrections++;
		at->record = event->message;
		at->reason = (uint8_t)event->claim->absence_reason;
		if (made) {
			at->other = *other;
			at->start_ms = event->occurred_ms != 0 ? event->occurred_ms : event->now_ms;
		}
	} else if (at->state == APPOINTMENT_BOOKED) {
		book(event, at, other);
	} else {
		at->by = (uint8_t)event->claim->requested_by;
	}
	if (!tc_id_is_none(looked.successor)) {
		r = make_successor(txn, tables, event, &looked, other, &ret->successor);
		at->successor = ret->successor.key;
	}
	return r != 0 ? r : appointment_put(txn, tables, at, made);
}

int appointment_clock(struct store_txn *txn, const struct referral_tables *tables, struct tc_id key,
		      int64_t now_ms, struct appointment_change *ret)
{
	struct appointment *at = &ret->appointment;
	const struct clock_book *calendars = tables->book;
	const struct calendar *calendar = NULL;
	const struct appointment_rule *rule;
	int r;

	*ret = (struct appointment_change){.changed = false};
	r = appointment_find(txn, tables, key, at);
	if (r != 0)
		return r == APPOINTMENT_UNKNOWN ? 0 : r;
	if (at->alarm_ms == 0 || at->alarm_ms > now_ms)
		return 0;
	rule = rule_find(at->state, tc_slice_text(APPOINTMENT_CLOCK), tc_slice_text(NULL));
	if (rule)
		at->state = rule->to;
	else
		ret->late = true;
	if (ret->late && at->times < UINT16_MAX)
		at->times++;
	if (calendars && calendars->find)
		calendar = calendars->find(calendars->context, &at->owner);
	ret->changed = true;
	ret->alarm_before_ms = at->alarm_ms;
	at->alarm_ms = calendar_after(calendar, now_ms, lifecycle_clock_days(CLOCK_FEEDBACK, NULL));
	return appointment_put(txn, tables, at, false);
}
