#include "referral/referral_needs.h"

#include "referral/referral_asked.h"
#include "wire/actor.h"

static bool filled(const char *text)
{
	return text && *text;
}

/* ---- where it stands, as far as the sender knows ---- */

/* What the sender knows: a side, what it was told; anybody else, nothing. */
static uint64_t told_version(const struct moving *moving)
{
	const struct referral *referral = moving->referral;
	uint64_t told = 0;

	if (moving->actors & REFERRAL_BY_SOURCE)
		told = referral->side[REFERRAL_SOURCE].told;
	if (moving->actors & REFERRAL_BY_TARGET && referral->side[REFERRAL_TARGET].told > told)
		told = referral->side[REFERRAL_TARGET].told;
	return told;
}

static int told_state(struct store_txn *txn, const struct referral_tables *tables,
		      const struct moving *moving, enum referral_state *ret)
{
	const struct referral *referral = moving->referral;
	uint64_t told = told_version(moving);
	struct referral_step step;
	int r;

	*ret = told == referral->version ? referral->state : REFERRAL_NONE;
	if (told == 0 || told == referral->version)
		return 0;
	r = referral_step_find(txn, tables, referral->id, told, &step);
	if (r == 0)
		*ret = step.to;
	return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
}

int referral_refuse_state(struct store_txn *txn, const struct referral_tables *tables,
			  const struct moving *moving, struct tc_refusal *refusal)
{
	const struct lifecycle_rule *legal[TC_REFUSAL_LEGAL_MAX];
	enum referral_state state;
	size_t count;
	int r = told_state(txn, tables, moving, &state);

	if (r < 0)
		return r;
	if (state == REFERRAL_NONE)
		return tc_refuse(refusal, TC_REFUSAL_ILLEGAL_TRANSITION, "type");
	count = lifecycle_legal(state,
				moving->actors & REFERRAL_BY_SOURCE ? REFERRAL_BY_SOURCE
								    : REFERRAL_BY_TARGET,
				legal, TC_REFUSAL_LEGAL_MAX);
	tc_refuse(refusal, TC_REFUSAL_ILLEGAL_TRANSITION, "state %s; yours now:%s",
		  lifecycle_state(state)->name, count == 0 ? " none" : "");
	tc_refuse_state(refusal, lifecycle_state(state)->name, told_version(moving));
	for (size_t i = 0; i < count; i++) {
		bool said = legal[i]->status && legal[i]->status[0] != '(';

		tc_refuse_legal(refusal, legal[i]->type, said ? legal[i]->status : NULL);
	}
	return REFERRAL_REFUSED;
}

int referral_check_version(struct store_txn *txn, const struct referral_tables *tables,
			   const struct moving *moving, uint64_t expected,
			   struct tc_refusal *refusal)
{
	uint64_t told = told_version(moving);
	enum referral_state state;
	int r;

	if (expected == moving->referral->version || (told != 0 && expected == told))
		return 0;
	r = told_state(txn, tables, moving, &state);
	if (r < 0)
		return r;
	if (state == REFERRAL_NONE)
		return tc_refuse(refusal, TC_REFUSAL_STALE_VERSION, "expected_version");
	tc_refuse(refusal, TC_REFUSAL_STALE_VERSION, "it is at version %llu",
		  (unsigned long long)told);
	tc_refuse_state(refusal, lifecycle_state(state)->name, told);
	return REFERRAL_REFUSED;
}

/* ---- what a rule needs ---- */

static bool second_person(const struct moving *moving)
{
	struct tc_slice worker = tc_slice_text(moving->claim->worker);

	return tc_actor_named(worker) && tc_actor_named(moving->actor) &&
	       !tc_actor_same(worker, moving->actor);
}

/* The successor is there, of the same person, and names this one as its predecessor. */
static int successor_fits(struct store_txn *txn, const struct referral_tables *tables,
			  const struct moving *moving, bool *ret)
{
	struct referral successor;
	struct tc_id id;
	int r;

	*ret = false;
	if (!filled(moving->claim->about_id) ||
	    !tc_id_parse(tc_slice_text(moving->claim->about_id), &id))
		return 0;
	r = referral_find(txn, tables, id, &successor);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	*ret = tc_id_equal(successor.subject, moving->referral->subject) &&
	       tc_id_equal(successor.predecessor, moving->referral->id);
	return 0;
}

/* What the tables say about the needs of this rule. */
struct needed {
	struct referral_asked items, scores;
	bool successor;
};

static int look_up(struct store_txn *txn, const struct referral_tables *tables,
		   const struct moving *moving, unsigned needs, struct needed *ret)
{
	const struct tc_id id = moving->referral->id;
	int r = 0;

	*ret = (struct needed){.successor = false};
	if (needs & NEED_ITEMS)
		r = referral_asked(txn, tables->items, id, moving->claim, &ret->items);
	if (r == 0 && needs & (NEED_SCORES | NEED_KNOWN_SCORES))
		r = referral_asked(txn, tables->outcomes, id, moving->claim, &ret->scores);
	if (r == 0 && needs & NEED_SUCCESSOR)
		r = successor_fits(txn, tables, moving, &ret->successor);
	return r;
}

int referral_needs(struct store_txn *txn, const struct referral_tables *tables,
		   const struct moving *moving, const struct lifecycle_rule *rule,
		   struct tc_refusal *refusal)
{
	const Throughcare__V1__LifecycleClaim *claim = moving->claim;
	const struct referral *referral = moving->referral;
	struct needed found;
	int r = look_up(txn, tables, moving, rule->needs, &found);
	const struct {
		unsigned need;
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
		{NEED_SUCCESSOR, found.successor, TC_REFUSAL_SUCCESSOR_UNFIT, "successor_id"},
		{NEED_OFFER_EXPIRY, claim->has_offer_expires_ms, TC_REFUSAL_FIELD_MISSING,
		 "offer.expires"},
		{NEED_OFFER_EXPIRY, claim->offer_expires_ms > moving->now_ms,
		 TC_REFUSAL_FIELD_INVALID, "offer.expires: in the past"},
		{NEED_OFFER_OPEN, referral->offer_expires_ms > moving->now_ms,
		 TC_REFUSAL_ILLEGAL_TRANSITION, "the offer has expired"},
		{NEED_SECOND_PERSON, second_person(moving), TC_REFUSAL_SECOND_PERSON,
		 "worker.id: a second person beside header.actor.id"},
		{NEED_UNEXTENDED, !referral->extended, TC_REFUSAL_ILLEGAL_TRANSITION,
		 "the clock was extended before"},
		{NEED_UNEXTENDED, claim->respond_by_ms > moving->now_ms, TC_REFUSAL_FIELD_INVALID,
		 "respond_by: in the past"},
		{NEED_LOOP_OPEN, referral->loop_closed_ms == 0, TC_REFUSAL_ILLEGAL_TRANSITION,
		 "the loop is closed"},
		{NEED_ITEMS, found.items.known, TC_REFUSAL_ITEMS_UNKNOWN, "answers"},
		{NEED_SCORES | NEED_KNOWN_SCORES, found.scores.known, TC_REFUSAL_OUTCOMES_UNSCORED,
		 "outcomes: one that was not asked for"},
		{NEED_SCORES, found.scores.all, TC_REFUSAL_OUTCOMES_UNSCORED,
		 "outcomes: one that was asked for is missing"},
	};

	for (size_t i = 0; r == 0 && i < sizeof(checks) / sizeof(checks[0]); i++)
		if (rule->needs & checks[i].need && !checks[i].met)
			return tc_refuse(refusal, checks[i].code, "%s", checks[i].detail);
	return r;
}
