/*
 * The lifecycle of a referral as data (DOMAIN.md section 3). Rules are tried from the
 * top; the first whose state, type, status and actor fit is the one. A rule to
 * REFERRAL_SAME accepts a message that leaves the state and starts its clock anew.
 */
#include "referral/lifecycle.h"

#include <string.h>

#define ON(state) (UINT32_C(1) << REFERRAL_##state)

#define BEFORE_CARE                                                                                \
	(ON(REQUESTED) | ON(RECEIVED) | ON(INFO_REQUESTED) | ON(WAITLISTED) | ON(OFFERED))
#define IN_CARE (ON(ACCEPTED) | ON(SCHEDULED) | ON(IN_PROGRESS) | ON(ON_HOLD))
#define OPEN    (BEFORE_CARE | IN_CARE | ON(CANCEL_REQUESTED))
#define ENDED                                                                                      \
	(ON(DECLINED) | ON(REROUTED) | ON(CANCELLED) | ON(EXPIRED) | ON(UNDELIVERABLE) |           \
	 ON(ENDED_EARLY) | ON(COMPLETED) | ON(ENTERED_IN_ERROR))

#define S REFERRAL_BY_SOURCE
#define T REFERRAL_BY_TARGET
#define B REFERRAL_BY_EXCHANGE
#define K REFERRAL_BY_COURT

static const struct lifecycle_state states[REFERRAL_STATE_COUNT] = {
	[REFERRAL_NONE] = {"NONE", "draft", false, S, CLOCK_NONE, CLOCK_NONE},
	[REFERRAL_REQUESTED] = {"REQUESTED", "sent", false, T, CLOCK_RECEIPT, CLOCK_DECISION},
	[REFERRAL_RECEIVED] = {"RECEIVED", "in review", false, T, CLOCK_DECISION, CLOCK_NONE},
	[REFERRAL_INFO_REQUESTED] = {"INFO_REQUESTED", "more information requested", false, S,
				     CLOCK_DECISION, CLOCK_NONE},
	/* When nobody said anything for so long, the source is asked whether it is still wanted. */
	[REFERRAL_WAITLISTED] = {"WAITLISTED", "waitlisted", false, T, CLOCK_HEARTBEAT,
				 CLOCK_HEARTBEAT},
	[REFERRAL_OFFERED] = {"OFFERED", "place offered", false, S, CLOCK_OFFER, CLOCK_NONE},
	[REFERRAL_ACCEPTED] = {"ACCEPTED", "accepted", false, T, CLOCK_APPOINTMENT, CLOCK_NONE},
	[REFERRAL_SCHEDULED] = {"SCHEDULED", "scheduled", false, T, CLOCK_APPOINTMENT, CLOCK_NONE},
	[REFERRAL_IN_PROGRESS] = {"IN_PROGRESS", "in progress", false, T, CLOCK_HEARTBEAT,
				  CLOCK_NONE},
	[REFERRAL_ON_HOLD] = {"ON_HOLD", "on hold", false, T, CLOCK_HEARTBEAT, CLOCK_NONE},
	[REFERRAL_CANCEL_REQUESTED] = {"CANCEL_REQUESTED", "withdrawal asked for", false, T,
				       CLOCK_DECISION, CLOCK_NONE},
	[REFERRAL_DECLINED] = {"DECLINED", "declined", true, S, CLOCK_ACKNOWLEDGE, CLOCK_NONE},
	[REFERRAL_REROUTED] = {"REROUTED", "referred elsewhere", true, S, CLOCK_ACKNOWLEDGE,
			       CLOCK_NONE},
	[REFERRAL_CANCELLED] = {"CANCELLED", "withdrawn", true, S, CLOCK_ACKNOWLEDGE, CLOCK_NONE},
	[REFERRAL_EXPIRED] = {"EXPIRED", "expired", true, S, CLOCK_ACKNOWLEDGE, CLOCK_NONE},
	[REFERRAL_UNDELIVERABLE] = {"UNDELIVERABLE", "could not be delivered", true, S,
				    CLOCK_ACKNOWLEDGE, CLOCK_NONE},
	[REFERRAL_ENDED_EARLY] = {"ENDED_EARLY", "ended early", true, S, CLOCK_ACKNOWLEDGE,
				  CLOCK_NONE},
	[REFERRAL_COMPLETED] = {"COMPLETED", "completed", true, S, CLOCK_ACKNOWLEDGE, CLOCK_NONE},
	[REFERRAL_ENTERED_IN_ERROR] = {"ENTERED_IN_ERROR", "entered in error", true, S,
				       CLOCK_ACKNOWLEDGE, CLOCK_NONE},
};

#define RESPONSE "ReferralResponse"
#define CANCEL   "ReferralCancel"

static const struct lifecycle_rule rules[] = {
	{ON(NONE), REFERRAL_REQUESTED, S, "Referral", NULL, 0},

	/* the target reads and decides */
	{ON(REQUESTED), REFERRAL_RECEIVED, T, RESPONSE, "RECEIVED", NEED_WORKER},
	{ON(RECEIVED), REFERRAL_INFO_REQUESTED, T, "InfoRequest", NULL, 0},
	{ON(RECEIVED), REFERRAL_INFO_REQUESTED, T, RESPONSE, "INFO_REQUESTED", 0},
	{ON(RECEIVED), REFERRAL_WAITLISTED, T, RESPONSE, "WAITLISTED", 0},
	{ON(RECEIVED) | ON(WAITLISTED), REFERRAL_OFFERED, T, RESPONSE, "OFFERED",
	 NEED_OFFER_EXPIRY},
	{ON(RECEIVED) | ON(WAITLISTED), REFERRAL_ACCEPTED, T, RESPONSE, "ACCEPTED", 0},
	{ON(RECEIVED) | ON(INFO_REQUESTED) | ON(WAITLISTED) | ON(OFFERED), REFERRAL_DECLINED, T,
	 RESPONSE, "DECLINED", NEED_REASON},
	{ON(RECEIVED), REFERRAL_REROUTED, T, RESPONSE, "REROUTED", NEED_SUCCESSOR},
	{ON(INFO_REQUESTED), REFERRAL_SAME, T, "InfoRequest", NULL, 0},
	{ON(INFO_REQUESTED), REFERRAL_SAME, S, "InfoReply", LIFECYCLE_PARTIAL, NEED_ITEMS},
	{ON(INFO_REQUESTED), REFERRAL_RECEIVED, S, "InfoReply", NULL, NEED_ITEMS},
	{ON(INFO_REQUESTED), REFERRAL_RECEIVED, T, RESPONSE, "RECEIVED", 0},
	{ON(WAITLISTED), REFERRAL_SAME, T, RESPONSE, "WAITLISTED", 0},
	{ON(WAITLISTED), REFERRAL_SAME, S, RESPONSE, "STILL_WANTED", 0},
	{ON(OFFERED), REFERRAL_ACCEPTED, S, RESPONSE, "ACCEPTED", NEED_OFFER_OPEN},

	/* before care, the source simply withdraws, and may extend the clock once */
	{BEFORE_CARE, REFERRAL_CANCELLED, S, CANCEL, NULL, NEED_REASON},
	{ON(REQUESTED) | ON(RECEIVED), REFERRAL_SAME, S, "ReferralAmend", "EXTEND",
	 NEED_UNEXTENDED},
	{BEFORE_CARE | IN_CARE, REFERRAL_SAME, S, "ReferralAmend", "AMEND", 0},

	/* care */
	{ON(ACCEPTED), REFERRAL_SCHEDULED, T, "AppointmentScheduled", NULL, 0},
	{ON(ACCEPTED), REFERRAL_SCHEDULED, T, RESPONSE, "SCHEDULED", 0},
	{IN_CARE, REFERRAL_SAME, T, "AppointmentScheduled", NULL, 0},
	{ON(SCHEDULED), REFERRAL_ACCEPTED, T, "AppointmentChanged", "CANCELLED", NEED_LAST_MEETING},
	{IN_CARE, REFERRAL_SAME, T, "AppointmentChanged", NULL, 0},
	{ON(ACCEPTED) | ON(SCHEDULED), REFERRAL_IN_PROGRESS, T, "AttendanceRecord", "ATTENDED", 0},
	{ON(ACCEPTED) | ON(SCHEDULED), REFERRAL_IN_PROGRESS, T, "AttendanceRecord", "ATTENDED_LATE",
	 0},
	{ON(ACCEPTED) | ON(SCHEDULED), REFERRAL_IN_PROGRESS, T, RESPONSE, "IN_PROGRESS", 0},
	{ON(SCHEDULED), REFERRAL_ACCEPTED, T, "AttendanceRecord", "DID_NOT_ATTEND",
	 NEED_NEWEST | NEED_LAST_MEETING},
	{ON(SCHEDULED), REFERRAL_ACCEPTED, T, "AttendanceRecord", "DID_NOT_HAPPEN",
	 NEED_NEWEST | NEED_LAST_MEETING},
	{IN_CARE | ON(CANCEL_REQUESTED) | ENDED, REFERRAL_SAME, T, "AttendanceRecord", NULL, 0},
	{ON(IN_PROGRESS), REFERRAL_SAME, T, "ProgressReport", NULL, 0},
	{ON(IN_PROGRESS), REFERRAL_ON_HOLD, T, RESPONSE, "ON_HOLD", 0},
	{ON(ON_HOLD), REFERRAL_IN_PROGRESS, S | T, RESPONSE, "RESUMED", 0},
	{ON(IN_PROGRESS), REFERRAL_ON_HOLD, B, LIFECYCLE_CUSTODY_IN, NULL, 0},
	{ON(ON_HOLD), REFERRAL_IN_PROGRESS, B, LIFECYCLE_CUSTODY_OUT, NULL, NEED_CUSTODY},

	/* the end */
	{ON(IN_PROGRESS), REFERRAL_COMPLETED, T, "OutcomeReport", "COMPLETED", NEED_SCORES},
	{IN_CARE, REFERRAL_ENDED_EARLY, T, "OutcomeReport", "ENDED_EARLY", NEED_KNOWN_SCORES},
	{ENDED, REFERRAL_SAME, T, "OutcomeReport", NULL, RULE_ANSWERS},
	{ENDED, REFERRAL_SAME, S, "LoopClosed", "ACCEPTED", NEED_LOOP_OPEN},
	{ENDED, REFERRAL_SAME, S, "LoopClosed", "DISPUTED", NEED_LOOP_OPEN | NEED_REASON},
	{IN_CARE, REFERRAL_SAME, S, "LoopClosed", NULL, NEED_OUTCOME},

	/* withdrawal during care: the target confirms, unless a court or board has ordered it */
	{IN_CARE, REFERRAL_CANCELLED, K, CANCEL, "BY_ORDER", NEED_ORDER},
	{IN_CARE, REFERRAL_CANCELLED, K, "CourtOrder", "RECALL", NEED_ORDER},
	{IN_CARE, REFERRAL_CANCEL_REQUESTED, S, CANCEL, NULL, NEED_REASON},
	{ON(IN_PROGRESS), REFERRAL_CANCEL_REQUESTED, K, CANCEL, NULL, NEED_REASON},
	{ON(CANCEL_REQUESTED), REFERRAL_CANCELLED, T, RESPONSE, "CANCEL_CONFIRMED", 0},
	{ON(CANCEL_REQUESTED), REFERRAL_BEFORE, T, RESPONSE, "CANCEL_REJECTED", NEED_REASON},

	/* the wrong person, the wrong place: two people say so */
	{OPEN | (ENDED & ~ON(ENTERED_IN_ERROR)), REFERRAL_ENTERED_IN_ERROR, S | T, RESPONSE,
	 "ENTERED_IN_ERROR", NEED_SECOND_PERSON},

	/* nobody moves */
	{ON(REQUESTED) | ON(RECEIVED) | ON(INFO_REQUESTED) | ON(WAITLISTED), REFERRAL_EXPIRED, B,
	 LIFECYCLE_CLOCK, NULL, 0},
	{ON(OFFERED), REFERRAL_RECEIVED, B, LIFECYCLE_CLOCK, NULL, 0},
	{ON(CANCEL_REQUESTED), REFERRAL_CANCELLED, B, LIFECYCLE_CLOCK, NULL, 0},
	{ON(REQUESTED), REFERRAL_UNDELIVERABLE, B, LIFECYCLE_UNDELIVERED, NULL, 0},
	{BEFORE_CARE, REFERRAL_CANCELLED, B, LIFECYCLE_TAKEN, NULL, 0},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* These speak about an open referral. All others are reports, welcome after the end too. */
static const char *const open_only[] = {
	"Referral",  "ReferralResponse",     "ReferralCancel",     "ReferralAmend", "InfoRequest",
	"InfoReply", "AppointmentScheduled", "AppointmentChanged", "PlanProposed",  "PlanDecision",
};

/* These only mention a referral, unless a rule has their very status. */
static const char *const mentioning[] = {"ProgressReport", "CourtOrder"};

const struct lifecycle_state *lifecycle_state(enum referral_state state)
{
	return (unsigned)state < REFERRAL_STATE_COUNT ? &states[state] : &states[REFERRAL_NONE];
}

enum referral_state lifecycle_state_find(struct tc_slice name)
{
	for (unsigned i = 1; i < REFERRAL_STATE_COUNT; i++)
		if (tc_slice_equal(tc_slice_text(states[i].name), name))
			return (enum referral_state)i;
	return REFERRAL_NONE;
}

const struct lifecycle_rule *lifecycle_rules(size_t *ret_count)
{
	*ret_count = RULE_COUNT;
	return rules;
}

static bool rule_speaks_of(const struct lifecycle_rule *rule, struct tc_slice type,
			   struct tc_slice status)
{
	return tc_slice_equal(tc_slice_text(rule->type), type) &&
	       (!rule->status || tc_slice_equal(tc_slice_text(rule->status), status));
}

const struct lifecycle_rule *lifecycle_find(enum referral_state from, struct tc_slice type,
					    struct tc_slice status, enum referral_actor by)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].from & UINT32_C(1) << from && rules[i].by & (unsigned)by &&
		    rule_speaks_of(&rules[i], type, status))
			return &rules[i];
	return NULL;
}

bool lifecycle_governs(struct tc_slice type, struct tc_slice status)
{
	bool mentions = false;

	for (size_t i = 0; i < sizeof(mentioning) / sizeof(mentioning[0]); i++)
		mentions = mentions || tc_slice_equal(tc_slice_text(mentioning[i]), type);
	for (size_t i = 0; i < RULE_COUNT; i++) {
		if (!tc_slice_equal(tc_slice_text(rules[i].type), type))
			continue;
		if (!mentions ||
		    (rules[i].status && tc_slice_equal(tc_slice_text(rules[i].status), status)))
			return true;
	}
	return false;
}

bool lifecycle_after_end(struct tc_slice type)
{
	for (size_t i = 0; i < sizeof(open_only) / sizeof(open_only[0]); i++)
		if (tc_slice_equal(tc_slice_text(open_only[i]), type))
			return false;
	return true;
}

size_t lifecycle_legal(enum referral_state from, enum referral_actor by,
		       const struct lifecycle_rule **ret, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < RULE_COUNT && count < max; i++) {
		const struct lifecycle_rule *rule = &rules[i];

		if (rule->from & UINT32_C(1) << from && rule->by & (unsigned)by &&
		    (rule->to != REFERRAL_SAME || rule->needs & NEED_LOOP_OPEN))
			ret[count++] = rule;
	}
	return count;
}

/* Defaults of DOMAIN.md: human receipt, decision, first appointment, status heartbeat. */
unsigned lifecycle_clock_days(enum lifecycle_clock clock, const struct lifecycle_days *days)
{
	static const uint8_t defaults[CLOCK_COUNT] = {
		[CLOCK_RECEIPT] = 2,    [CLOCK_DECISION] = 5,    [CLOCK_APPOINTMENT] = 10,
		[CLOCK_HEARTBEAT] = 30, [CLOCK_ACKNOWLEDGE] = 5, [CLOCK_FEEDBACK] = 2,
	};

	if (days && days->days[clock] != 0)
		return days->days[clock];
	return defaults[clock];
}
