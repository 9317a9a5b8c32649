#include "referral/referral_move.h"

#include <string.h>

#include "referral/referral_asked.h"
#include "referral/referral_row.h"

const Throughcare__V1__LifecycleClaim moving_no_claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;

void referral_text(char *to, size_t size, struct tc_slice text)
{
	size_t len = text.len < size ? text.len : size - 1;

	memset(to, 0, size);
	if (len > 0)
		memcpy(to, text.data, len);
}

static void change_fill(const struct referral *referral, struct referral_change *ret)
{
	ret->referral = referral->id;
	ret->subject = referral->subject;
	ret->source = referral->source;
	ret->target = referral->target;
	ret->to = referral->state;
	ret->version = referral->version;
	ret->due_ms = referral->due_ms;
	ret->alarm_ms = referral->alarm_ms;
	ret->next_move = referral->next_move;
	ret->group = referral->group;
	ret->lease = referral->lease;
	ret->successor = referral->successor;
}

void referral_stands(const struct referral *referral, struct referral_change *ret)
{
	ret->from = referral->state;
	ret->alarm_before_ms = referral->alarm_ms;
	change_fill(referral, ret);
}

/* ---- the step ---- */

static int write_step(struct store_txn *txn, const struct referral_tables *tables,
		      const struct moving *moving, enum referral_state from)
{
	const struct referral *referral = moving->referral;
	struct referral_step step = {
		.version = referral->version,
		.sequence = moving->sequence,
		.at_ms = moving->now_ms,
		.occurred_ms = moving->occurred_ms,
		.from = from,
		.to = referral->state,
		.message = moving->message,
		.due_ms = referral->due_ms,
	};

	referral_text(step.by, sizeof(step.by), tc_slice_text(moving->by));
	referral_text(step.type, sizeof(step.type), moving->type);
	referral_text(step.reason_code, sizeof(step.reason_code),
		      tc_slice_text(moving->claim->reason_code));
	return referral_step_put(txn, tables, referral->id, &step);
}

static void change_step(const struct moving *moving, struct referral_change *ret)
{
	referral_text(ret->by, sizeof(ret->by), tc_slice_text(moving->by));
	referral_text(ret->type, sizeof(ret->type), moving->type);
	referral_text(ret->reason_code, sizeof(ret->reason_code),
		      tc_slice_text(moving->claim->reason_code));
	ret->message = moving->message;
	ret->occurred_ms = moving->occurred_ms;
}

/* Who makes a step knows of it; what comes from neither side, both are told. */
static void tell_maker(const struct moving *moving, struct referral_change *ret)
{
	struct referral *referral = moving->referral;
	bool source = strcmp(moving->by, referral->source.name) == 0;
	bool target = strcmp(moving->by, referral->target.name) == 0;

	for (unsigned i = 0; i < REFERRAL_SIDES; i++)
		ret->told_before[i] = referral->side[i].told;
	if (source || !target)
		referral->side[REFERRAL_SOURCE].told = referral->version;
	if (target || !source)
		referral->side[REFERRAL_TARGET].told = referral->version;
}

/* ---- whose case it is, and what it puts at risk ---- */

static void assign(struct referral_side *side, const char *officer, const char *team,
		   struct referral_change *ret)
{
	if (officer && *officer && strcmp(side->officer, officer) != 0) {
		referral_text(side->officer, sizeof(side->officer), tc_slice_text(officer));
		ret->reassigned = true;
	}
	if (team && *team && strcmp(side->team, team) != 0) {
		referral_text(side->team, sizeof(side->team), tc_slice_text(team));
		ret->reassigned = true;
	}
}

/* The source's officer is whom it names; the target's worker, too, else whoever acts first. Of an
 * agency that is both, an answer is the target's. */
static void note_people(const struct moving *moving, struct referral_change *ret)
{
	const Throughcare__V1__LifecycleClaim *claim = moving->claim;
	struct referral *referral = moving->referral;
	struct referral_side *source = &referral->side[REFERRAL_SOURCE];
	struct referral_side *target = &referral->side[REFERRAL_TARGET];
	bool answers = moving->actors & REFERRAL_BY_TARGET &&
		       tc_slice_equal(moving->type, tc_slice_text("ReferralResponse"));
	char actor[sizeof(source->officer)];

	referral_text(actor, sizeof(actor), moving->actor);
	if (moving->actors & REFERRAL_BY_SOURCE && !answers) {
		bool named = claim->officer && *claim->officer;

		if (named || source->officer[0] == '\0')
			assign(source, named ? claim->officer : actor, named ? claim->team : NULL,
			       ret);
	} else if (answers) {
		bool named = claim->worker && *claim->worker;

		if (named || target->officer[0] == '\0')
			assign(target, named ? claim->worker : actor, named ? claim->team : NULL,
			       ret);
	}
}

static void note_risk(const struct moving *moving)
{
	const Throughcare__V1__LifecycleClaim *claim = moving->claim;
	struct referral_risk *risk = &moving->referral->risk;

	if (!(moving->actors & REFERRAL_BY_SOURCE))
		return;
	if (claim->has_urgency)
		risk->urgency = (uint8_t)claim->urgency;
	if (claim->has_release_ms)
		risk->release_ms = claim->release_ms;
	if (claim->has_supervision_end_ms)
		risk->supervision_end_ms = claim->supervision_end_ms;
	if (claim->has_urgency || claim->has_release_ms || claim->has_supervision_end_ms)
		moving->referral->risk_message = moving->message;
}

static void note_links(const struct moving *moving)
{
	const Throughcare__V1__LifecycleClaim *claim = moving->claim;
	struct referral *referral = moving->referral;

	if (referral->version == 1) {
		if (claim->predecessor_id)
			(void)tc_id_parse(tc_slice_text(claim->predecessor_id),
					  &referral->predecessor);
		if (claim->offer_group)
			(void)tc_id_parse(tc_slice_text(claim->offer_group), &referral->group);
	}
	if (referral->state == REFERRAL_OFFERED && claim->lease_id) {
		(void)tc_id_parse(tc_slice_text(claim->lease_id), &referral->lease);
		referral->lease_token = claim->has_lease_token ? claim->lease_token : 0;
	}
	if (referral->state == REFERRAL_REROUTED && claim->about_id)
		(void)tc_id_parse(tc_slice_text(claim->about_id), &referral->successor);
}

/* What is asked for from now on, or no longer. */
static int note_asked(struct store_txn *txn, const struct referral_tables *tables,
		      const struct moving *moving, enum referral_state from)
{
	const struct referral *referral = moving->referral;
	bool asked = from == REFERRAL_INFO_REQUESTED;
	bool asks = referral->state == REFERRAL_INFO_REQUESTED;

	if (from == REFERRAL_NONE)
		return referral_ask(txn, tables->outcomes, referral->id, moving->claim);
	if (asks && (!asked || tc_slice_equal(moving->type, tc_slice_text("InfoRequest"))))
		return referral_ask(txn, tables->items, referral->id, moving->claim);
	if (asked)
		return referral_answered(txn, tables->items, referral->id,
					 asks ? moving->claim : NULL);
	return 0;
}

/* ---- moving ---- */

/* A message that the state welcomes without leaving it. */
static void stay(const struct clock_book *book, struct moving *moving,
		 const struct lifecycle_rule *rule, struct referral_change *ret)
{
	struct referral *referral = moving->referral;
	bool terminal = lifecycle_state(referral->state)->terminal;

	if (rule->needs & NEED_UNEXTENDED) {
		clock_extend(book, referral, moving->claim->respond_by_ms, moving->now_ms);
	} else if (rule->needs & NEED_LOOP_OPEN) {
		bool accepted = tc_slice_equal(moving->status, tc_slice_text("ACCEPTED"));

		ret->loop_closed = accepted;
		referral->loop_closed_ms = accepted ? moving->now_ms : 0;
		referral->next_move = accepted ? 0 : REFERRAL_BY_TARGET;
		clock_beat(book, referral, moving->now_ms);
	} else if (terminal) {
		if (!(rule->needs & RULE_ANSWERS) || referral->next_move != REFERRAL_BY_TARGET)
			return;
		referral->next_move = REFERRAL_BY_SOURCE;
		clock_beat(book, referral, moving->now_ms);
	} else if (rule->by & referral->next_move) {
		clock_beat(book, referral, moving->now_ms);
	}
}

static void go(const struct clock_book *book, struct moving *moving, enum referral_state to,
	       struct referral_change *ret)
{
	struct referral *referral = moving->referral;
	enum referral_state from = referral->state;

	referral->state = to == REFERRAL_BEFORE ? referral->state_before_cancel : to;
	referral->state_before_cancel =
		referral->state == REFERRAL_CANCEL_REQUESTED ? from : REFERRAL_NONE;
	referral->offer_expires_ms =
		referral->state == REFERRAL_OFFERED ? moving->claim->offer_expires_ms : 0;
	if (referral->state == REFERRAL_OFFERED) {
		referral->lease = (struct tc_id){{0}}; /* of an earlier offer */
		referral->lease_token = 0;
	}
	referral->next_move = lifecycle_state(referral->state)->next_move;
	referral->loop_closed_ms = 0;
	if (referral->state != REFERRAL_CANCEL_REQUESTED && from != REFERRAL_CANCEL_REQUESTED)
		referral->custody =
			tc_slice_equal(moving->type, tc_slice_text(LIFECYCLE_CUSTODY_IN));
	ret->ended = lifecycle_state(referral->state)->terminal && !lifecycle_state(from)->terminal;
	clock_enter(book, referral, from, moving->claim, moving->now_ms);
}

int referral_move(struct store_txn *txn, const struct referral_tables *tables,
		  struct moving *moving, const struct lifecycle_rule *rule,
		  struct referral_change *ret)
{
	struct referral *referral = moving->referral;
	enum referral_state from = referral->state;
	bool made = from == REFERRAL_NONE;
	int r = 0;

	ret->from = from;
	ret->alarm_before_ms = referral->alarm_ms;
	if (rule->to == REFERRAL_SAME)
		stay(tables->book, moving, rule, ret);
	else
		go(tables->book, moving, rule->to, ret);
	ret->moved = rule->to != REFERRAL_SAME || (rule->needs & NEED_LOOP_OPEN);
	if (ret->moved) {
		referral->version++;
		referral->changed_ms = moving->now_ms;
		if (moving->occurred_ms > referral->occurred_ms || made)
			referral->occurred_ms = moving->occurred_ms;
		tell_maker(moving, ret);
		change_step(moving, ret);
		r = write_step(txn, tables, moving, from);
	}
	note_people(moving, ret);
	note_risk(moving);
	note_links(moving);
	if (r == 0)
		r = note_asked(txn, tables, moving, from);
	if (r == 0)
		r = referral_put(txn, tables, referral, made);
	change_fill(referral, ret);
	return r;
}

static const struct lifecycle_rule *rule_of(const struct moving *moving, enum referral_actor by)
{
	enum referral_state state = moving->referral->state;
	const struct lifecycle_rule *rule = lifecycle_find(state, moving->type, moving->status, by);

	/* Late news moves nothing back: it is what any other news of its type is. */
	if (rule && rule->needs & NEED_NEWEST &&
	    moving->occurred_ms < moving->referral->occurred_ms)
		return lifecycle_find(state, moving->type, tc_slice_text(LIFECYCLE_LATE), by);
	return rule;
}

const struct lifecycle_rule *moving_rule(const struct moving *moving)
{
	static const enum referral_actor order[] = {REFERRAL_BY_SOURCE, REFERRAL_BY_TARGET,
						    REFERRAL_BY_COURT, REFERRAL_BY_EXCHANGE};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct lifecycle_rule *rule = NULL;

		if (moving->actors & (unsigned)order[i])
			rule = rule_of(moving, order[i]);
		if (rule)
			return rule;
	}
	return NULL;
}

struct moving moving_own(struct referral *referral, const char *event, uint64_t sequence,
			 int64_t now_ms)
{
	return (struct moving){
		.referral = referral,
		.claim = &moving_no_claim,
		.by = TC_AGENCY_EXCHANGE,
		.actors = REFERRAL_BY_EXCHANGE,
		.type = tc_slice_text(event),
		.sequence = sequence,
		.now_ms = now_ms,
		.occurred_ms = now_ms,
	};
}
