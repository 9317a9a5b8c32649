#include "ledger/transition.h"

#include "ledger/capacity_message.h"
#include "ledger/case.h"
#include "ledger/fact.h"
#include "ledger/misdirected.h"
#include "ledger/offer.h"
#include "ledger/state.h"
#include "ledger/status.h"
#include "ledger/timer.h"

static int transition_timer(struct ledger *ledger, const struct referral_change *change)
{
	int r = 0;

	if (change->alarm_before_ms == change->alarm_ms)
		return 0;
	if (change->alarm_before_ms != 0)
		r = timer_drop(ledger, change->alarm_before_ms, TIMER_REFERRAL, change->referral);
	if (r == 0 && change->alarm_ms != 0)
		r = timer_set(ledger, change->alarm_ms, TIMER_REFERRAL, change->referral);
	return r;
}

static int transition_fact(struct ledger *ledger, const struct referral_change *change)
{
	struct fact_draft draft;

	if (!change->moved && !change->loop_closed)
		return 0;
	fact_init(&draft, change->loop_closed ? "loop_closed" : "transition");
	fact_text(&draft.row.agency, change->source.name);
	fact_text(&draft.row.recipient, change->target.name);
	fact_subject(&draft, change->subject);
	fact_referral(&draft, change->referral);
	fact_text(&draft.row.code, lifecycle_state(change->to)->name);
	return fact_push(ledger, &draft);
}

/* Each looks at the change for itself: it may have moved, rung, been given to somebody else, or
 * nothing of that. */
int transition_follow(struct ledger *ledger, const struct referral_change *change)
{
	int r = transition_timer(ledger, change);

	if (r == 0)
		r = transition_fact(ledger, change);
	if (r == 0)
		r = case_follow(ledger, change);
	if (r == 0)
		r = capacity_follow(ledger, change);
	if (r == 0)
		r = offer_follow(ledger, change);
	if (r == 0)
		r = status_follow(ledger, change);
	return r < 0 ? r : misdirected_follow(ledger, change);
}
