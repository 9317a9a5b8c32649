#include "ledger/order.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/job.h"
#include "ledger/order_row.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "wire/actor.h"

#define KIND(name) THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_##name

struct order_tables order_tables_of(struct ledger *ledger)
{
	return (struct order_tables){
		.orders = ledger->table[LEDGER_TABLE_ORDER],
		.targets = ledger->table[LEDGER_TABLE_ORDER_TARGET],
		.submissions = ledger->table[LEDGER_TABLE_SUBMISSION],
		.persons = person_tables_of(ledger),
		.decisions = {.messages = ledger->table[LEDGER_TABLE_PERSON_MESSAGE],
			      .decisions = ledger->table[LEDGER_TABLE_PERSON_DECISION]},
		.referral = &ledger->referral,
	};
}

static int refuse(struct submission *submission, enum tc_refusal_code code, const char *detail)
{
	(void)tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

/* Courts and boards, and whoever keeps the exchange running; always a named person. */
static int check_sender(const struct ledger *ledger, struct submission *submission)
{
	bool orders = submission->sender->kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR ||
		      (submission->sender->kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY &&
		       policy_agency_kind(ledger->policy, submission->sender_kind)->orders);

	if (!orders)
		return refuse(submission, TC_REFUSAL_TYPE_NOT_ALLOWED, "type");
	if (!tc_actor_named(submission->header.actor_id))
		return refuse(submission, TC_REFUSAL_FIELD_MISSING, "header.actor.id");
	/* Two persons are two words that cannot be taken for each other. */
	if (!tc_actor_plain(submission->header.actor_id))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "header.actor.id: printable ASCII without blanks");
	if (submission->header.actor_id.len > TC_ACTOR_BYTES_MAX)
		return refuse(submission, TC_REFUSAL_FIELD_TOO_LONG, "header.actor.id");
	return 0;
}

/* What was ordered, never about whom. */
static int order_fact(struct ledger *ledger, const struct submission *submission,
		      const struct order *order, const char *event)
{
	struct fact_draft draft;

	fact_init(&draft, event);
	fact_submission(&draft, ledger, submission);
	fact_message(&draft, order->id);
	fact_text(&draft.row.code, order_kind_name(order->kind));
	fact_text(&draft.row.reference, order->cite);
	return fact_push(ledger, &draft);
}

/* Its packed bytes as they stay while rows change. */
static int keep_packed(struct ledger *ledger, struct order *order)
{
	uint8_t *packed = arena_take(&ledger->arena, order->packed.len + 1);

	if (packed == NULL)
		return TC_ENOMEM;
	if (order->packed.len > 0)
		memcpy(packed, order->packed.data, order->packed.len);
	order->packed.data = packed;
	return 0;
}

/* ---- an order ---- */

/* The seal or hold that this order ends; it stands in force. */
static int find_ended(struct ledger *ledger, struct submission *submission,
		      const Throughcare__V1__TrailOrder *said, struct order *ret)
{
	Throughcare__V1__OrderKind kind = said->kind == KIND(UNSEAL) ? KIND(SEAL) : KIND(HOLD);
	struct tc_id id;
	int r = ORDER_NONE;

	if (said->ends_order_id == NULL)
		return refuse(submission, TC_REFUSAL_FIELD_MISSING, "ends_order_id");
	if (tc_id_parse(tc_slice_text(said->ends_order_id), &id))
		r = order_find(ledger->txn, ledger->table[LEDGER_TABLE_ORDER], id, ret);
	if (r < 0)
		return r;
	return r == 0 && ret->status == ORDER_IN_FORCE && ret->kind == kind
		       ? 0
		       : refuse(submission, TC_REFUSAL_UNKNOWN_ORDER, "ends_order_id");
}

static size_t targets_of(const Throughcare__V1__TrailOrder *said)
{
	return said->n_subjects + said->n_referral_ids + said->n_message_ids;
}

/* What stands for good names nobody, in the only form in which the exchange knows anybody. */
static bool names_id(const char *text)
{
	size_t len = strlen(text), id_len = TC_ID_TEXT_BYTES - 1;
	struct tc_id id;

	for (size_t i = 0; i + id_len <= len; i++) {
		if (tc_id_parse(tc_slice(text + i, id_len), &id))
			return true;
	}
	return false;
}

/* Orders stay, whatever becomes of what they are about: none is about another, or about itself. */
static int check_targets(struct ledger *ledger, struct submission *submission, struct tc_id id,
			 const struct order_about *about)
{
	struct order other;
	int r = ORDER_NONE;

	for (size_t i = 0; r == ORDER_NONE && i < about->named; i++) {
		if (about->ids[i].kind != ORDER_TARGET_MESSAGE)
			continue;
		if (tc_id_equal(about->ids[i].id, id))
			r = 0;
		else
			r = order_find(ledger->txn, ledger->table[LEDGER_TABLE_ORDER],
				       about->ids[i].id, &other);
	}
	if (r == 0)
		return refuse(submission, TC_REFUSAL_ORDER_TARGET, "message_ids: an order");
	return r == ORDER_NONE ? 0 : r;
}

static int check_order(struct ledger *ledger, struct submission *submission,
		       const Throughcare__V1__TrailOrder *said, struct tc_slice packed)
{
	struct order_tables tables = order_tables_of(ledger);
	struct order_about about;
	struct order other;
	int r;

	if (said == NULL || said->cite == NULL || strlen(said->cite) > ORDER_CITE_BYTES_MAX)
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "cite");
	if (names_id(said->cite))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID,
			      "cite: it is kept for good, so without ids");
	/* Ids are their senders' own; an order's is everybody's. */
	r = order_find(ledger->txn, tables.orders, submission->header.message_id, &other);
	if (r <= 0)
		return r < 0 ? r : refuse(submission, TC_REFUSAL_ID_CONFLICT, "header.message_id");
	switch (said->kind) {
	case KIND(UNSEAL):
	case KIND(HOLD_END):
		return find_ended(ledger, submission, said, &other);
	case KIND(SEAL):
	case KIND(EXPUNGE):
	case KIND(HOLD):
		r = order_about_read(&ledger->arena, ledger->txn, &tables, packed, &about);
		if (r == 0 && (about.named == 0 || about.named < targets_of(said)))
			r = ORDER_NONE;
		if (r == 0)
			return check_targets(ledger, submission, submission->header.message_id,
					     &about);
		return r == ORDER_NONE ? refuse(submission, TC_REFUSAL_ORDER_TARGET,
						"subjects, referral_ids, message_ids")
				       : r;
	case KIND(UNSPECIFIED):
	case _THROUGHCARE__V1__ORDER_KIND_IS_INT_SIZE:
		break;
	}
	return refuse(submission, TC_REFUSAL_FIELD_INVALID, "kind");
}

int order_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	const Throughcare__V1__TrailOrder *said = throughcare__v1__trail_order__unpack(
		&ledger->arena.allocator, body->len, body->data);
	struct order order = {
		.id = submission->header.message_id,
		.status = ORDER_PROPOSED,
		.sequence = ledger->sequence,
		.at_ms = ledger->now_ms,
		.proposer = submission->sender->number,
		.packed = tc_slice(body->data, body->len),
	};
	int r = check_sender(ledger, submission);

	if (r == 0)
		r = check_order(ledger, submission, said, order.packed);
	if (r != 0)
		return r;
	order.kind = said->kind;
	tc_slice_copy(submission->header.actor_id, order.ordered_by, sizeof(order.ordered_by));
	memcpy(order.cite, said->cite, strlen(said->cite) + 1);
	r = order_put(ledger, &order);
	return r < 0 ? r : order_fact(ledger, submission, &order, "order");
}

/* ---- its second person ---- */

static int find_proposed(struct ledger *ledger, struct submission *submission,
			 const Throughcare__V1__TrailOrderApproval *said, struct order *ret)
{
	struct tc_id id;
	int r = ORDER_NONE;

	if (said == NULL || !tc_id_parse(tc_slice_text(said->order_id), &id))
		return refuse(submission, TC_REFUSAL_FIELD_INVALID, "order_id");
	r = order_find(ledger->txn, ledger->table[LEDGER_TABLE_ORDER], id, ret);
	if (r < 0)
		return r;
	if (r != 0 || ret->status != ORDER_PROPOSED)
		return refuse(submission, TC_REFUSAL_UNKNOWN_ORDER, "order_id");
	if (ret->proposer == submission->sender->number &&
	    tc_actor_same(submission->header.actor_id, tc_slice_text(ret->ordered_by)))
		return refuse(submission, TC_REFUSAL_ORDER_SELF, "header.actor.id");
	return 0;
}

/* UNSEAL, HOLD_END: over when they are approved, and what they end with them. */
static int end_other(struct ledger *ledger, struct submission *submission, struct order *order)
{
	const Throughcare__V1__TrailOrder *said = throughcare__v1__trail_order__unpack(
		&ledger->arena.allocator, order->packed.len, order->packed.data);
	struct order other;
	int r = said == NULL ? TC_ECORRUPT : find_ended(ledger, submission, said, &other);

	if (r == 0)
		r = keep_packed(ledger, &other);
	if (r == 0)
		r = order_targets_drop(ledger, &other);
	if (r != 0)
		return r;
	other.status = order->status = ORDER_ENDED;
	r = order_put(ledger, &other);
	return r < 0 ? r : order_fact(ledger, submission, &other, "order_ended");
}

/* SEAL, EXPUNGE, HOLD. */
static int begin(struct ledger *ledger, struct submission *submission, struct order *order)
{
	struct order_tables tables = order_tables_of(ledger);
	bool expunged = order->kind == KIND(EXPUNGE), held = false;
	struct order_about about;
	int r = order_about_read(&ledger->arena, ledger->txn, &tables, order->packed, &about);

	if (r == 0 && expunged)
		r = order_about_held(&ledger->arena, ledger->txn, &tables, &about, &held);
	if (r != 0)
		return r < 0 ? r : TC_ECORRUPT;
	/* An order with this id may have come since. */
	r = check_targets(ledger, submission, order->id, &about);
	if (r != 0)
		return r;
	if (held)
		return refuse(submission, TC_REFUSAL_LEGAL_HOLD, "order_id");
	order->status = ORDER_IN_FORCE;
	if (order->kind == KIND(HOLD))
		return 0; /* it hides nothing */
	r = order_targets_put(ledger, order, &about);
	if (r == 0 && expunged)
		r = order_end_kept(ledger, &about);
	return r;
}

/* After what else it has to say: that is on its way then, too. */
static int begin_job(struct ledger *ledger, const struct order *order)
{
	struct job job = {.kind = JOB_ORDER, .awaited = ledger->awaits, .about = order->id};

	if (order->status != ORDER_IN_FORCE || order->kind == KIND(HOLD))
		return 0;
	return job_start(ledger, &job);
}

int order_approval_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	const Throughcare__V1__TrailOrderApproval *said =
		throughcare__v1__trail_order_approval__unpack(&ledger->arena.allocator, body->len,
							      body->data);
	struct order order;
	int r = check_sender(ledger, submission);

	if (r == 0)
		r = find_proposed(ledger, submission, said, &order);
	if (r == 0)
		r = keep_packed(ledger, &order);
	if (r != 0)
		return r;
	order.approved_sequence = ledger->sequence;
	order.approved_ms = ledger->now_ms;
	order.approver = submission->sender->number;
	tc_slice_copy(submission->header.actor_id, order.approved_by, sizeof(order.approved_by));
	if (!said->approved)
		order.status = ORDER_ENDED;
	else if (order.kind == KIND(UNSEAL) || order.kind == KIND(HOLD_END))
		r = end_other(ledger, submission, &order);
	else
		r = begin(ledger, submission, &order);
	if (r == 0)
		r = order_put(ledger, &order);
	if (r == 0)
		r = begin_job(ledger, &order);
	if (r == 0)
		r = order_load(ledger);
	if (r != 0)
		return r;
	return order_fact(ledger, submission, &order,
			  said->approved ? "order_approved" : "order_ended");
}

/* ---- execution ---- */

static int is_held(struct store_txn *txn, const struct order_tables *tables,
		   const struct order *order, bool *ret)
{
	struct order_about about;
	struct arena arena;
	int r;

	arena_init(&arena);
	r = order_about_read(&arena, txn, tables, order->packed, &about);
	if (r == 0)
		r = order_about_held(&arena, txn, tables, &about, ret);
	arena_done(&arena);
	return r > 0 ? TC_ECORRUPT : r;
}

int order_next_due(struct store_txn *txn, const struct order_tables *tables, struct order *ret)
{
	struct order order = {.id = {{0}}};
	bool found = false;
	int r;

	while ((r = order_next(txn, tables->orders, order.id, &order)) == 0) {
		bool held;

		if (order.kind != KIND(EXPUNGE) || order.status != ORDER_IN_FORCE ||
		    (found && ret->approved_sequence < order.approved_sequence))
			continue;
		r = is_held(txn, tables, &order, &held);
		if (r < 0)
			return r;
		if (held)
			continue;
		*ret = order;
		found = true;
	}
	if (r < 0)
		return r;
	return found ? 0 : ORDER_NONE;
}

int order_load(struct ledger *ledger)
{
	struct order_tables tables = order_tables_of(ledger);
	struct order order;
	int r = order_next_due(ledger->txn, &tables, &order);

	ledger->forget_due = r == 0;
	return r < 0 ? r : 0;
}

bool order_forget_due(const struct ledger *ledger)
{
	return ledger->forget_due;
}

int order_at(struct ledger *ledger, uint64_t sequence, struct order *ret)
{
	int r;

	ret->id = (struct tc_id){{0}};
	do {
		r = order_next(ledger->txn, ledger->table[LEDGER_TABLE_ORDER], ret->id, ret);
	} while (r == 0 && ret->sequence != sequence);
	return r;
}

/* What came about it since its approval, too. */
static int forget_targets(struct ledger *ledger, struct order *order)
{
	struct order_tables tables = order_tables_of(ledger);
	struct order_about about;
	int r = keep_packed(ledger, order);

	if (r == 0)
		r = order_about_read(&ledger->arena, ledger->txn, &tables, order->packed, &about);
	if (r == 0)
		r = order_end_kept(ledger, &about);
	if (r == 0)
		r = order_end_deliveries(ledger, &about);
	if (r == 0)
		r = order_targets_drop(ledger, order);
	order->status = ORDER_EXECUTED;
	order->executed_ms = ledger->now_ms;
	return r > 0 ? TC_ECORRUPT : r;
}

int order_executed(struct ledger *ledger, uint64_t order_sequence, uint64_t records)
{
	struct order order;
	int r = order_at(ledger, order_sequence, &order);

	if (r != 0)
		return r;
	/* A ForgottenRecord has room for so many; further ones of the same order find it closed. */
	if (order.status != ORDER_EXECUTED)
		r = forget_targets(ledger, &order);
	order.records += records;
	if (r == 0)
		r = order_put(ledger, &order);
	return r < 0 ? r : order_load(ledger);
}
