#include "referral/clock.h"

#include "referral/referral.h"

/* Which of the two clocks of the present state runs. */
static enum lifecycle_clock clock_kind(const struct referral *referral)
{
	const struct lifecycle_state *state = lifecycle_state(referral->state);

	return referral->overdue && state->then_clock != CLOCK_NONE ? state->then_clock
								    : state->clock;
}

/* When it is due. A date that the source named goes before the service's days, while a decision is
 * awaited. */
static int64_t clock_due(const struct referral *referral, enum lifecycle_clock clock,
			 int64_t now_ms)
{
	int64_t due_ms;

	if (clock == CLOCK_NONE)
		return 0;
	if (clock == CLOCK_OFFER)
		return referral->offer_expires_ms;
	due_ms = lifecycle_working_days(now_ms, lifecycle_clock_days(clock, &referral->days));
	if (referral->respond_by_ms <= now_ms)
		return due_ms;
	if (referral->state == REFERRAL_RECEIVED || clock == CLOCK_DECISION ||
	    (referral->state == REFERRAL_REQUESTED && referral->respond_by_ms < due_ms))
		return referral->respond_by_ms;
	return due_ms;
}

static void clock_start(struct referral *referral, int64_t now_ms)
{
	enum lifecycle_clock clock = clock_kind(referral);

	referral->clock = (uint8_t)clock;
	referral->clock_from_ms = now_ms;
	referral->due_ms = clock_due(referral, clock, now_ms);
	referral->alarm_ms = referral->due_ms;
	referral->reminded = false;
}

void clock_enter(const struct clock_book *book, struct referral *referral, enum referral_state from,
		 const Throughcare__V1__LifecycleClaim *claim, int64_t now_ms)
{
	(void)book;
	(void)from;
	(void)claim;
	referral->overdue = false;
	referral->times = 0;
	clock_start(referral, now_ms);
}

void clock_extend(const struct clock_book *book, struct referral *referral, int64_t respond_by_ms,
		  int64_t now_ms)
{
	(void)book;
	referral->extended = true;
	referral->overdue = true;
	referral->respond_by_ms = respond_by_ms;
	clock_start(referral, now_ms);
}

void clock_beat(const struct clock_book *book, struct referral *referral, int64_t now_ms)
{
	(void)book;
	referral->overdue = false;
	referral->times = 0;
	clock_start(referral, now_ms);
}

static bool clock_has_rule(const struct referral *referral)
{
	return lifecycle_find(referral->state, tc_slice_text(LIFECYCLE_CLOCK), tc_slice_text(NULL),
			      REFERRAL_BY_EXCHANGE) != NULL;
}

enum clock_ring clock_ring(const struct clock_book *book, struct referral *referral, int64_t now_ms)
{
	(void)book;
	if (referral->alarm_ms == 0 || referral->alarm_ms > now_ms)
		return CLOCK_RINGS_NOT;
	if (clock_has_rule(referral) &&
	    (lifecycle_state(referral->state)->then_clock == CLOCK_NONE || referral->overdue))
		return CLOCK_MOVES;
	referral->overdue = true;
	referral->times++;
	clock_start(referral, now_ms);
	return CLOCK_OVERDUE;
}

const char *clock_name(enum lifecycle_clock clock)
{
	static const char *const names[CLOCK_COUNT] = {
		[CLOCK_NONE] = "",
		[CLOCK_RECEIPT] = "receipt",
		[CLOCK_DECISION] = "decision",
		[CLOCK_APPOINTMENT] = "appointment",
		[CLOCK_HEARTBEAT] = "heartbeat",
		[CLOCK_OFFER] = "offer",
		[CLOCK_ACKNOWLEDGE] = "acknowledgement",
		[CLOCK_FEEDBACK] = "feedback",
	};

	return (unsigned)clock < CLOCK_COUNT ? names[clock] : "";
}
