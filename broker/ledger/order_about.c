/*
 * What an order is about: the ids that it names, and the referrals of its persons.
 */
#include <string.h>

#include "ledger/idempotency.h"
#include "ledger/order_row.h"
#include "ledger/state.h"
#include "store/store_cursor.h"

#define REFERRALS_AT_ONCE 64

struct about_reader {
	struct arena *arena;
	struct order_about *about;
	size_t capacity;
};

static int about_add(struct about_reader *reader, enum order_target kind, struct tc_id id)
{
	struct order_about *about = reader->about;

	if (about->count == reader->capacity) {
		size_t capacity = reader->capacity * 2 + REFERRALS_AT_ONCE;
		struct order_named *ids = arena_take(reader->arena, capacity * sizeof(*ids));

		if (ids == NULL)
			return TC_ENOMEM;
		if (about->count > 0)
			memcpy(ids, about->ids, about->count * sizeof(*ids));
		about->ids = ids;
		reader->capacity = capacity;
	}
	about->ids[about->count++] = (struct order_named){.kind = kind, .id = id};
	return 0;
}

static int about_name(struct about_reader *reader, enum order_target kind, char *const *texts,
		      size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct tc_id id;

		if (!tc_id_parse(tc_slice_text(texts[i]), &id))
			return ORDER_NONE;
		/* None: whom it named was forgotten meanwhile. */
		if (!tc_id_is_none(id))
			r = about_add(reader, kind, id);
	}
	return r;
}

static int about_follow(struct about_reader *reader, struct store_txn *txn,
			const struct referral_tables *tables, struct tc_id subject)
{
	struct referral *found = arena_take(reader->arena, REFERRALS_AT_ONCE * sizeof(*found));
	struct referral_filter filter = {.subject = subject};
	bool more = true;
	size_t count;
	int r = found == NULL ? TC_ENOMEM : 0;

	while (r == 0 && more) {
		r = referral_list(txn, tables, &filter, found, REFERRALS_AT_ONCE, &count, &more);
		for (size_t i = 0; r == 0 && i < count; i++)
			r = about_add(reader, ORDER_TARGET_REFERRAL, found[i].id);
		if (r == 0 && count > 0)
			filter.after = found[count - 1].id;
	}
	return r;
}

int order_about_read(struct arena *arena, struct store_txn *txn, const struct order_tables *tables,
		     struct tc_slice packed, struct order_about *ret)
{
	const Throughcare__V1__TrailOrder *said =
		throughcare__v1__trail_order__unpack(&arena->allocator, packed.len, packed.data);
	struct about_reader reader = {.arena = arena, .about = ret};
	int r;

	*ret = (struct order_about){.said = said};
	if (said == NULL)
		return TC_ECORRUPT;
	r = about_name(&reader, ORDER_TARGET_SUBJECT, said->subjects, said->n_subjects);
	if (r == 0)
		r = about_name(&reader, ORDER_TARGET_REFERRAL, said->referral_ids,
			       said->n_referral_ids);
	if (r == 0)
		r = about_name(&reader, ORDER_TARGET_MESSAGE, said->message_ids,
			       said->n_message_ids);
	ret->named = ret->count;
	for (size_t i = 0; r == 0 && i < ret->named; i++)
		if (ret->ids[i].kind == ORDER_TARGET_SUBJECT)
			r = about_follow(&reader, txn, tables->referral, ret->ids[i].id);
	return r;
}

bool order_about_has(const struct order_about *about, enum order_target kind, struct tc_id id)
{
	for (size_t i = 0; !tc_id_is_none(id) && i < about->count; i++)
		if (about->ids[i].kind == kind && tc_id_equal(about->ids[i].id, id))
			return true;
	return false;
}

bool order_about_touches(const struct order_about *about, struct tc_id subject,
			 struct tc_id referral, struct tc_id message)
{
	return order_about_has(about, ORDER_TARGET_SUBJECT, subject) ||
	       order_about_has(about, ORDER_TARGET_REFERRAL, referral) ||
	       order_about_has(about, ORDER_TARGET_MESSAGE, message);
}

/* ---- holds ---- */

/* A hold of the person holds each of the person's referrals. */
static int record_held(struct store_txn *txn, const struct order_tables *tables,
		       struct tc_id subject, struct tc_id referral, struct tc_id message, bool *ret)
{
	struct referral found;
	int r = order_held(txn, tables, subject, referral, message, ret);

	if (r < 0 || *ret || tc_id_is_none(referral))
		return r;
	r = referral_find(txn, tables->referral, referral, &found);
	return r == 0 ? order_held(txn, tables, found.subject, referral, message, ret)
		      : (r < 0 ? r : 0);
}

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

static int named_held(struct store_txn *txn, const struct order_tables *tables,
		      const struct order_named *named, struct receipt *messages, bool *ret)
{
	struct tc_id ids[ORDER_TARGET_MESSAGE + 1] = {{{0}}};
	size_t count = 0;
	int r;

	ids[named->kind] = named->id;
	r = record_held(txn, tables, ids[ORDER_TARGET_SUBJECT], ids[ORDER_TARGET_REFERRAL],
			ids[ORDER_TARGET_MESSAGE], ret);
	if (r == 0 && !*ret && named->kind == ORDER_TARGET_MESSAGE)
		r = messages_read(txn, tables, named->id, messages, &count);
	for (size_t i = 0; r == 0 && !*ret && i < count; i++)
		r = record_held(txn, tables, messages[i].subject, messages[i].referral, named->id,
				ret);
	return r;
}

/* A hold of a message that would go with its person or referral. */
static int hold_touches(struct store_txn *txn, const struct order_tables *tables,
			const struct order_about *hold, const struct order_about *about,
			struct receipt *messages, bool *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && !*ret && i < hold->named; i++) {
		size_t count;

		if (hold->ids[i].kind != ORDER_TARGET_MESSAGE)
			continue;
		r = messages_read(txn, tables, hold->ids[i].id, messages, &count);
		for (size_t n = 0; r == 0 && !*ret && n < count; n++)
			*ret = order_about_touches(about, messages[n].subject, messages[n].referral,
						   (struct tc_id){{0}});
	}
	return r;
}

static int holds_touch(struct arena *arena, struct store_txn *txn,
		       const struct order_tables *tables, const struct order_about *about,
		       struct receipt *messages, bool *ret)
{
	struct order order = {.id = {{0}}};
	struct order_about hold;
	int r = 0;

	while (r == 0 && !*ret && (r = order_next(txn, tables->orders, order.id, &order)) == 0) {
		if (order.kind != THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_HOLD ||
		    order.status != ORDER_IN_FORCE)
			continue;
		r = order_about_read(arena, txn, tables, order.packed, &hold);
		if (r == 0)
			r = hold_touches(txn, tables, &hold, about, messages, ret);
	}
	return r == ORDER_NONE ? 0 : r;
}

int order_about_held(struct arena *arena, struct store_txn *txn, const struct order_tables *tables,
		     const struct order_about *about, bool *ret)
{
	struct receipt *messages = arena_take(arena, IDEMPOTENCY_SENDERS_MAX * sizeof(*messages));
	int r = messages == NULL ? TC_ENOMEM : 0;

	*ret = false;
	for (size_t i = 0; r == 0 && !*ret && i < about->count; i++)
		r = named_held(txn, tables, &about->ids[i], messages, ret);
	return r == 0 && !*ret ? holds_touch(arena, txn, tables, about, messages, ret) : r;
}
