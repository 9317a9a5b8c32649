#include "ledger/court.h"

#include <string.h>

#include "ledger/attached.h"
#include "ledger/court_word.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/transition.h"

/* Stored: never renumber. */
enum order_state {
	ORDER_STANDS = 1,
	ORDER_SUPERSEDED = 2,
};

struct order {
	uint32_t court; /* principal */
	uint64_t sequence;
	enum order_state state;
	char superseded_by[65];
};

static void order_key(struct store_key *key, struct tc_id subject, const char *order)
{
	store_key_init(key);
	store_key_id(key, subject);
	store_key_bytes(key, tc_slice_text(order));
}

/* 0, STORE_NOT_FOUND or a fault. */
static int order_find(struct ledger *ledger, struct tc_id subject, const char *id,
		      struct order *ret)
{
	struct row_reader row;
	struct store_key key;
	struct tc_slice value;
	int r;

	*ret = (struct order){.court = 0};
	order_key(&key, subject, id);
	r = ledger_get(ledger, LEDGER_TABLE_COURT_ORDER, store_key_slice(&key), &value);
	if (r != 0)
		return r;
	row = row_read(value);
	ret->court = row_take_u32(&row);
	ret->sequence = row_take_u64(&row);
	ret->state = (enum order_state)row_take_u8(&row);
	row_take_text(&row, ret->superseded_by, sizeof(ret->superseded_by));
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}

static int order_put(struct ledger *ledger, struct tc_id subject, const char *id,
		     const struct order *order)
{
	struct row_writer row = {.len = 0};
	struct store_key key;

	row_put_u32(&row, order->court);
	row_put_u64(&row, order->sequence);
	row_put_u8(&row, (uint8_t)order->state);
	row_put_text(&row, order->superseded_by);
	order_key(&key, subject, id);
	return ledger_put(ledger, LEDGER_TABLE_COURT_ORDER, store_key_slice(&key), row_slice(&row));
}

static bool filled(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Ids are not longer than that in the schema. */
static bool order_claimed(const Throughcare__V1__LifecycleClaim *claim)
{
	return claim != NULL && filled(claim->order_id) && strlen(claim->order_id) < 65;
}

static bool sender_orders(const struct ledger *ledger, const struct submission *submission)
{
	return policy_agency_kind(ledger->policy, submission->sender_kind)->orders;
}

int court_check_order(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct order before;
	int r = STORE_NOT_FOUND;

	if (!order_claimed(claim) || !filled(claim->supersedes))
		return 0;
	if (sender_orders(ledger, submission) && strlen(claim->supersedes) < 65)
		r = order_find(ledger, submission->header.subject, claim->supersedes, &before);
	if (r < 0)
		return r;
	if (r == 0 && before.court == submission->sender->number)
		return 0;
	(void)tc_refuse(&submission->refusal, TC_REFUSAL_UNKNOWN_COURT_ORDER, "supersedes");
	return SUBMISSION_REFUSED;
}

/* The referrals that an order of the court ends. One that is over already stays as it is. */
static int end_referrals(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct referral_event event;

	submission_event(ledger, submission, &event);
	event.ordered = true;
	event.has_expected_version = false;
	for (size_t i = 0; i < claim->n_cancels_referrals; i++) {
		struct referral_change change;
		struct tc_refusal refusal;
		int r;

		if (!tc_id_parse(tc_slice_text(claim->cancels_referrals[i]), &event.referral))
			continue;
		r = referral_apply(ledger->txn, &ledger->referral, &event, &change, &refusal);
		if (r == 0)
			r = transition_follow(ledger, &change);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- whom it binds ---- */

static void bound_key(struct store_key *key, struct tc_id subject, const char *order)
{
	store_key_init(key);
	store_key_id(key, subject);
	store_key_text(key, tc_slice_text(order));
}

static int bind(struct ledger *ledger, struct tc_id subject, const char *order, uint32_t agency)
{
	struct store_key key;

	bound_key(&key, subject, order);
	store_key_u32(&key, agency);
	return ledger_put(ledger, LEDGER_TABLE_COURT_BOUND, store_key_slice(&key),
			  tc_slice(NULL, 0));
}

/* For who takes the supervision over, as long as it stands. */
static int keep_word(struct ledger *ledger, const struct submission *submission,
		     const struct delivery *template)
{
	const char *id = submission->record->claim->order_id;
	struct court_word word = {.kind = COURT_WORD_ORDER, .court = submission->sender->number};

	memcpy(word.id, id, strlen(id) + 1);
	return court_word_keep(ledger, submission->header.subject, &word, template);
}

static int is_bound(struct ledger *ledger, struct tc_id subject, const char *order, uint32_t agency,
		    bool *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	bound_key(&key, subject, order);
	store_key_u32(&key, agency);
	r = ledger_get(ledger, LEDGER_TABLE_COURT_BOUND, store_key_slice(&key), &value);
	*ret = r == 0;
	return r == STORE_NOT_FOUND ? 0 : r;
}

int court_take_over(struct ledger *ledger, struct tc_id subject, uint32_t from, uint32_t to)
{
	struct court_word word = {.kind = COURT_WORD_ORDER};
	int r;

	while ((r = court_word_next(ledger, subject, &word)) == 0) {
		struct delivery delivery;
		bool before, already, goes;

		r = is_bound(ledger, subject, word.id, from, &before);
		if (r == 0)
			r = is_bound(ledger, subject, word.id, to, &already);
		if (r == 0)
			r = court_word_goes(ledger, &word, to, &goes);
		if (r == 0 && before && !already && goes) {
			r = bind(ledger, subject, word.id, to);
			if (r == 0)
				r = attached_send(ledger, &word.template, to, &delivery);
		}
		if (r < 0)
			return r;
	}
	return r == COURT_WORD_END ? 0 : r;
}

/* Along to each whom that order went to, and to whom this one does not go by itself. */
static int bind_others(struct ledger *ledger, const struct submission *submission,
		       const char *order, const struct delivery *template)
{
	const char *id = submission->record->claim->order_id;
	const struct tc_id subject = submission->header.subject;
	bool same = strcmp(order, id) == 0;
	struct store_key bound;
	uint32_t agency = 0;
	int r;

	bound_key(&bound, subject, order);
	while ((r = attached_next(ledger, ledger->table[LEDGER_TABLE_COURT_BOUND], &bound,
				  &agency)) == 0) {
		struct delivery delivery;
		bool already = false;

		if (!same)
			r = is_bound(ledger, subject, id, agency, &already);
		if (r == 0 && !already && !submission_goes_to(submission, agency)) {
			r = bind(ledger, subject, id, agency);
			if (r == 0)
				r = attached_send(ledger, template, agency, &delivery);
		}
		if (r < 0)
			return r;
	}
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* To whom it is addressed, and along with that to everybody whom the order before was. */
static int bind_all(struct ledger *ledger, const struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct delivery template;
	int r = 0;

	for (size_t i = 0; r == 0 && i < submission->count; i++) {
		if (submission->deliveries[i].id != 0)
			r = bind(ledger, submission->header.subject, claim->order_id,
				 submission->deliveries[i].recipient);
	}
	if (r < 0)
		return r;
	if (!attached_template(ledger, submission, &template))
		return keep_word(ledger, submission, NULL);
	r = keep_word(ledger, submission, &template);
	if (r == 0)
		r = bind_others(ledger, submission, claim->order_id, &template);
	return r < 0 || !filled(claim->supersedes)
		       ? r
		       : bind_others(ledger, submission, claim->supersedes, &template);
}

int court_apply_order(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	const struct tc_id subject = submission->header.subject;
	struct order order = {.court = submission->sender->number,
			      .sequence = ledger->sequence,
			      .state = ORDER_STANDS};
	struct order before;
	int r;

	if (!order_claimed(claim) || !sender_orders(ledger, submission))
		return 0;
	r = end_referrals(ledger, submission);
	if (r < 0)
		return r;
	/* Another court's order of the same name is not taken over. */
	r = order_find(ledger, subject, claim->order_id, &before);
	if (r < 0 || (r == 0 && before.court != order.court))
		return r;
	r = order_put(ledger, subject, claim->order_id, &order);
	if (r == 0)
		r = bind_all(ledger, submission);
	if (r < 0 || !filled(claim->supersedes) || strcmp(claim->supersedes, claim->order_id) == 0)
		return r;
	r = order_find(ledger, subject, claim->supersedes, &before);
	if (r != 0)
		return r == STORE_NOT_FOUND ? TC_ECORRUPT : r;
	before.state = ORDER_SUPERSEDED;
	memcpy(before.superseded_by, claim->order_id, strlen(claim->order_id) + 1);
	r = order_put(ledger, subject, claim->supersedes, &before);
	return r < 0 ? r
		     : court_word_drop(ledger, subject, COURT_WORD_ORDER, before.court,
				       claim->supersedes);
}
