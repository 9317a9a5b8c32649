#include "ledger/offer.h"

#include <string.h>

#include "ledger/job.h"
#include "ledger/misdirected.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/task.h"
#include "ledger/transition.h"

/* The referrals of one group. */
struct offers {
	struct tc_id rows[OFFER_REFERRALS_MAX];
	size_t count;
};

static int refuse(struct submission *submission, enum tc_refusal_code code, const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

static struct tc_slice id_slice(const struct tc_id *id)
{
	return tc_slice(id->bytes, sizeof(id->bytes));
}

/* ---- rows ---- */

static int offers_read(struct ledger *ledger, struct tc_id group, struct offers *ret)
{
	struct store_cursor cursor;
	struct tc_slice key;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_OFFER],
				  id_slice(&group), STORE_FORWARD);

	ret->count = 0;
	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct tc_id skipped;

		if (ret->count == OFFER_REFERRALS_MAX || !store_key_take_id(&key, &skipped) ||
		    !store_key_take_id(&key, &ret->rows[ret->count++]))
			r = TC_ECORRUPT;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* The one that was accepted; none, when none was. */
static int offers_won(struct ledger *ledger, struct tc_id group, struct tc_id *ret)
{
	struct tc_slice value;
	int r = ledger_get(ledger, LEDGER_TABLE_OFFER_WON, id_slice(&group), &value);

	*ret = (struct tc_id){{0}};
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	return store_key_take_id(&value, ret) ? 0 : TC_ECORRUPT;
}

/* ---- one more of a group ---- */

/* False: the Referral is not one of a group. */
static bool group_named(const struct submission *submission, struct tc_id *ret)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;

	return claim != NULL && claim->offer_group != NULL &&
	       tc_id_parse(tc_slice_text(claim->offer_group), ret);
}

int offer_check(struct ledger *ledger, struct submission *submission)
{
	struct tc_id group, won;
	struct referral first;
	struct offers offers;
	int r;

	if (!group_named(submission, &group))
		return 0;
	r = offers_read(ledger, group, &offers);
	if (r < 0 || offers.count == 0)
		return r;
	r = referral_find(ledger->txn, &ledger->referral, offers.rows[0], &first);
	if (r == 0)
		r = offers_won(ledger, group, &won);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	if (!tc_agency_equal(&first.source, &submission->sender->name) ||
	    !tc_id_equal(first.subject, submission->header.subject))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "offer_group: of another request, take a new one");
	if (!tc_id_is_none(won))
		return refuse(submission, TC_REFUSAL_OFFER_TAKEN, "offer_group");
	if (offers.count == OFFER_REFERRALS_MAX)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "offer_group: eight referrals are the most");
	return 0;
}

int offer_apply(struct ledger *ledger, struct submission *submission)
{
	struct store_key key;
	struct tc_id group;

	if (!group_named(submission, &group))
		return 0;
	store_key_init(&key);
	store_key_id(&key, group);
	store_key_id(&key, submission->header.referral_id);
	return ledger_put(ledger, LEDGER_TABLE_OFFER, store_key_slice(&key), tc_slice(NULL, 0));
}

/* ---- the first one that is accepted ---- */

int offer_check_accepted(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	const tc_agency *sender = &submission->sender->name;
	struct referral referral;
	struct tc_id won;
	int r;

	if (claim == NULL || claim->status == NULL || strcmp(claim->status, "ACCEPTED") != 0)
		return 0;
	r = referral_find(ledger->txn, &ledger->referral, submission->header.referral_id,
			  &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	if (tc_id_is_none(referral.group) ||
	    !(tc_agency_equal(sender, &referral.source) ||
	      (referral.shown && tc_agency_equal(sender, &referral.target))))
		return 0;
	r = offers_won(ledger, referral.group, &won);
	if (r < 0 || tc_id_is_none(won) || tc_id_equal(won, referral.id))
		return r;
	return refuse(submission, TC_REFUSAL_OFFER_TAKEN, "referral_id");
}

/* From here on nothing that was sent about it before goes to its target any more. */
static int lose(struct ledger *ledger, struct tc_id referral, uint32_t target)
{
	struct row_writer row = {.len = 0};

	row_put_u32(&row, target);
	row_put_u64(&row, ledger->sequence);
	return ledger_put(ledger, LEDGER_TABLE_OFFER_LOST, id_slice(&referral), row_slice(&row));
}

int offer_decide(struct ledger *ledger, const struct delivery *delivery, struct decision *ret)
{
	struct row_reader row;
	struct tc_slice value;
	uint64_t sequence;
	uint32_t target;
	int r;

	if (tc_id_is_none(delivery->referral))
		return 0;
	r = ledger_get(ledger, LEDGER_TABLE_OFFER_LOST, id_slice(&delivery->referral), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? 0 : r;
	row = row_read(value);
	target = row_take_u32(&row);
	sequence = row_take_u64(&row);
	if (!row_read_whole(&row))
		return TC_ECORRUPT;
	if (delivery->recipient == target && delivery->sequence <= sequence)
		*ret = (struct decision){
			.kind = DECISION_DENY,
			.code = TC_REFUSAL_OFFER_TAKEN,
			.basis = "none",
			.rule_version = ret->rule_version,
		};
	return 0;
}

/* The number of an agency that is a party to a referral. */
static int party(struct ledger *ledger, const tc_agency *name, uint32_t *ret)
{
	struct principal *principal;
	int r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, name,
			       &principal);

	if (r == 0)
		*ret = principal->number;
	return r;
}

static int end_other(struct ledger *ledger, struct tc_id id)
{
	struct referral_change change;
	struct referral referral;
	uint32_t source, target;
	int r = referral_taken(ledger->txn, &ledger->referral, id, ledger->sequence, ledger->now_ms,
			       &change);

	if (r < 0 || !change.moved)
		return r;
	r = transition_follow(ledger, &change);
	if (r == 0)
		r = referral_find(ledger->txn, &ledger->referral, id, &referral);
	if (r == 0)
		r = party(ledger, &referral.source, &source);
	if (r == 0)
		r = party(ledger, &referral.target, &target);
	if (r == 0)
		r = lose(ledger, id, target);
	if (r == 0) /* what was asked of it is not wanted any more, but that it gives back */
		r = task_withdraw_referral(ledger, id, target);
	if (r == 0 && referral.shown)
		r = misdirected_open(ledger, &(struct misdirected){
						     .to = target,
						     .asker = source,
						     .cause = referral.message,
						     .subject = referral.subject,
						     .referral = id,
						     .messages = &referral.message,
						     .count = 1,
						     .reason = "offer_taken",
						     .recalled = true,
					     });
	return r > 0 ? TC_ECORRUPT : r;
}

int offer_follow(struct ledger *ledger, const struct referral_change *change)
{
	struct job job = {.kind = JOB_SUBJECT, .about = change->subject};
	struct offers offers;
	struct tc_id won;
	int r;

	if (!change->moved || change->to != REFERRAL_ACCEPTED || tc_id_is_none(change->group))
		return 0;
	r = offers_won(ledger, change->group, &won);
	if (r < 0 || !tc_id_is_none(won))
		return r;
	r = ledger_put(ledger, LEDGER_TABLE_OFFER_WON, id_slice(&change->group),
		       id_slice(&change->referral));
	if (r == 0)
		r = offers_read(ledger, change->group, &offers);
	for (size_t i = 0; r == 0 && i < offers.count; i++) {
		if (!tc_id_equal(offers.rows[i], change->referral))
			r = end_other(ledger, offers.rows[i]);
	}
	return r < 0 ? r : job_start(ledger, &job);
}
