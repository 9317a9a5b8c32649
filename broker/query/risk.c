#include "query/risk.h"

#include <stdio.h>

#include "throughcare/v1/referral.pb-c.h"

#define DAY_MS    INT64_C(86400000)
#define LATE_DAYS 60 /* a referral that is later than this is as late as one can be */

/* Days until then, rounded up; at least 0. */
static unsigned days_until(int64_t ms, int64_t now_ms)
{
	return ms <= now_ms ? 0 : (unsigned)((ms - now_ms + DAY_MS - 1) / DAY_MS);
}

bool risk_overdue(const struct case_brief *brief, int64_t now_ms)
{
	return brief->overdue || (brief->due_ms != 0 && brief->due_ms < now_ms);
}

/* What a row of the table says of a referral. */
struct finding {
	bool found;
	bool counted;  /* `days` is part of the code: "release_1d" */
	unsigned days; /* until then */
};

static struct finding flag(bool found)
{
	return (struct finding){.found = found};
}

static struct finding within(int64_t ms, int64_t now_ms, unsigned days)
{
	unsigned until = days_until(ms, now_ms);

	return (struct finding){
		.found = ms != 0 && ms > now_ms - DAY_MS && until <= days,
		.counted = true,
		.days = until,
	};
}

static struct finding alert(const struct risk_facts *facts)
{
	return flag(facts->alert);
}

static struct finding release(const struct risk_facts *facts)
{
	return within(facts->brief.risk.release_ms, facts->now_ms, 3);
}

static struct finding hearing(const struct risk_facts *facts)
{
	return within(facts->brief.hearing_ms, facts->now_ms, 3);
}

static struct finding offer(const struct risk_facts *facts)
{
	return within(facts->brief.offer_expires_ms, facts->now_ms, 1);
}

static struct finding high_risk(const struct risk_facts *facts)
{
	return flag(facts->brief.high_risk);
}

static struct finding absconded(const struct risk_facts *facts)
{
	return flag(facts->brief.absconded);
}

static struct finding urgent(const struct risk_facts *facts)
{
	return flag(facts->brief.risk.urgency == THROUGHCARE__V1__URGENCY__URGENCY_URGENT);
}

static struct finding soon(const struct risk_facts *facts)
{
	return flag(facts->brief.risk.urgency == THROUGHCARE__V1__URGENCY__URGENCY_SOON);
}

static struct finding supervision_ends(const struct risk_facts *facts)
{
	return within(facts->brief.risk.supervision_end_ms, facts->now_ms, 14);
}

static struct finding in_custody(const struct risk_facts *facts)
{
	return flag(facts->brief.custody);
}

/* The gravest first. The steps between weights are larger than the sum of what stands two rows
 * below, so that this order is mostly the order of the list. */
static const struct {
	struct finding (*look)(const struct risk_facts *facts);
	const char *code;
	uint32_t weight;
	uint32_t sooner; /* more for each day of `span` that it is nearer */
	unsigned span;
} table[] = {
	{alert, "alert", 3000, 0, 0},                        /* somebody is in danger now */
	{release, "release", 1600, 200, 3},                  /* nothing can be arranged later */
	{hearing, "hearing", 1400, 200, 3},                  /* the court decides with or without */
	{offer, "offer_expires", 1200, 200, 1},              /* the place goes to somebody else */
	{high_risk, "high_risk", 800, 0, 0},                 /* more at stake with each day */
	{absconded, "absconded", 600, 0, 0},                 /* nobody knows where they are */
	{urgent, "urgent", 500, 0, 0},                       /* the referring officer said so */
	{soon, "soon", 200, 0, 0},                           /* likewise, less */
	{supervision_ends, "supervision_ends", 100, 10, 14}, /* after it, nothing is mandatory */
	{in_custody, "in_custody", 50, 0, 0},                /* cannot come by themselves */
};

/* Lateness goes before all: most when the asker is who lets others wait. */
static uint32_t lateness(const struct risk_facts *facts)
{
	int64_t late_ms = facts->now_ms - facts->brief.due_ms;
	uint32_t days;

	if (facts->brief.due_ms == 0)
		return 0;
	if (!risk_overdue(&facts->brief, facts->now_ms)) /* due within a day is all but late */
		return facts->brief.mine && late_ms > -DAY_MS ? 300 : 0;
	late_ms = late_ms > 0 ? late_ms : 0;
	days = late_ms / DAY_MS < LATE_DAYS ? (uint32_t)(late_ms / DAY_MS) : LATE_DAYS;
	return facts->brief.mine ? 1000 + 50 * days : 400 + 10 * days;
}

void risk_judge(const struct risk_facts *facts, struct risk *ret)
{
	*ret = (struct risk){.rank = lateness(facts) + (facts->brief.mine ? 100 : 0)};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct finding finding = table[i].look(facts);

		if (!finding.found)
			continue;
		ret->rank += table[i].weight;
		if (finding.days < table[i].span)
			ret->rank += table[i].sooner * (table[i].span - finding.days);
		if (finding.counted)
			(void)snprintf(ret->codes[ret->count++], sizeof(ret->codes[0]), "%s_%ud",
				       table[i].code, finding.days);
		else
			(void)snprintf(ret->codes[ret->count++], sizeof(ret->codes[0]), "%s",
				       table[i].code);
	}
}

/* What whoever has the move does next, by the state. */
static const char *const steps[REFERRAL_STATE_COUNT] = {
	[REFERRAL_REQUESTED] = "open it: say who has received it",
	[REFERRAL_RECEIVED] = "decide: accept, decline, offer a place or waitlist",
	[REFERRAL_INFO_REQUESTED] = "answer what was asked",
	[REFERRAL_WAITLISTED] = "say how it stands, or whether it is still wanted",
	[REFERRAL_OFFERED] = "take the offered place, or withdraw",
	[REFERRAL_ACCEPTED] = "fix the first appointment",
	[REFERRAL_SCHEDULED] = "record whether they came",
	[REFERRAL_IN_PROGRESS] = "report progress, or how it ended",
	[REFERRAL_ON_HOLD] = "resume, or end it",
	[REFERRAL_CANCEL_REQUESTED] = "confirm the withdrawal, or say why not",
};

const char *risk_next_step(const struct referral *referral, bool mine)
{
	if (referral->loop_closed_ms != 0)
		return "";
	if (!mine)
		return "wait for the other side";
	if (!lifecycle_state(referral->state)->terminal)
		return steps[referral->state] ? steps[referral->state] : "";
	return referral->next_move & REFERRAL_BY_TARGET ? "answer the dispute"
							: "acknowledge or dispute how it ended";
}
