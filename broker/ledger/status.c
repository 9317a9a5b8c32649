#include "ledger/status.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"

/* ---- rows ---- */

static void status_key(struct store_key *key, uint32_t agency, uint64_t sequence, uint32_t index)
{
	store_key_init(key);
	store_key_u32(key, agency);
	store_key_u64(key, sequence);
	store_key_u32(key, index);
}

static int status_put(struct ledger *ledger, uint32_t agency, const struct status *status)
{
	struct row_writer row;
	struct store_key key;

	row.len = 0;
	status_key(&key, agency, ledger->sequence, ledger->status_index++);
	row_put_id(&row, status->referral);
	row_put_u64(&row, status->version);
	row_put_u64(&row, status->before);
	row_put_u64(&row, (uint64_t)status->taken_over_ms);
	return ledger_put(ledger, LEDGER_TABLE_STATUS, store_key_slice(&key), row_slice(&row));
}

static void subscribed_key(struct store_key *key, uint32_t agency)
{
	store_key_init(key);
	store_key_u32(key, agency);
}

static int status_subscribed(struct ledger *ledger, uint32_t agency, bool *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	subscribed_key(&key, agency);
	r = ledger_get(ledger, LEDGER_TABLE_SUBSCRIBED, store_key_slice(&key), &value);
	*ret = r == 0;
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- telling ---- */

/* In which the agency knew it until then: what others did in between and was withheld does not
 * show. REFERRAL_NONE: in none. */
static int state_before(struct store_txn *txn, const struct referral_tables *tables,
			const struct status *status, enum referral_state *ret)
{
	struct referral_step before;
	int r;

	*ret = REFERRAL_NONE;
	if (status->before == 0)
		return 0;
	r = referral_step_find(txn, tables, status->referral, status->before, &before);
	if (r == 0)
		*ret = before.to;
	return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
}

static int status_notify(struct ledger *ledger, uint32_t agency, const struct referral *referral,
			 const struct referral_step *step, const struct status *status,
			 enum referral_state before)
{
	Throughcare__V1__ReferralStatusNotice content =
		THROUGHCARE__V1__REFERRAL_STATUS_NOTICE__INIT;
	Google__Protobuf__Timestamp due = own_message_time(step->due_ms);
	Google__Protobuf__Timestamp occurred = own_message_time(step->occurred_ms);
	struct own_subject about = {"ReferralStatusNotice", referral->subject, referral->id,
				    step->message};
	char message[TC_ID_TEXT_BYTES];

	if (before != REFERRAL_NONE)
		fact_text(&content.from_state, lifecycle_state(before)->name);
	fact_text(&content.to_state, lifecycle_state(step->to)->name);
	content.has_version = content.has_log_sequence = content.has_loop_closed = 1;
	content.version = step->version;
	content.log_sequence = step->sequence;
	content.loop_closed =
		strcmp(step->type, "LoopClosed") == 0 && referral->loop_closed_ms == step->at_ms;
	if (step->version == referral->version)
		fact_text(&content.next_move, referral_next_move(referral));
	if (step->due_ms != 0)
		content.due_at = &due;
	if (status->taken_over_ms != 0) { /* what made the step was another agency's to read */
		content.has_taken_over = content.taken_over = 1;
		content.log_sequence = ledger->sequence;
		about.causation = (struct tc_id){{0}};
		return own_message_send(ledger, agency, &about, &content.base, NULL);
	}
	content.occurred_at = &occurred;
	fact_text(&content.by, step->by);
	fact_text(&content.message_type, step->type);
	fact_text(&content.reason_code, step->reason_code);
	if (!tc_id_is_none(step->message)) {
		tc_id_format(step->message, message);
		content.message_id = message;
	}
	return own_message_send(ledger, agency, &about, &content.base, NULL);
}

static int status_tell(struct ledger *ledger, uint32_t agency, const struct referral *referral,
		       const struct status *status)
{
	enum referral_state before;
	struct referral_step step;
	bool subscribed = false;
	int r = status_put(ledger, agency, status);

	if (r == 0)
		r = status_subscribed(ledger, agency, &subscribed);
	if (r < 0 || !subscribed)
		return r;
	r = referral_step_find(ledger->txn, &ledger->referral, referral->id, status->version,
			       &step);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
	r = state_before(ledger->txn, &ledger->referral, status, &before);
	return r < 0 ? r : status_notify(ledger, agency, referral, &step, status, before);
}

static int status_referral(struct ledger *ledger, struct tc_id id, struct referral *ret)
{
	int r = referral_find(ledger->txn, &ledger->referral, id, ret);

	return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
}

int status_follow(struct ledger *ledger, const struct referral_change *change)
{
	struct referral referral;
	int r;

	if (!change->moved)
		return 0;
	r = status_referral(ledger, change->referral, &referral);
	for (unsigned i = 0; r == 0 && i < REFERRAL_SIDES; i++) {
		const tc_agency *agency =
			i == REFERRAL_SOURCE ? &referral.source : &referral.target;
		struct principal *principal;

		if (referral.side[i].told != change->version ||
		    (i == REFERRAL_TARGET && !referral.shown))
			continue;
		r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, agency,
				   &principal);
		if (r == 0)
			r = status_tell(ledger, principal->number, &referral,
					&(struct status){.referral = referral.id,
							 .version = change->version,
							 .before = change->told_before[i]});
	}
	return r;
}

int status_told(struct ledger *ledger, const struct principal *to,
		const struct referral_change *change)
{
	struct status status = {.referral = change->referral, .version = change->version};
	struct referral referral;
	int r;

	if (change->version == 0)
		return 0;
	r = status_referral(ledger, change->referral, &referral);
	if (r < 0)
		return r;
	status.before =
		change->told_before[tc_agency_equal(&to->name, &referral.source) ? REFERRAL_SOURCE
										 : REFERRAL_TARGET];
	return status_tell(ledger, to->number, &referral, &status);
}

int status_taken_over(struct ledger *ledger, uint32_t by, struct tc_id id)
{
	struct status status = {.referral = id, .taken_over_ms = ledger->now_ms};
	struct referral referral;
	int r = status_referral(ledger, id, &referral);

	if (r < 0)
		return r;
	/* At the least that it was sent. */
	status.version = referral.side[REFERRAL_SOURCE].told;
	if (status.version == 0)
		status.version = 1;
	return status_tell(ledger, by, &referral, &status);
}

/* ---- the message ---- */

int status_submit(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__StatusSubscription *document =
		throughcare__v1__status_subscription__unpack(&ledger->arena.allocator,
							     submission->record->body.len,
							     submission->record->body.data);
	uint32_t agency = submission->sender->number;
	struct fact_draft draft;
	struct store_key key;
	bool subscribed;
	int r;

	if (document == NULL) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_MALFORMED, "StatusSubscription");
		return SUBMISSION_REFUSED;
	}
	if (submission->sender->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_NOT_PERMITTED,
				"only agencies have referrals");
		return SUBMISSION_REFUSED;
	}
	r = status_subscribed(ledger, agency, &subscribed);
	subscribed_key(&key, agency);
	if (r == 0 && document->active && !subscribed)
		r = ledger_put(ledger, LEDGER_TABLE_SUBSCRIBED, store_key_slice(&key),
			       tc_slice(NULL, 0));
	else if (r == 0 && !document->active && subscribed)
		r = ledger_del(ledger, LEDGER_TABLE_SUBSCRIBED, store_key_slice(&key));
	if (r < 0)
		return r;
	fact_init(&draft, "status_subscription");
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.code, document->active ? "on" : "off");
	return fact_push(ledger, &draft);
}

/* ---- reading ---- */

int status_next(struct store_txn *txn, struct store_table table, uint32_t agency,
		uint64_t after_sequence, uint32_t after_index, struct status *ret)
{
	struct store_key prefix, from;
	struct tc_slice key, value;
	int r;

	store_key_init(&prefix);
	store_key_u32(&prefix, agency);
	status_key(&from, agency, after_sequence, after_index);
	r = store_after(txn, table, store_key_slice(&prefix), store_key_slice(&from), &key, &value);
	if (r == 0) {
		struct row_reader row = row_read(value);

		ret->referral = row_take_id(&row);
		ret->version = row_take_u64(&row);
		ret->before = row_take_u64(&row);
		ret->taken_over_ms = (int64_t)row_take_u64(&row);
		key = tc_slice(key.data + prefix.len, key.len - prefix.len);
		if (!store_key_take_u64(&key, &ret->sequence) ||
		    !store_key_take_u32(&key, &ret->index) || !row_read_whole(&row))
			r = TC_ECORRUPT;
	}
	return r == STORE_NOT_FOUND ? STATUS_NONE : r;
}
