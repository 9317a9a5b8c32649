/*
 * What an order is about: the ids that it names, and the referrals of its persons. A hold is of
 * the person, whichever of the tied ids it names.
 */
#include <string.h>

#include "ledger/order_row.h"
#include "ledger/state.h"

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

static int about_person(struct about_reader *reader, struct store_txn *txn,
			const struct order_tables *tables, struct tc_id subject)
{
	bool tied = reader->about->said->kind == THROUGHCARE__V1__ORDER_KIND__ORDER_KIND_HOLD;
	struct person person = {.count = 1, .ids = {{.id = subject}}};
	int r = tied ? person_find(txn, &tables->persons, subject, &person) : 0;

	for (size_t i = 0; r == 0 && i < person.count; i++) {
		if (!tc_id_equal(person.ids[i].id, subject))
			r = about_add(reader, ORDER_TARGET_SUBJECT, person.ids[i].id);
		if (r == 0)
			r = about_follow(reader, txn, tables->referral, person.ids[i].id);
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
			r = about_person(&reader, txn, tables, ret->ids[i].id);
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
