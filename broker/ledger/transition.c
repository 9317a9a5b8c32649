#include "ledger/transition.h"

#include "ledger/fact.h"
#include "ledger/state.h"
#include "ledger/timer.h"

int transition_follow(struct ledger *ledger, const struct referral_change *change)
{
	struct fact_draft draft;
	int r = 0;

	if (change->alarm_before_ms != change->alarm_ms) {
		if (change->alarm_before_ms != 0)
			r = timer_drop(ledger, change->alarm_before_ms, TIMER_REFERRAL,
				       change->referral);
		if (r == 0 && change->alarm_ms != 0)
			r = timer_set(ledger, change->alarm_ms, TIMER_REFERRAL, change->referral);
	}
	if (r < 0 || (!change->moved && !change->loop_closed))
		return r;
	fact_init(&draft, change->loop_closed ? "loop_closed" : "transition");
	fact_text(&draft.row.agency, change->source.name);
	fact_text(&draft.row.recipient, change->target.name);
	fact_subject(&draft, change->subject);
	fact_referral(&draft, change->referral);
	fact_text(&draft.row.code, lifecycle_state(change->to)->name);
	return fact_push(ledger, &draft);
}
