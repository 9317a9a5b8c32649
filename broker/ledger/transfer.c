#include "ledger/transfer.h"

#include <string.h>

#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/reconsider.h"
#include "ledger/state.h"
#include "ledger/status.h"
#include "ledger/transition.h"
#include "referral/referral_former.h"
#include "wire/part_types.h"

/* ---- may it ---- */

/* The category of the step that the former source knows last; of what no message made: none. */
static int latest_category(struct ledger *ledger, const struct referral *referral, uint8_t *ret)
{
	uint64_t told = referral->side[REFERRAL_SOURCE].told;
	const struct tc_part_type *type;
	struct referral_step step;
	int r;

	*ret = THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT;
	if (told == 0)
		return 0;
	r = referral_step_find(ledger->txn, &ledger->referral, referral->id, told, &step);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
	type = tc_part_type_find(tc_slice_text(step.type));
	if (type != NULL)
		*ret = (uint8_t)type->category;
	return 0;
}

/* Decided as if the former agency told the new one: first that there is the referral, then the
 * latest news of it. */
static int decide(struct ledger *ledger, const struct transfer *transfer,
		  const struct referral *referral, struct decision *ret)
{
	struct delivery telling = *transfer->event;
	int r;

	delivery_renew(&telling);
	telling.recipient = transfer->to->number;
	telling.referral = referral->id;
	telling.sealed = telling.forbidden = 0;
	telling.seal = telling.sources = 0;
	telling.part_count = 2;
	telling.categories[0] = THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT;
	r = latest_category(ledger, referral, &telling.categories[1]);
	return r < 0 ? r : dispatch_decide(ledger, &telling, ret);
}

/* ---- what waits ---- */

/* Sealed parts are for the former agency alone: who sent them hears that they came back. */
static int forward(struct ledger *ledger, uint32_t to, struct delivery *delivery)
{
	struct delivery again = *delivery;
	struct decision decision;
	int r = dispatch_end(ledger, delivery, DELIVERY_RECALLED, "transferred");

	if (r < 0 || again.sealed != 0)
		return r;
	delivery_renew(&again);
	again.id = ledger->next_delivery++;
	again.recipient = to;
	r = dispatch_decide(ledger, &again, &decision);
	if (r < 0)
		return r;
	if (decision.kind == DECISION_DENY)
		return fact_delivery(ledger, "denied", &again, tc_refusal_name(decision.code));
	return decision.kind == DECISION_HOLD ? dispatch_hold(ledger, &again, &decision)
					      : dispatch_enqueue(ledger, &again, &decision);
}

static int forward_waiting(struct ledger *ledger, const struct transfer *transfer,
			   const struct referral *referral)
{
	struct job job = {
		.kind = JOB_FORWARD,
		.about = referral->id,
		.subject = referral->subject,
		.principal = transfer->from->number,
		.number = transfer->to->number,
	};

	return job_start(ledger, &job);
}

static int forward_one(struct ledger *ledger, const struct job *job, struct delivery *delivery)
{
	if (delivery->own || !tc_id_equal(delivery->referral, job->about))
		return 0;
	if (delivery->recipient == job->principal)
		return forward(ledger, job->number, delivery);
	/* What came for the new agency meanwhile stands behind all that goes on to it. */
	return delivery->recipient == job->number && delivery->aside
		       ? reconsider_delivery(ledger, delivery, false)
		       : 0;
}

int transfer_job(struct ledger *ledger, struct job *job)
{
	return job_walk_waiting(ledger, job, job->subject, forward_one);
}

/* ---- doing it ---- */

static int transfer_fact(struct ledger *ledger, const struct transfer *transfer,
			 const struct referral *referral)
{
	struct fact_draft draft;

	fact_init(&draft, "transfer");
	fact_text(&draft.row.agency, transfer->from->name.name);
	fact_text(&draft.row.recipient, transfer->to->name.name);
	fact_text(&draft.row.actor, transfer->holder->by);
	fact_subject(&draft, referral->subject);
	fact_referral(&draft, referral->id);
	return fact_push(ledger, &draft);
}

int transfer_referral(struct ledger *ledger, const struct transfer *transfer,
		      const struct referral *referral)
{
	struct referral_change change;
	struct decision decision;
	int r = decide(ledger, transfer, referral, &decision);

	if (r < 0)
		return r;
	if (decision.kind == DECISION_HOLD || !(decision.parts_mask & 1))
		return TRANSFER_DENIED;
	r = case_leave(ledger, referral->id, REFERRAL_SOURCE);
	if (r == 0)
		r = referral_transfer(ledger->txn, &ledger->referral, referral->id,
				      &transfer->to->name, (decision.parts_mask & 2) != 0,
				      ledger->now_ms, &change);
	if (r == 0)
		r = transition_follow(ledger, &change);
	if (r == 0)
		r = case_assign(ledger, referral->id, REFERRAL_SOURCE, transfer->holder);
	if (r == 0)
		r = status_taken_over(ledger, transfer->to->number, referral->id);
	if (r == 0)
		r = transfer_fact(ledger, transfer, referral);
	return r < 0 ? r : forward_waiting(ledger, transfer, referral);
}
