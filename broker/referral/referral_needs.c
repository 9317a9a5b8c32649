#include "referral/referral_needs.h"

#include "wire/actor.h"

static bool filled(const char *text)
{
	return text && *text;
}

int referral_refuse_state(const struct moving *moving, struct tc_refusal *refusal)
{
	enum referral_actor by = moving->actors & REFERRAL_BY_SOURCE   ? REFERRAL_BY_SOURCE
				 : moving->actors & REFERRAL_BY_TARGET ? REFERRAL_BY_TARGET
								       : REFERRAL_BY_COURT;
	char legal[96];

	lifecycle_legal(moving->referral->state, by, legal, sizeof(legal));
	return tc_refuse(refusal, TC_REFUSAL_ILLEGAL_TRANSITION, "state %s; yours now: %s",
			 lifecycle_state(moving->referral->state)->name, *legal ? legal : "none");
}

static bool second_person(const struct moving *moving)
{
	struct tc_slice worker = tc_slice_text(moving->claim->worker);

	return tc_actor_named(worker) && tc_actor_named(moving->actor) &&
	       !tc_actor_same(worker, moving->actor);
}

int referral_needs(const struct moving *moving, const struct lifecycle_rule *rule,
		   struct tc_refusal *refusal)
{
	const Throughcare__V1__LifecycleClaim *claim = moving->claim;
	const struct referral *referral = moving->referral;
	const struct {
		enum lifecycle_need need;
		bool met;
		enum tc_refusal_code code;
		const char *detail;
	} checks[] = {
		{NEED_OUTCOME, false, TC_REFUSAL_OUTCOME_MISSING, "the target sends it"},
		{NEED_WORKER, filled(claim->worker) || tc_actor_named(moving->actor),
		 TC_REFUSAL_FIELD_MISSING, "worker.id"},
		{NEED_REASON, filled(claim->reason_code), TC_REFUSAL_FIELD_MISSING, "reason_code"},
		{NEED_ORDER, filled(claim->order_id), TC_REFUSAL_FIELD_MISSING, "order_id"},
		{NEED_SUCCESSOR, filled(claim->about_id), TC_REFUSAL_FIELD_MISSING, "successor_id"},
		{NEED_OFFER_EXPIRY, claim->has_offer_expires_ms, TC_REFUSAL_FIELD_MISSING,
		 "offer.expires"},
		{NEED_OFFER_EXPIRY, claim->offer_expires_ms > moving->now_ms,
		 TC_REFUSAL_FIELD_INVALID, "offer.expires: in the past"},
		{NEED_OFFER_OPEN, referral->offer_expires_ms > moving->now_ms,
		 TC_REFUSAL_ILLEGAL_TRANSITION, "the offer has expired"},
		{NEED_SECOND_PERSON, second_person(moving), TC_REFUSAL_FIELD_MISSING,
		 "worker.id: a second person beside header.actor.id"},
		{NEED_UNEXTENDED, !referral->extended, TC_REFUSAL_ILLEGAL_TRANSITION,
		 "the clock was extended before"},
		{NEED_UNEXTENDED, claim->respond_by_ms > moving->now_ms, TC_REFUSAL_FIELD_INVALID,
		 "respond_by: in the past"},
		{NEED_LOOP_OPEN, referral->loop_closed_ms == 0, TC_REFUSAL_ILLEGAL_TRANSITION,
		 "the loop is closed"},
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (rule->needs & (unsigned)checks[i].need && !checks[i].met)
			return tc_refuse(refusal, checks[i].code, "%s", checks[i].detail);
	return 0;
}
