#include "ledger/review.h"

#include <string.h>

#include "consent/policy.h"
#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/order_row.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/timer.h"
#include "wire/actor.h"

#define HOUR_MS (3600LL * 1000)

enum review_outcome {
	REVIEW_UNKNOWN = 1, /* no such row */
};

/* ---- rows ---- */

static bool review_read(struct tc_slice key, struct tc_slice value, struct review *ret)
{
	struct row_reader row = row_read(value);

	if (key.len != 8)
		return false;
	ret->sequence = tc_get_be64(key.data);
	ret->status = (enum review_status)row_take_u8(&row);
	ret->sender = row_take_u32(&row);
	ret->message = row_take_id(&row);
	ret->subject = row_take_id(&row);
	row_take_text(&row, ret->actor, sizeof(ret->actor));
	ret->hours = row_take_u16(&row);
	ret->released_ms = (int64_t)row_take_u64(&row);
	ret->due_ms = (int64_t)row_take_u64(&row);
	ret->reviewed_ms = (int64_t)row_take_u64(&row);
	row_take_text(&row, ret->reviewer, sizeof(ret->reviewer));
	ret->recipient_count = row_take_u8(&row);
	if (ret->recipient_count > TC_RECIPIENTS_MAX)
		return false;
	for (uint8_t i = 0; i < ret->recipient_count; i++)
		ret->recipients[i] = row_take_u32(&row);
	return row_read_whole(&row);
}

static int review_find(struct ledger *ledger, uint64_t sequence, struct review *ret)
{
	struct tc_slice value;
	uint8_t key[8];
	int r;

	tc_put_be64(key, sequence);
	r = ledger_get(ledger, LEDGER_TABLE_REVIEW, tc_slice(key, sizeof(key)), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? REVIEW_UNKNOWN : r;
	return review_read(tc_slice(key, sizeof(key)), value, ret) ? 0 : TC_ECORRUPT;
}

static int review_put(struct ledger *ledger, const struct review *review)
{
	struct row_writer row;
	uint8_t key[8];

	row.len = 0;
	tc_put_be64(key, review->sequence);
	row_put_u8(&row, (uint8_t)review->status);
	row_put_u32(&row, review->sender);
	row_put_id(&row, review->message);
	row_put_id(&row, review->subject);
	row_put_text(&row, review->actor);
	row_put_u16(&row, review->hours);
	row_put_u64(&row, (uint64_t)review->released_ms);
	row_put_u64(&row, (uint64_t)review->due_ms);
	row_put_u64(&row, (uint64_t)review->reviewed_ms);
	row_put_text(&row, review->reviewer);
	row_put_u8(&row, review->recipient_count);
	for (uint8_t i = 0; i < review->recipient_count; i++)
		row_put_u32(&row, review->recipients[i]);
	return ledger_put(ledger, LEDGER_TABLE_REVIEW, tc_slice(key, sizeof(key)), row_slice(&row));
}

/* ---- the life of a review ---- */

int review_expect(struct ledger *ledger, const struct submission *submission)
{
	const struct tc_header *header = &submission->header;
	const struct policy_basis *basis = NULL;
	struct review review = {
		.sequence = ledger->sequence,
		.status = REVIEW_AWAITING,
		.sender = submission->sender->number,
		.message = header->message_id,
		.subject = header->subject,
	};

	if (header->legal != 0)
		basis = policy_basis(ledger->policy, (uint32_t)header->legal + 1);
	if (basis == NULL || basis->review_hours == 0)
		return 0;
	review.hours =
		(uint16_t)(basis->review_hours < UINT16_MAX ? basis->review_hours : UINT16_MAX);
	tc_slice_copy(header->actor_id, review.actor, sizeof(review.actor));
	return review_put(ledger, &review);
}

/* `code` may be NULL. Without `actor`: of the exchange. */
static int review_fact(struct ledger *ledger, const struct review *review, const char *event,
		       const char *code, const char *actor, const char *recipient)
{
	struct principal *sender;
	struct fact_draft draft;
	int r = principal_get(ledger, review->sender, &sender);

	if (r < 0)
		return r;
	fact_init(&draft, event);
	fact_text(&draft.row.agency, sender->name.name);
	fact_text(&draft.row.recipient, recipient);
	fact_text(&draft.row.actor, actor);
	fact_text(&draft.row.code, code);
	fact_message(&draft, review->message);
	fact_subject(&draft, review->subject);
	return fact_push(ledger, &draft);
}

static int review_notify(struct ledger *ledger, const struct review *review, bool overdue)
{
	return evidence_review_notice(ledger, review->sender, review->message, review->subject,
				      review->due_ms, overdue);
}

static int review_open(struct ledger *ledger, struct review *review)
{
	int r;

	review->status = REVIEW_OPEN;
	review->released_ms = ledger->now_ms;
	review->due_ms = ledger->now_ms + review->hours * HOUR_MS;
	r = timer_set(ledger, review->due_ms, TIMER_REVIEW, timer_delivery(review->sequence));
	return r < 0 ? r : review_notify(ledger, review, false);
}

int review_released(struct ledger *ledger, const struct delivery *delivery)
{
	struct principal *recipient;
	struct review review;
	int r;

	if (delivery->legal == 0)
		return 0;
	r = review_find(ledger, delivery->sequence, &review);
	if (r != 0)
		return r == REVIEW_UNKNOWN ? 0 : r;
	if (review.status == REVIEW_AWAITING)
		r = review_open(ledger, &review);
	if (r == 0 && review.recipient_count < TC_RECIPIENTS_MAX)
		review.recipients[review.recipient_count++] = delivery->recipient;
	if (r == 0)
		r = review_put(ledger, &review);
	if (r == 0)
		r = principal_get(ledger, delivery->recipient, &recipient);
	return r < 0 ? r
		     : review_fact(ledger, &review, "break_glass", delivery->basis, review.actor,
				   recipient->name.name);
}

int review_clock(struct ledger *ledger, uint64_t sequence)
{
	struct review review;
	int r = review_find(ledger, sequence, &review);

	if (r != 0)
		return r == REVIEW_UNKNOWN ? TC_ECORRUPT : r;
	if (review.status != REVIEW_OPEN)
		return 0;
	review.status = REVIEW_OVERDUE;
	r = review_put(ledger, &review);
	if (r == 0)
		r = review_fact(ledger, &review, "break_glass_overdue", NULL, NULL, NULL);
	return r < 0 ? r : review_notify(ledger, &review, true);
}

static int review_remove(struct ledger *ledger, const struct review *review)
{
	uint8_t key[8];
	int r = 0;

	if (review->status == REVIEW_OPEN)
		r = timer_drop(ledger, review->due_ms, TIMER_REVIEW,
			       timer_delivery(review->sequence));
	tc_put_be64(key, review->sequence);
	return r < 0 ? r : ledger_del(ledger, LEDGER_TABLE_REVIEW, tc_slice(key, sizeof(key)));
}

int review_forget(struct ledger *ledger, const struct order_about *about)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_REVIEW],
				  tc_slice(NULL, 0), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct review review;

		if (!review_read(key, value, &review))
			r = TC_ECORRUPT;
		else if (order_about_has(about, ORDER_TARGET_SUBJECT, review.subject) ||
			 order_about_has(about, ORDER_TARGET_MESSAGE, review.message))
			r = review_remove(ledger, &review);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- the message ---- */

static int review_refuse(struct submission *submission, enum tc_refusal_code code,
			 const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

/* What the message names, of what its sender had released: an open review, or SUBMISSION_REFUSED.
 */
static int review_named(struct ledger *ledger, struct submission *submission, const char *text,
			struct review *ret)
{
	struct receipt receipt;
	struct tc_id message;
	int r;

	if (!tc_id_parse(tc_slice_text(text), &message))
		return review_refuse(submission, TC_REFUSAL_FIELD_INVALID, "message_id");
	r = idempotency_find(ledger, submission->sender->number, message, &receipt);
	if (r == 0)
		r = review_find(ledger, receipt.sequence, ret);
	if (r < 0)
		return r;
	if (r > 0 || (ret->status != REVIEW_OPEN && ret->status != REVIEW_OVERDUE))
		return review_refuse(submission, TC_REFUSAL_UNKNOWN_REVIEW, "message_id");
	return 0;
}

static int review_find_out(struct ledger *ledger, struct submission *submission,
			   const Throughcare__V1__EmergencyReview *document)
{
	bool justified = document->finding ==
			 THROUGHCARE__V1__EMERGENCY_FINDING__EMERGENCY_FINDING_JUSTIFIED;
	struct review review;
	int r = review_named(ledger, submission, document->message_id, &review);

	if (r != 0)
		return r;
	tc_slice_copy(submission->header.actor_id, review.reviewer, sizeof(review.reviewer));
	if (!tc_actor_named(tc_slice_text(review.reviewer)) ||
	    tc_actor_same(tc_slice_text(review.reviewer), tc_slice_text(review.actor)))
		return review_refuse(submission, TC_REFUSAL_REVIEW_SELF, "header.actor.id");
	if (review.status == REVIEW_OPEN)
		r = timer_drop(ledger, review.due_ms, TIMER_REVIEW,
			       timer_delivery(review.sequence));
	review.status = justified ? REVIEW_JUSTIFIED : REVIEW_NOT_JUSTIFIED;
	review.reviewed_ms = ledger->now_ms;
	if (r == 0)
		r = review_put(ledger, &review);
	return r < 0 ? r
		     : review_fact(ledger, &review, "break_glass_reviewed",
				   review_status_name(review.status), review.reviewer, NULL);
}

int review_submit(struct ledger *ledger, struct submission *submission)
{
	Throughcare__V1__EmergencyReview *document = throughcare__v1__emergency_review__unpack(
		&ledger->arena.allocator, submission->record->body.len,
		submission->record->body.data);

	if (document == NULL)
		return review_refuse(submission, TC_REFUSAL_MALFORMED, "EmergencyReview");
	return review_find_out(ledger, submission, document);
}

/* ---- reading ---- */

static bool review_fits(const struct review_filter *filter, const struct review *review)
{
	if (review->status == REVIEW_AWAITING ||
	    (filter->sender != 0 && filter->sender != review->sender))
		return false;
	return !filter->open_only || review->status == REVIEW_OPEN ||
	       review->status == REVIEW_OVERDUE;
}

int review_list(struct store_txn *txn, struct store_table table, const struct review_filter *filter,
		struct review *ret, size_t max, size_t *ret_count, bool *ret_more)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	uint8_t from[8];
	int r = store_cursor_init(&cursor, txn, table, tc_slice(NULL, 0), STORE_FORWARD);

	*ret_count = 0;
	*ret_more = false;
	tc_put_be64(from, filter->after + 1);
	if (r == 0)
		r = store_cursor_seek(&cursor, tc_slice(from, sizeof(from)));
	while (r == 0 && !*ret_more && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct review review;

		if (!review_read(key, value, &review))
			r = TC_ECORRUPT;
		else if (!review_fits(filter, &review))
			continue;
		else if (*ret_count == max)
			*ret_more = true;
		else
			ret[(*ret_count)++] = review;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

const char *review_status_name(enum review_status status)
{
	switch (status) {
	case REVIEW_AWAITING:
		break;
	case REVIEW_OPEN:
		return "open";
	case REVIEW_OVERDUE:
		return "overdue";
	case REVIEW_JUSTIFIED:
		return "justified";
	case REVIEW_NOT_JUSTIFIED:
		return "not_justified";
	}
	return "awaiting";
}
