#include "query/told.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "query/gate.h"
#include "query/seal.h"
#include "query/submitted.h"
#include "referral/referral_former.h"

/* Whether the message of a step may go to the asker now. */
static int may_go(const struct question *question, const struct referral_step *step,
		  struct arena *arena, bool *ret)
{
	struct submitted_facts facts = {.policy = ledger_view_policy(question->ledger),
					.at_ms = question->now_ms};
	struct submitted submitted;
	struct decision decision;
	int r = submitted_read(question, arena, step->sequence, &submitted);

	if (r == 0)
		r = submitted_decide(question, &submitted, &question->asker, &facts, &decision);
	if (r == 0)
		*ret = decision.parts_mask & 1;
	return r < 0 ? r : 0;
}

static int see_denied(void *context, Throughcare__V1__TrailRow *row)
{
	(void)row;
	*(bool *)context = true;
	return TRAIL_FOUND_ENOUGH;
}

/* It was accepted for somebody else, and denied to the asker for good: by the rule that its part
 * came with, for instance, which a decision now does not know. */
static int was_denied(const struct question *question, const struct referral_step *step, bool *ret)
{
	struct trail_question asked = trail_question_any();
	struct posting_position next;
	bool ended;

	*ret = false;
	asked.event = "denied";
	asked.message = step->message;
	asked.agency = question->asker.name;
	asked.before = question->sequence;
	return seal_find(question, &asked, see_denied, ret, &next, &ended);
}

/* The exchange made it, or a court: not one of the sides, nor who was one once. */
static int made_outside(const struct question *question, const struct referral *referral,
			const struct referral_step *step, bool *ret)
{
	tc_agency by = {{0}};
	bool former;
	int r;

	memcpy(by.name, step->by, sizeof(by.name));
	*ret = false;
	if (referral_party(referral, &by))
		return 0;
	r = referral_former(ledger_view_txn(question->ledger),
			    ledger_view_referral(question->ledger), referral->id, &by, &former);
	*ret = r == 0 && !former;
	return r;
}

int told_step(const struct question *question, const struct referral *referral,
	      const struct referral_step *step, bool *ret)
{
	struct arena arena;
	bool denied, hidden;
	int r = seal_hides(question, referral->subject, referral->id, step->message, &hidden);

	*ret = false;
	if (r < 0 || hidden)
		return r;
	if (question->scope == GATE_ALL) {
		*ret = scope_covers(question->limits, referral->subject, referral->source.name,
				    referral->target.name, step->at_ms);
		return 0;
	}
	/* Every party knows that it was sent. */
	*ret = step->version == 1 || strcmp(step->by, question->asker.name) == 0;
	if (!*ret)
		r = made_outside(question, referral, step, ret);
	if (r != 0 || *ret)
		return r;
	arena_init(&arena);
	r = may_go(question, step, &arena, ret);
	arena_done(&arena);
	if (r == 0 && *ret) {
		r = was_denied(question, step, &denied);
		*ret = r == 0 && !denied;
		return r;
	}
	/* What was forgotten says no more to whom it went. */
	if (r != 0 || tc_id_is_none(step->message))
		return r;
	return gate_released(question, step->message, &question->asker, ret);
}

/* Whether all of it was handed over to the asker, or it made the latest step itself. */
static bool told_all(const struct question *question, const struct referral *referral)
{
	if (tc_agency_equal(&question->asker, &referral->source))
		return referral->side[REFERRAL_SOURCE].told == referral->version;
	return tc_agency_equal(&question->asker, &referral->target) &&
	       referral->side[REFERRAL_TARGET].told == referral->version;
}

/* Does an order hide the message that made the latest step? */
static int last_hidden(const struct question *question, const struct referral *referral, bool *ret)
{
	struct referral_step step;
	int r = seal_stands(question, ret);

	if (r < 0 || !*ret)
		return r;
	r = referral_step_find(ledger_view_txn(question->ledger),
			       ledger_view_referral(question->ledger), referral->id,
			       referral->version, &step);
	return r != 0 ? (r < 0 ? r : TC_ECORRUPT)
		      : seal_hides(question, referral->subject, referral->id, step.message, ret);
}

int told_referral(const struct question *question, struct referral *referral)
{
	bool hidden;
	int r = last_hidden(question, referral, &hidden);

	if (r < 0 || (!hidden && question->scope == GATE_OWN && told_all(question, referral)))
		return r;
	for (uint64_t version = referral->version; version > 0; version--) {
		struct referral_step step;
		bool told;

		r = referral_step_find(ledger_view_txn(question->ledger),
				       ledger_view_referral(question->ledger), referral->id,
				       version, &step);
		if (r == 0)
			r = told_step(question, referral, &step, &told);
		if (r != 0)
			return r < 0 ? r : TC_ECORRUPT;
		if (!told)
			continue;
		if (version == referral->version)
			return 0;
		referral->version = version;
		referral->state = step.to;
		referral->next_move = lifecycle_state(step.to)->next_move;
		referral->changed_ms = step.at_ms;
		referral->occurred_ms = step.occurred_ms;
		referral->due_ms = step.due_ms;
		referral->overdue = false;
		referral->loop_closed_ms = 0;
		return 0;
	}
	return 0;
}
