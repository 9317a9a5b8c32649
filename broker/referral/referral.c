/*
 * A message moves a referral in four looks: is the sender a party to it, does a rule of
 * the lifecycle fit, is what the rule needs there, and only then is anything written.
 */
#include "referral/referral.h"

#include <stdio.h>
#include <string.h>

#include "referral/referral_row.h"
#include "wire/actor.h"

/* Everything about one message or clock while it is applied. */
struct moving {
	struct referral *referral;
	const Throughcare__V1__LifecycleClaim *claim; /* never NULL */
	const char *by;
	unsigned actors; /* enum referral_actor bits of the sender */
	struct tc_slice type;
	struct tc_slice status;
	struct tc_slice actor;
	struct tc_id message;
	uint64_t sequence;
	int64_t now_ms;
	int64_t occurred_ms;
};

static bool filled(const char *text)
{
	return text && *text;
}

static void field_copy(char *to, size_t size, struct tc_slice text)
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
}

/* ---- clocks ---- */

/* Starts the clock of the present state. A date that the source named goes before the service's
 * days, while a decision is awaited. */
static void clock_start(struct referral *referral, int64_t now_ms)
{
	const struct lifecycle_state *state = lifecycle_state(referral->state);
	enum lifecycle_clock clock = referral->overdue && state->then_clock != CLOCK_NONE
					     ? state->then_clock
					     : state->clock;

	referral->due_ms = 0;
	if (clock == CLOCK_NONE)
		return;
	if (clock == CLOCK_OFFER) {
		referral->due_ms = referral->offer_expires_ms;
		return;
	}
	referral->due_ms =
		lifecycle_working_days(now_ms, lifecycle_clock_days(clock, &referral->days));
	if (referral->respond_by_ms <= now_ms)
		return;
	if (referral->state == REFERRAL_RECEIVED || clock == CLOCK_DECISION)
		referral->due_ms = referral->respond_by_ms;
	else if (referral->state == REFERRAL_REQUESTED &&
		 referral->respond_by_ms < referral->due_ms)
		referral->due_ms = referral->respond_by_ms;
}

int64_t referral_due_from(const struct referral *referral, int64_t at_ms)
{
	struct referral started = *referral;

	started.overdue = false;
	clock_start(&started, at_ms);
	return started.due_ms;
}

/* ---- what a rule needs ---- */

static int refuse_state(const struct moving *moving, struct tc_refusal *refusal)
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

static int check_needs(const struct moving *moving, const struct lifecycle_rule *rule,
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

/* ---- moving ---- */

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
	};

	field_copy(step.by, sizeof(step.by), tc_slice_text(moving->by));
	field_copy(step.type, sizeof(step.type), moving->type);
	field_copy(step.reason_code, sizeof(step.reason_code),
		   tc_slice_text(moving->claim->reason_code));
	return referral_step_put(txn, tables, referral->id, &step);
}

/* A message that the state welcomes without leaving it. */
static void stay(struct moving *moving, const struct lifecycle_rule *rule,
		 struct referral_change *ret)
{
	struct referral *referral = moving->referral;
	bool terminal = lifecycle_state(referral->state)->terminal;

	if (rule->needs & NEED_UNEXTENDED) {
		referral->extended = true;
		referral->overdue = true;
		referral->respond_by_ms = moving->claim->respond_by_ms;
		clock_start(referral, moving->now_ms);
	} else if (rule->needs & NEED_LOOP_OPEN) {
		bool accepted = tc_slice_equal(moving->status, tc_slice_text("ACCEPTED"));

		ret->loop_closed = accepted;
		referral->loop_closed_ms = accepted ? moving->now_ms : 0;
		referral->next_move = accepted ? 0 : REFERRAL_BY_TARGET;
	} else if (terminal) {
		if (referral->loop_closed_ms == 0)
			referral->next_move = REFERRAL_BY_SOURCE;
	} else if (rule->by & referral->next_move) {
		referral->overdue = false;
		clock_start(referral, moving->now_ms);
	}
}

static void go(struct moving *moving, enum referral_state to)
{
	struct referral *referral = moving->referral;
	enum referral_state from = referral->state;

	referral->state = to == REFERRAL_BEFORE ? referral->state_before_cancel : to;
	referral->state_before_cancel =
		referral->state == REFERRAL_CANCEL_REQUESTED ? from : REFERRAL_NONE;
	referral->offer_expires_ms =
		referral->state == REFERRAL_OFFERED ? moving->claim->offer_expires_ms : 0;
	referral->overdue = false;
	referral->next_move = lifecycle_state(referral->state)->next_move;
	clock_start(referral, moving->now_ms);
}

static int follow(struct store_txn *txn, const struct referral_tables *tables,
		  struct moving *moving, const struct lifecycle_rule *rule,
		  struct referral_change *ret)
{
	struct referral *referral = moving->referral;
	enum referral_state from = referral->state;
	bool made = from == REFERRAL_NONE;
	int r = 0;

	ret->from = from;
	ret->due_before_ms = referral->due_ms;
	if (rule->to == REFERRAL_SAME)
		stay(moving, rule, ret);
	else
		go(moving, rule->to);
	ret->moved = rule->to != REFERRAL_SAME || (rule->needs & NEED_LOOP_OPEN);
	if (ret->moved) {
		referral->version++;
		referral->changed_ms = moving->now_ms;
		if (moving->occurred_ms > referral->occurred_ms || made)
			referral->occurred_ms = moving->occurred_ms;
		r = write_step(txn, tables, moving, from);
	}
	if (r == 0)
		r = referral_put(txn, tables, referral, made);
	change_fill(referral, ret);
	return r;
}

static const struct lifecycle_rule *find_rule(const struct moving *moving)
{
	static const enum referral_actor order[] = {REFERRAL_BY_SOURCE, REFERRAL_BY_TARGET,
						    REFERRAL_BY_COURT, REFERRAL_BY_EXCHANGE};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct lifecycle_rule *rule = NULL;

		if (moving->actors & (unsigned)order[i])
			rule = lifecycle_find(moving->referral->state, moving->type, moving->status,
					      order[i]);
		if (rule)
			return rule;
	}
	return NULL;
}

/* ---- messages ---- */

static const Throughcare__V1__LifecycleClaim no_claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;

static struct moving moving_of(const struct referral_event *event, struct referral *referral)
{
	struct moving moving = {
		.referral = referral,
		.claim = event->claim ? event->claim : &no_claim,
		.by = event->sender->name,
		.type = event->type,
		.actor = event->actor,
		.message = event->message,
		.sequence = event->sequence,
		.now_ms = event->now_ms,
		.occurred_ms = event->occurred_ms != 0 ? event->occurred_ms : event->now_ms,
	};

	moving.status =
		event->ordered ? tc_slice_text("RECALL") : tc_slice_text(moving.claim->status);
	return moving;
}

static int referral_make(struct store_txn *txn, const struct referral_tables *tables,
			 const struct referral_event *event, struct referral_change *ret,
			 struct tc_refusal *refusal)
{
	const struct lifecycle_rule *rule;
	struct referral referral = {
		.id = event->referral,
		.subject = event->subject,
		.source = *event->sender,
		.created_ms = event->now_ms,
		.message = event->message,
		.days = event->days,
	};
	struct moving moving = moving_of(event, &referral);

	if (event->recipient_count != 1)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "recipients: a Referral has exactly one");
	if (tc_id_is_none(event->subject))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "header.subject");
	if (event->has_expected_version && event->expected_version != 0)
		return tc_refuse(refusal, TC_REFUSAL_STALE_VERSION, "it does not exist yet");
	referral.target = *event->recipients[0];
	field_copy(referral.service, sizeof(referral.service),
		   event->service.len > 0 ? event->service : tc_slice_text(moving.claim->service));
	if (moving.claim->has_respond_by_ms)
		referral.respond_by_ms = moving.claim->respond_by_ms;
	moving.actors = REFERRAL_BY_SOURCE;
	rule = find_rule(&moving);
	if (!rule)
		return refuse_state(&moving, refusal);
	return follow(txn, tables, &moving, rule, ret);
}

/* What the sender is to this referral; 0: nobody, and then it must not learn of it. */
static unsigned actors_of(const struct referral_event *event, const struct referral *referral)
{
	bool orders = tc_slice_equal(event->type, tc_slice_text("CourtOrder")) ||
		      tc_slice_equal(event->type, tc_slice_text("ReferralCancel"));
	unsigned actors = 0;

	if (tc_agency_equal(event->sender, &referral->source))
		actors |= REFERRAL_BY_SOURCE;
	if (referral->shown && tc_agency_equal(event->sender, &referral->target))
		actors |= REFERRAL_BY_TARGET;
	if (event->sender_orders && orders && tc_id_equal(event->subject, referral->subject))
		actors |= REFERRAL_BY_COURT;
	return actors;
}

/* Who moves a referral tells the other party: a state that only one of them knows helps nobody.
 * What a court orders is an order to whomever it goes to. */
static bool tells_other_party(const struct referral_event *event, const struct referral *referral)
{
	bool source = tc_agency_equal(event->sender, &referral->source);
	const tc_agency *other = source ? &referral->target : &referral->source;

	if (!source && !tc_agency_equal(event->sender, &referral->target))
		return true;
	for (size_t i = 0; i < event->recipient_count; i++)
		if (tc_agency_equal(event->recipients[i], other))
			return true;
	return false;
}

/* True when the message may come without a rule of its own. */
static bool may_mention(const struct moving *moving)
{
	if (lifecycle_governs(moving->type, moving->status))
		return false;
	return !lifecycle_state(moving->referral->state)->terminal ||
	       lifecycle_after_end(moving->type);
}

int referral_apply(struct store_txn *txn, const struct referral_tables *tables,
		   const struct referral_event *event, struct referral_change *ret,
		   struct tc_refusal *refusal)
{
	const struct lifecycle_rule *rule;
	struct referral referral;
	struct moving moving;
	int r;

	*ret = (struct referral_change){0};
	r = referral_find(txn, tables, event->referral, &referral);
	if (r < 0)
		return r;
	if (tc_slice_equal(event->type, tc_slice_text("Referral"))) {
		if (r == 0)
			return tc_refuse(refusal, TC_REFUSAL_REFERRAL_EXISTS, "referral_id");
		return referral_make(txn, tables, event, ret, refusal);
	}
	if (r == REFERRAL_UNKNOWN)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	moving = moving_of(event, &referral);
	moving.actors = actors_of(event, &referral);
	if (moving.actors == 0)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	if (!tc_id_is_none(event->subject) && !tc_id_equal(event->subject, referral.subject))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "header.subject: not the referral's");
	if (event->has_expected_version && event->expected_version != referral.version)
		return tc_refuse(refusal, TC_REFUSAL_STALE_VERSION, "it is at version %llu",
				 (unsigned long long)referral.version);
	rule = find_rule(&moving);
	if (rule && rule->to != REFERRAL_SAME && !tells_other_party(event, &referral))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "recipients: this moves the referral, so the other party of the "
				 "referral must be among them");
	if (rule) {
		r = check_needs(&moving, rule, refusal);
		return r != 0 ? r : follow(txn, tables, &moving, rule, ret);
	}
	if (!may_mention(&moving))
		return refuse_state(&moving, refusal);
	ret->from = referral.state;
	ret->due_before_ms = referral.due_ms;
	change_fill(&referral, ret);
	return 0;
}

/* ---- the exchange's own moves ---- */

static struct moving moving_own(struct referral *referral, const char *event, uint64_t sequence,
				int64_t now_ms)
{
	return (struct moving){
		.referral = referral,
		.claim = &no_claim,
		.by = TC_AGENCY_EXCHANGE,
		.actors = REFERRAL_BY_EXCHANGE,
		.type = tc_slice_text(event),
		.sequence = sequence,
		.now_ms = now_ms,
		.occurred_ms = now_ms,
	};
}

int referral_clock(struct store_txn *txn, const struct referral_tables *tables,
		   struct tc_id referral_id, uint64_t sequence, int64_t now_ms,
		   struct referral_change *ret)
{
	const struct lifecycle_rule *rule;
	const struct lifecycle_state *state;
	struct referral referral;
	struct moving moving;
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r == REFERRAL_UNKNOWN)
		return 0;
	if (r != 0)
		return r;
	if (referral.due_ms == 0 || referral.due_ms > now_ms) {
		ret->from = referral.state;
		ret->due_before_ms = referral.due_ms;
		change_fill(&referral, ret);
		return 0;
	}
	state = lifecycle_state(referral.state);
	moving = moving_own(&referral, LIFECYCLE_CLOCK, sequence, now_ms);
	rule = find_rule(&moving);
	if (rule && (state->then_clock == CLOCK_NONE || referral.overdue))
		return follow(txn, tables, &moving, rule, ret);
	ret->from = referral.state;
	ret->due_before_ms = referral.due_ms;
	ret->overdue = true;
	referral.overdue = true;
	clock_start(&referral, now_ms);
	change_fill(&referral, ret);
	return referral_put(txn, tables, &referral, false);
}

int referral_undelivered(struct store_txn *txn, const struct referral_tables *tables,
			 struct tc_id referral_id, struct tc_id message, uint64_t sequence,
			 int64_t now_ms, struct referral_change *ret)
{
	const struct lifecycle_rule *rule;
	struct referral referral;
	struct moving moving;
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	moving = moving_own(&referral, LIFECYCLE_UNDELIVERED, sequence, now_ms);
	rule = find_rule(&moving);
	if (rule && tc_id_equal(referral.message, message))
		return follow(txn, tables, &moving, rule, ret);
	ret->from = referral.state;
	ret->due_before_ms = referral.due_ms;
	change_fill(&referral, ret);
	return 0;
}

int referral_shown(struct store_txn *txn, const struct referral_tables *tables,
		   struct tc_id referral_id, struct tc_id message)
{
	struct referral referral;
	int r = referral_find(txn, tables, referral_id, &referral);

	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	if (referral.shown || !tc_id_equal(referral.message, message))
		return 0;
	referral.shown = true;
	return referral_put(txn, tables, &referral, false);
}
