/*
 * A message moves a referral in four looks: is the sender a party to it, does a rule of
 * the lifecycle fit, is what the rule needs there, and only then is anything written.
 */
#include "referral/referral.h"

#include "referral/appointment.h"
#include "referral/referral_asked.h"
#include "referral/referral_move.h"
#include "referral/referral_needs.h"
#include "referral/referral_row.h"

static struct moving moving_of(const struct referral_event *event, struct referral *referral)
{
	struct moving moving = {
		.referral = referral,
		.claim = event->claim ? event->claim : &moving_no_claim,
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

/* The referral that a new one follows: one of the sender's own, of the same person. */
static int predecessor_find(struct store_txn *txn, const struct referral_tables *tables,
			    const struct moving *moving, struct referral *ret,
			    struct tc_refusal *refusal)
{
	const char *text = moving->claim->predecessor_id;
	struct tc_id id;
	int r = REFERRAL_UNKNOWN;

	*ret = (struct referral){.state = REFERRAL_NONE};
	if (!text || !*text)
		return 0;
	if (tc_id_parse(tc_slice_text(text), &id))
		r = referral_find(txn, tables, id, ret);
	if (r < 0)
		return r;
	if (r == 0 && tc_id_equal(ret->subject, moving->referral->subject) &&
	    (tc_agency_equal(&moving->referral->source, &ret->source) ||
	     (ret->shown && tc_agency_equal(&moving->referral->source, &ret->target))))
		return 0;
	return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_REFERRAL, "predecessor_id");
}

/* What is over is not reopened: the new one is its successor. */
static int predecessor_link(struct store_txn *txn, const struct referral_tables *tables,
			    struct referral *predecessor, const struct referral *successor)
{
	if (!lifecycle_state(predecessor->state)->terminal ||
	    !tc_id_is_none(predecessor->successor))
		return 0;
	predecessor->successor = successor->id;
	return referral_put(txn, tables, predecessor, false);
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
	struct referral predecessor;
	int r;

	if (event->recipient_count != 1)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "recipients: a Referral has exactly one");
	if (tc_id_is_none(event->subject))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "header.subject");
	if (event->has_expected_version && event->expected_version != 0)
		return tc_refuse(refusal, TC_REFUSAL_STALE_VERSION, "it does not exist yet");
	referral.target = *event->recipients[0];
	referral_text(referral.service, sizeof(referral.service),
		      event->service.len > 0 ? event->service
					     : tc_slice_text(moving.claim->service));
	if (moving.claim->has_respond_by_ms)
		referral.respond_by_ms = moving.claim->respond_by_ms;
	moving.actors = REFERRAL_BY_SOURCE;
	rule = moving_rule(&moving);
	if (!rule)
		return referral_refuse_state(txn, tables, &moving, refusal);
	r = predecessor_find(txn, tables, &moving, &predecessor, refusal);
	if (r == 0)
		r = predecessor_link(txn, tables, &predecessor, &referral);
	return r != 0 ? r : referral_move(txn, tables, &moving, rule, ret);
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

/* An answer that leaves something open says so in the place of its status. */
static int answers(struct store_txn *txn, const struct referral_tables *tables,
		   struct moving *moving)
{
	struct referral_asked items;
	int r;

	if (moving->referral->state != REFERRAL_INFO_REQUESTED ||
	    !tc_slice_equal(moving->type, tc_slice_text("InfoReply")))
		return 0;
	r = referral_asked(txn, tables->items, moving->referral->id, moving->claim, &items);
	if (r == 0 && !items.all)
		moving->status = tc_slice_text(LIFECYCLE_PARTIAL);
	return r;
}

/* Whether the target has booked another meeting than the one that the message is about. */
static int meets_again(struct store_txn *txn, const struct referral_tables *tables,
		       const struct moving *moving, bool *ret)
{
	const Throughcare__V1__LifecycleClaim *claim = moving->claim;
	const struct referral *referral = moving->referral;
	struct appointment at, before;
	struct tc_id id = {{0}}, old = {{0}};
	const struct appointment *after = NULL;
	int r = 0;

	*ret = false;
	(void)tc_id_parse(tc_slice_text(claim->appointment_id), &id);
	(void)tc_id_parse(tc_slice_text(claim->supersedes), &old);
	while (r == 0 && !*ret) {
		r = appointment_next(txn, tables, referral->id, after, &at);
		*ret = r == 0 && at.state == APPOINTMENT_BOOKED &&
		       tc_agency_equal(&at.owner, &referral->target) && !tc_id_equal(at.id, id) &&
		       !tc_id_equal(at.id, old);
		before = at;
		after = &before;
	}
	return r == APPOINTMENT_UNKNOWN ? 0 : r;
}

/* The rule for a message; what it needs of other meetings decides which. */
static int find_rule(struct store_txn *txn, const struct referral_tables *tables,
		     struct moving *moving, const struct lifecycle_rule **ret)
{
	bool again;
	int r;

	*ret = moving_rule(moving);
	if (*ret == NULL || !((*ret)->needs & NEED_LAST_MEETING))
		return 0;
	r = meets_again(txn, tables, moving, &again);
	if (r == 0 && again) {
		moving->status = tc_slice_text(LIFECYCLE_MEETS);
		*ret = moving_rule(moving);
	}
	return r;
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
	if (event->has_expected_version)
		r = referral_check_version(txn, tables, &moving, event->expected_version, refusal);
	if (r == 0)
		r = answers(txn, tables, &moving);
	if (r == 0)
		r = find_rule(txn, tables, &moving, &rule);
	if (r != 0)
		return r;
	if (rule && rule->to != REFERRAL_SAME && !tells_other_party(event, &referral))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "recipients: this moves the referral, so the other party of the "
				 "referral must be among them");
	if (rule) {
		r = referral_needs(txn, tables, &moving, rule, refusal);
		return r != 0 ? r : referral_move(txn, tables, &moving, rule, ret);
	}
	if (!may_mention(&moving))
		return referral_refuse_state(txn, tables, &moving, refusal);
	referral_stands(&referral, ret);
	return 0;
}
