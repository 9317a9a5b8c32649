#include "ledger/order_hold.h"

#include "ledger/idempotency.h"
#include "ledger/order_row.h"
#include "ledger/state.h"
#include "store/store_cursor.h"

static const struct tc_id none = {{0}};

static int hold_add(struct order_holds *holds, struct store_txn *txn,
		    const struct order_tables *tables, const struct order *order)
{
	struct order_about about;
	struct arena arena;
	int r;

	arena_init(&arena);
	r = order_about_read(&arena, txn, tables, order->packed, &about);
	for (size_t i = 0; r == 0 && i < about.count; i++)
		r = sought_add(&holds->of[about.ids[i].kind], about.ids[i].id);
	arena_done(&arena);
	return r > 0 ? TC_ECORRUPT : r;
}

int order_holds_read(struct store_txn *txn, const struct order_tables *tables,
		     struct order_holds *ret)
{
	struct order order = {.id = {{0}}};
	int r;

	*ret = (struct order_holds){.of = {{0}}};
	while ((r = order_next(txn, tables->orders, order.id, &order)) == 0) {
		if (order.kind != THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_HOLD ||
		    order.status != ORDER_IN_FORCE)
			continue;
		r = hold_add(ret, txn, tables, &order);
		if (r < 0)
			return r;
	}
	return r == ORDER_NONE ? 0 : r;
}

void order_holds_done(struct order_holds *holds)
{
	for (size_t i = 0; i < sizeof(holds->of) / sizeof(holds->of[0]); i++)
		sought_done(&holds->of[i]);
}

bool order_holds_has(const struct order_holds *holds, struct tc_id subject, struct tc_id referral,
		     struct tc_id message)
{
	return sought_has(&holds->of[ORDER_TARGET_SUBJECT], subject) ||
	       sought_has(&holds->of[ORDER_TARGET_REFERRAL], referral) ||
	       sought_has(&holds->of[ORDER_TARGET_MESSAGE], message);
}

/* Is what somebody sent under this id about anybody or anything that is held? */
static int message_held(struct store_txn *txn, const struct order_tables *tables,
			const struct order_holds *holds, struct tc_id message, bool *ret)
{
	struct tc_slice prefix = tc_slice(message.bytes, sizeof(message.bytes)), value;
	struct store_cursor cursor;
	struct receipt receipt;
	int r = store_cursor_init(&cursor, txn, tables->submissions, prefix, STORE_FORWARD);

	while (r == 0 && !*ret) {
		r = store_cursor_next(&cursor, NULL, &value);
		if (r == 0 && !receipt_read(value, &receipt))
			r = TC_ECORRUPT;
		if (r == 0)
			*ret = order_holds_has(holds, receipt.subject, receipt.referral, none);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

int order_holds_in(struct store_txn *txn, const struct order_tables *tables,
		   const struct order_holds *holds, struct tc_slice bytes, bool *ret)
{
	size_t text_len = TC_ID_TEXT_BYTES - 1;
	bool any = false;
	int r = 0;

	*ret = false;
	for (size_t i = 0; i < sizeof(holds->of) / sizeof(holds->of[0]); i++) {
		any = any || holds->of[i].count > 0;
		*ret = *ret || sought_in(&holds->of[i], bytes);
	}
	for (size_t i = 0; r == 0 && any && !*ret && i + text_len <= bytes.len; i++) {
		struct tc_id id;

		if (tc_id_parse(tc_slice(bytes.data + i, text_len), &id))
			r = message_held(txn, tables, holds, id, ret);
	}
	return r;
}

/* ---- against an order ---- */

/* What the messages with this id are about, whoever sent them; one that nobody sent, nothing. */
static int messages_read(struct store_txn *txn, const struct order_tables *tables,
			 struct tc_id message, struct receipt ret[IDEMPOTENCY_SENDERS_MAX],
			 size_t *ret_count)
{
	struct tc_slice prefix = tc_slice(message.bytes, sizeof(message.bytes)), value;
	struct store_cursor cursor;
	int r = store_cursor_init(&cursor, txn, tables->submissions, prefix, STORE_FORWARD);

	for (*ret_count = 0; r == 0 && *ret_count < IDEMPOTENCY_SENDERS_MAX;) {
		r = store_cursor_next(&cursor, NULL, &value);
		if (r == 0 && !receipt_read(value, &ret[(*ret_count)++]))
			r = TC_ECORRUPT;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* Is a hold of what the order names? */
static int named_held(struct store_txn *txn, const struct order_tables *tables,
		      const struct order_holds *holds, const struct order_named *named,
		      struct receipt *messages, bool *ret)
{
	struct tc_id ids[ORDER_TARGET_MESSAGE + 1] = {{{0}}};
	size_t count = 0;
	int r = 0;

	ids[named->kind] = named->id;
	*ret = order_holds_has(holds, ids[ORDER_TARGET_SUBJECT], ids[ORDER_TARGET_REFERRAL],
			       ids[ORDER_TARGET_MESSAGE]);
	if (!*ret && named->kind == ORDER_TARGET_MESSAGE)
		r = messages_read(txn, tables, named->id, messages, &count);
	for (size_t i = 0; r == 0 && !*ret && i < count; i++)
		*ret = order_holds_has(holds, messages[i].subject, messages[i].referral, none);
	return r;
}

/* Would a merge, a link or what undid it go with this person, and name somebody else who is held?
 * One that is undone ties nobody, and still says that it was. */
static int decisions_held(struct store_txn *txn, const struct order_tables *tables,
			  const struct order_holds *holds, struct tc_id person, bool *ret)
{
	const struct sought *held = &holds->of[ORDER_TARGET_SUBJECT];
	struct person_decision decision = {.sequence = 0};
	int r = 0;

	while (r == 0 && !*ret && held->count > 0) {
		r = person_decision_next(txn, &tables->decisions, person, decision.sequence,
					 &decision);
		if (r == 0)
			*ret = sought_has(held, decision.to);
		for (size_t i = 0; r == 0 && !*ret && i < decision.from_count; i++)
			*ret = sought_has(held, decision.from[i]);
	}
	return r < 0 ? r : 0;
}

/* Is a hold of a message that would go with its person or referral? */
static int message_touched(struct store_txn *txn, const struct order_tables *tables,
			   const struct order_about *about, struct tc_id message,
			   struct receipt *messages, bool *ret)
{
	size_t count;
	int r = messages_read(txn, tables, message, messages, &count);

	for (size_t i = 0; r == 0 && !*ret && i < count; i++)
		*ret = order_about_touches(about, messages[i].subject, messages[i].referral, none);
	return r;
}

int order_about_held(struct arena *arena, struct store_txn *txn, const struct order_tables *tables,
		     const struct order_about *about, bool *ret)
{
	struct receipt *messages = arena_take(arena, IDEMPOTENCY_SENDERS_MAX * sizeof(*messages));
	struct order_holds holds;
	const struct sought *named = &holds.of[ORDER_TARGET_MESSAGE];
	int r = order_holds_read(txn, tables, &holds);

	*ret = false;
	if (r == 0 && messages == NULL)
		r = TC_ENOMEM;
	for (size_t i = 0; r == 0 && !*ret && i < about->count; i++)
		r = named_held(txn, tables, &holds, &about->ids[i], messages, ret);
	for (size_t i = 0; r == 0 && !*ret && i < about->count; i++) {
		if (about->ids[i].kind == ORDER_TARGET_SUBJECT)
			r = decisions_held(txn, tables, &holds, about->ids[i].id, ret);
	}
	for (size_t i = 0; r == 0 && !*ret && i < named->count; i++)
		r = message_touched(txn, tables, about, named->ids[i], messages, ret);
	order_holds_done(&holds);
	return r;
}
