#include "referral/clock.h"

#include "referral/calendar.h"
#include "referral/referral.h"

/* By whose working days: the calendar of whose move it is. */
static const struct calendar *clock_calendar(const struct clock_book *book,
					     const struct referral *referral)
{
	const tc_agency *agency =
		referral->next_move & REFERRAL_BY_SOURCE ? &referral->source : &referral->target;

	return book != NULL && book->find != NULL ? book->find(book->context, agency) : NULL;
}

/* Has the present state given its one more chance, or has the source taken it with its extension?
 */
static bool clock_last(const struct referral *referral)
{
	return referral->overdue || (referral->extended && referral->state == REFERRAL_REQUESTED);
}

/* Which of the two clocks of the present state runs; none, when it is nobody's move. */
static enum lifecycle_clock clock_kind(const struct referral *referral)
{
	const struct lifecycle_state *state = lifecycle_state(referral->state);

	if (referral->next_move == 0)
		return CLOCK_NONE;
	return state->then_clock != CLOCK_NONE && clock_last(referral) ? state->then_clock
								       : state->clock;
}

static unsigned clock_days(const struct referral *referral)
{
	if (referral->state == REFERRAL_RECEIVED && referral->left_days != 0)
		return referral->left_days;
	return lifecycle_clock_days((enum lifecycle_clock)referral->clock, &referral->days);
}

/* The date that the source has named for a decision: before the service's days while the target
 * decides, and when it is earlier, before it has opened the referral. 0: none. */
static int64_t clock_asked(const struct referral *referral, int64_t due_ms, int64_t now_ms)
{
	if (referral->respond_by_ms <= now_ms)
		return 0;
	if (referral->state == REFERRAL_RECEIVED)
		return referral->left_days == 0 ? referral->respond_by_ms : 0;
	if (referral->state != REFERRAL_REQUESTED)
		return 0;
	return clock_last(referral) || referral->respond_by_ms < due_ms ? referral->respond_by_ms
									: 0;
}

/* Until it is due it reminds once, some working days before. */
static void clock_alarm(const struct calendar *calendar, struct referral *referral, int64_t now_ms)
{
	int64_t before_ms =
		calendar_before(calendar, referral->due_ms, calendar_reminder_days(calendar));

	referral->alarm_ms = referral->due_ms;
	if (!referral->reminded && before_ms > now_ms && before_ms < referral->due_ms)
		referral->alarm_ms = before_ms;
}

/* `named_ms`: when it is due, for whatever reason; 0: by its days. */
static void clock_start(const struct clock_book *book, struct referral *referral, int64_t named_ms,
			int64_t now_ms)
{
	const struct calendar *calendar = clock_calendar(book, referral);

	referral->clock = (uint8_t)clock_kind(referral);
	referral->clock_from_ms = now_ms;
	referral->due_ms = referral->alarm_ms = 0;
	referral->reminded = false;
	if (referral->clock == CLOCK_NONE)
		return;
	if (named_ms == 0) {
		referral->due_ms = calendar_after(calendar, now_ms, clock_days(referral));
		named_ms = clock_asked(referral, referral->due_ms, now_ms);
	}
	referral->named = named_ms != 0;
	if (referral->named)
		referral->due_ms = named_ms;
	clock_alarm(calendar, referral, now_ms);
}

/* What the message that brought it here says about the next date. */
static int64_t clock_claimed(const struct referral *referral,
			     const Throughcare__V1__LifecycleClaim *claim, int64_t now_ms)
{
	if (referral->state == REFERRAL_OFFERED)
		return referral->offer_expires_ms;
	if ((referral->state == REFERRAL_INFO_REQUESTED ||
	     referral->state == REFERRAL_WAITLISTED) &&
	    claim->has_due_ms && claim->due_ms > now_ms)
		return claim->due_ms;
	return 0;
}

/* While something is asked for, the days that the target had left to decide wait. */
static void clock_pause(const struct clock_book *book, struct referral *referral,
			enum referral_state from, int64_t now_ms)
{
	struct referral before = *referral;
	unsigned left;

	if (referral->state == REFERRAL_INFO_REQUESTED && from == REFERRAL_RECEIVED) {
		before.next_move = REFERRAL_BY_TARGET;
		left = calendar_between(clock_calendar(book, &before), now_ms, referral->due_ms);
		referral->left_days = left == 0           ? 1
				      : left > UINT16_MAX ? UINT16_MAX
							  : (uint16_t)left;
	} else if (referral->state != REFERRAL_RECEIVED || from != REFERRAL_INFO_REQUESTED) {
		referral->left_days = 0;
	}
}

void clock_enter(const struct clock_book *book, struct referral *referral, enum referral_state from,
		 const Throughcare__V1__LifecycleClaim *claim, int64_t now_ms)
{
	clock_pause(book, referral, from, now_ms);
	referral->overdue = false;
	referral->times = 0;
	clock_start(book, referral, clock_claimed(referral, claim, now_ms), now_ms);
}

void clock_extend(const struct clock_book *book, struct referral *referral, int64_t respond_by_ms,
		  int64_t now_ms)
{
	referral->extended = true;
	referral->overdue = false;
	referral->times = 0;
	referral->left_days = 0;
	referral->respond_by_ms = respond_by_ms;
	clock_start(book, referral, 0, now_ms);
}

void clock_beat(const struct clock_book *book, struct referral *referral, int64_t now_ms)
{
	if (referral->state == REFERRAL_WAITLISTED)
		referral->next_move = lifecycle_state(referral->state)->next_move;
	referral->overdue = false;
	referral->times = 0;
	clock_start(book, referral,
		    referral->state == REFERRAL_OFFERED ? referral->offer_expires_ms : 0, now_ms);
}

bool clock_recount(const struct clock_book *book, struct referral *referral, int64_t now_ms)
{
	const struct calendar *calendar = clock_calendar(book, referral);
	int64_t due_ms = referral->due_ms, alarm_ms = referral->alarm_ms;

	if (referral->due_ms == 0 || referral->named || referral->alarm_ms > referral->due_ms)
		return false; /* it does not run, does not count days, or has run out */
	referral->due_ms = calendar_after(calendar, referral->clock_from_ms, clock_days(referral));
	clock_alarm(calendar, referral, now_ms);
	return referral->due_ms != due_ms || referral->alarm_ms != alarm_ms;
}

/* ---- ringing ---- */

static bool clock_has_rule(const struct referral *referral)
{
	return lifecycle_find(referral->state, tc_slice_text(LIFECYCLE_CLOCK), tc_slice_text(NULL),
			      REFERRAL_BY_EXCHANGE) != NULL;
}

/* Somebody is late. What had one chance more has its second clock now; all else stays late, and
 * says so again each time as many days have passed. */
static void clock_run_out(const struct clock_book *book, struct referral *referral, int64_t now_ms)
{
	bool chance = lifecycle_state(referral->state)->then_clock != CLOCK_NONE;

	referral->overdue = true;
	if (referral->times < UINT16_MAX)
		referral->times++;
	if (referral->state == REFERRAL_WAITLISTED)
		referral->next_move = REFERRAL_BY_SOURCE; /* is it still wanted? */
	if (chance)
		clock_start(book, referral, 0, now_ms);
	else
		referral->alarm_ms = calendar_after(clock_calendar(book, referral), now_ms,
						    clock_days(referral));
}

enum clock_ring clock_ring(const struct clock_book *book, struct referral *referral, int64_t now_ms)
{
	if (referral->alarm_ms == 0 || referral->alarm_ms > now_ms)
		return CLOCK_RINGS_NOT;
	if (now_ms < referral->due_ms) {
		referral->reminded = true;
		referral->alarm_ms = referral->due_ms;
		return CLOCK_REMINDS;
	}
	if (clock_has_rule(referral) &&
	    (lifecycle_state(referral->state)->then_clock == CLOCK_NONE || clock_last(referral)))
		return CLOCK_MOVES;
	clock_run_out(book, referral, now_ms);
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
