#include "ledger/plans.h"

#include <string.h>

#include "ledger/party.h"
#include "ledger/state.h"
#include "referral/plan.h"

/* The target proposes, the source decides; who is both, does what the type says. */
static enum referral_actor plan_actor(const struct referral_event *event, unsigned by)
{
	bool decides = tc_slice_equal(event->type, tc_slice_text("PlanDecision"));

	if (decides && by & REFERRAL_BY_SOURCE)
		return REFERRAL_BY_SOURCE;
	return by & REFERRAL_BY_TARGET ? REFERRAL_BY_TARGET : REFERRAL_BY_SOURCE;
}

int plans_check(struct ledger *ledger, struct submission *submission)
{
	struct referral_event event;
	unsigned by;
	int r = party_find(ledger, submission, NULL, &by);

	if (r < 0 || by == 0)
		return r;
	submission_event(ledger, submission, &event);
	r = plan_check(ledger->txn, &ledger->referral, &event, plan_actor(&event, by),
		       &submission->refusal);
	return r == PLAN_REFUSED ? SUBMISSION_REFUSED : r;
}

int plans_apply(struct ledger *ledger, struct submission *submission)
{
	struct referral_event event;
	struct plan plan;
	unsigned by;
	int r = party_find(ledger, submission, NULL, &by);

	if (r < 0 || by == 0)
		return r;
	submission_event(ledger, submission, &event);
	r = plan_apply(ledger->txn, &ledger->referral, &event, plan_actor(&event, by), &plan,
		       &submission->refusal);
	/* To whom it went in this very record it was told before there was a row. */
	for (size_t i = 0; r == 0 && i < submission->count; i++) {
		if (submission->deliveries[i].attempt > 0)
			r = plans_told(ledger, &submission->deliveries[i]);
	}
	return r > 0 ? TC_ECORRUPT : r;
}

int plans_told(struct ledger *ledger, const struct delivery *delivery)
{
	struct principal *recipient;
	struct referral referral;
	int r;

	if (tc_id_is_none(delivery->referral) || !(delivery->parts_mask & 1) ||
	    strcmp(delivery->type, "PlanProposed") != 0)
		return 0;
	r = principal_get(ledger, delivery->recipient, &recipient);
	if (r == 0)
		r = referral_find(ledger->txn, &ledger->referral, delivery->referral, &referral);
	if (r != 0 || !tc_agency_equal(&recipient->name, &referral.source))
		return r == REFERRAL_UNKNOWN ? 0 : r;
	return plan_told(ledger->txn, &ledger->referral, delivery->referral, delivery->message);
}
