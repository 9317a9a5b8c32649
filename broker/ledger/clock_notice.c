#include "ledger/clock_notice.h"

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/state.h"

#define KIND(name) THROUGHCARE__V1__CLOCK_NOTICE_KIND__CLOCK_NOTICE_KIND_##name

/* Which side has the move; REFERRAL_SIDES: neither. */
static unsigned side_of(unsigned next_move)
{
	if (next_move & REFERRAL_BY_SOURCE)
		return REFERRAL_SOURCE;
	return next_move & REFERRAL_BY_TARGET ? REFERRAL_TARGET : REFERRAL_SIDES;
}

static const tc_agency *side_agency(const struct referral *referral, unsigned side)
{
	return side == REFERRAL_SOURCE ? &referral->source : &referral->target;
}

static int ring_fact(struct ledger *ledger, const struct referral_change *change)
{
	struct fact_draft draft;
	unsigned late = side_of(change->late);

	fact_init(&draft, "clock");
	if (late != REFERRAL_SIDES)
		fact_text(&draft.row.agency,
			  late == REFERRAL_SOURCE ? change->source.name : change->target.name);
	fact_subject(&draft, change->subject);
	fact_referral(&draft, change->referral);
	fact_text(&draft.row.code, clock_name(change->rang));
	return fact_push(ledger, &draft);
}

static int notify_side(struct ledger *ledger, const struct referral_change *change,
		       const struct referral *referral, unsigned side)
{
	Throughcare__V1__ClockNotice content = THROUGHCARE__V1__CLOCK_NOTICE__INIT;
	const struct own_subject about = {
		.type = "ClockNotice", .subject = referral->subject, .referral = referral->id};
	Google__Protobuf__Timestamp due = own_message_time(referral->due_ms);
	const struct principal *to =
		principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
			       tc_slice_text(side_agency(referral, side)->name));
	unsigned mover = side_of(referral->next_move);

	if (to == NULL || referral->side[side].told != referral->version ||
	    (side == REFERRAL_TARGET && !referral->shown))
		return 0;
	content.has_kind = content.has_times = 1;
	content.kind = change->ring == CLOCK_REMINDS ? KIND(REMINDER)
		       : referral->times > 1         ? KIND(ESCALATED)
						     : KIND(OVERDUE);
	content.times = change->ring == CLOCK_REMINDS ? 0 : referral->times;
	fact_text(&content.clock, clock_name(change->rang));
	content.due = &due;
	if (mover != REFERRAL_SIDES)
		fact_text(&content.next_move, side_agency(referral, mover)->name);
	if (mover == side)
		fact_text(&content.officer, referral->side[side].officer);
	return own_message_send(ledger, to->number, &about, &content.base, NULL);
}

int clock_notice_follow(struct ledger *ledger, const struct referral_change *change)
{
	struct referral referral;
	int r;

	if (change->ring == CLOCK_RINGS_NOT)
		return 0;
	r = ring_fact(ledger, change);
	if (r < 0 || change->ring == CLOCK_MOVES)
		return r;
	r = referral_find(ledger->txn, &ledger->referral, change->referral, &referral);
	if (r == 0 && referral.times > CLOCK_NOTICE_TIMES_MAX)
		return 0;
	for (unsigned side = 0; r == 0 && side < REFERRAL_SIDES; side++) {
		if (change->ring == CLOCK_OVERDUE || side == side_of(referral.next_move))
			r = notify_side(ledger, change, &referral, side);
	}
	return r > 0 ? TC_ECORRUPT : r;
}
