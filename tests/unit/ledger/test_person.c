#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#include "base/clock.h"
#include "ledger/ledger_view.h"
#include "ledger/person.h"
#include "ledger/person_decision.h"
#include "throughcare/v1/wire.pb-c.h"

#define DAY_MS (86400LL * 1000)

/* Says that `from` (and `also`, unless none) is `to`; returns the message's id. */
static struct tc_id merge_at(struct exchange *x, const char *by, struct tc_id from,
			     struct tc_id also, struct tc_id to, int64_t effective_ms)
{
	char text[512], one[TC_ID_TEXT_BYTES], two[TC_ID_TEXT_BYTES], three[TC_ID_TEXT_BYTES];
	char at[TC_TIME_TEXT_BYTES];
	struct tc_id id = exchange_id(x);

	tc_id_format(from, one);
	tc_id_format(also, two);
	tc_id_format(to, three);
	tc_time_format(effective_ms, at);
	snprintf(text, sizeof(text),
		 "{\"from_ids\":[\"%s\"%s%s%s],\"to_id\":\"%s\",\"decided_by\":\"w-1\","
		 "\"confidence\":1,\"effective\":\"%s\"}",
		 one, tc_id_is_none(also) ? "" : ",\"", tc_id_is_none(also) ? "" : two,
		 tc_id_is_none(also) ? "" : "\"", three, at);
	x->next_id = id;
	exchange_say(x, by, "w-1", "PersonMerge", to, text);
	return id;
}

static struct tc_id merge(struct exchange *x, struct tc_id from, struct tc_id to)
{
	return merge_at(x, "intake", from, (struct tc_id){{0}}, to, x->now_ms);
}

static void unmerge(struct exchange *x, const char *by, struct tc_id merge)
{
	char text[256], id[TC_ID_TEXT_BYTES];

	tc_id_format(merge, id);
	snprintf(text, sizeof(text), "{\"merge_message_id\":\"%s\",\"decided_by\":\"w-2\"}", id);
	exchange_say(x, by, "w-2", "PersonUnmerge", exchange_id(x), text);
}

/* The final disposition of case-1, told of one id. */
static void hear_finally(struct exchange *x, struct tc_id subject)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	claim.has_disposition_final = claim.disposition_final = 1;
	claim.about_id = (char *)(uintptr_t) "case-1";
	message.from = "court";
	message.type = "HearingResult";
	message.subject = subject;
	message.claim = &claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* Signed under one id, revoked too early, and heard of under the other. */
enum merging { NEVER, BEFORE, AFTER };

static size_t ended_by_hearing_of_the_other(struct exchange *x, enum merging merged)
{
	struct tc_id one = exchange_id(x), other = exchange_id(x);
	struct consent consent = grant(x, one);
	struct message message = attendance(x, one);

	consent.revocable_from_ms = (x->now_ms / 1000 + 86400) * 1000;
	message.proceeding = "case-1";
	exchange_consent(x, &consent);
	exchange_send(x, &message);
	exchange_revoke(x, &consent);
	if (merged == BEFORE)
		merge(x, one, other);
	hear_finally(x, other);
	if (merged == AFTER)
		merge(x, one, other);
	return exchange_facts(x, "grant_ended");
}

static void what_happens_to_one_id_happens_to_the_grants_of_all(void **state)
{
	assert_int_equal(ended_by_hearing_of_the_other(*state, BEFORE), 1);
}

static void what_has_happened_to_one_id_happens_to_those_it_is_merged_with(void **state)
{
	assert_int_equal(ended_by_hearing_of_the_other(*state, AFTER), 1);
}

/* The proceeding goes on: what is signed after the event waits for the next one. */
static void what_was_signed_after_the_event_is_not_reached_by_the_merge(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x);
	struct consent consent = grant(x, one);
	struct message message = attendance(x, one);

	hear_finally(x, other);
	exchange_tick(x, x->now_ms + 2 * DAY_MS);
	consent.revocable_from_ms = (x->now_ms / 1000 + 86400) * 1000;
	consent.valid_from_ms = x->now_ms;
	message.proceeding = "case-1";
	exchange_consent(x, &consent);
	exchange_send(x, &message);
	exchange_revoke(x, &consent);
	merge(x, other, one);
	assert_int_equal(exchange_facts(x, "grant_ended"), 0);
	hear_finally(x, other);
	assert_int_equal(exchange_facts(x, "grant_ended"), 1);
}

static void what_happens_to_somebody_else_does_not(void **state)
{
	assert_int_equal(ended_by_hearing_of_the_other(*state, NEVER), 0);
}

/* The ids that the n-th MisdirectedDisclosure names. */
static size_t misdirected(const struct exchange *x, size_t n, struct tc_id *ret)
{
	size_t count = 0;

	for (const struct effect *effect = x->effects.first; effect; effect = effect->next) {
		Throughcare__V1__MisdirectedDisclosure *notice;
		Throughcare__V1__Delivery *delivery;

		if (effect->kind != EFFECT_DELIVER_OWN)
			continue;
		delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len,
							     effect->body.data);
		assert_non_null(delivery);
		if (strcmp(delivery->parts[0]->type, "MisdirectedDisclosure") == 0 && n-- == 0) {
			notice = throughcare__v1__misdirected_disclosure__unpack(
				NULL, delivery->parts[0]->content.len,
				delivery->parts[0]->content.data);
			assert_non_null(notice);
			for (count = 0; count < notice->n_message_ids; count++)
				assert_true(tc_id_parse(tc_slice_text(notice->message_ids[count]),
							&ret[count]));
			throughcare__v1__misdirected_disclosure__free_unpacked(notice, NULL);
		}
		throughcare__v1__delivery__free_unpacked(delivery, NULL);
	}
	return count;
}

static void what_is_held_goes_when_its_person_is_found_to_have_consented(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x);
	struct message message = attendance(x, one);
	struct consent consent = grant(x, other);

	collector(x, "parole", 10);
	exchange_consent(x, &consent);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	merge(x, one, other);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_facts(x, "person_merged"), 2);
	message.id = exchange_id(x); /* and the next one at once */
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void a_consent_to_come_reaches_every_id_of_the_person(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x);
	struct message message = attendance(x, one);
	struct consent consent = grant(x, other);

	merge(x, one, other);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 1);
	exchange_consent(x, &consent);
	assert_int_equal(exchange_facts(x, "unheld"), 1);
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void a_link_changes_nothing(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x);
	char text[256], from[TC_ID_TEXT_BYTES], to[TC_ID_TEXT_BYTES];
	struct message message = attendance(x, one);
	struct consent consent = grant(x, other);

	tc_id_format(one, from);
	tc_id_format(other, to);
	exchange_consent(x, &consent);
	exchange_send(x, &message);
	snprintf(text, sizeof(text), "{\"from_ids\":[\"%s\"],\"to_id\":\"%s\",\"confidence\":0.9}",
		 from, to);
	exchange_say(x, "intake", "w-1", "PersonLink", one, text);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "person_linked"), 2);
	assert_int_equal(exchange_facts(x, "unheld"), 0);
}

static void an_unmerge_asks_back_what_went_out_across_it_and_nothing_else(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), named[8], made;
	struct message across = attendance(x, one), own = attendance(x, other),
		       waiting = attendance(x, one);
	struct consent consent = grant(x, other);

	made = merge(x, one, other);
	exchange_consent(x, &consent);
	collector(x, "treatment", 20);
	collector(x, "parole", 2);
	exchange_send(x, &across);
	exchange_send(x, &own);
	exchange_send(x, &waiting); /* no credit is left */
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	unmerge(x, "court", made);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "person_unmerged"), 2);
	assert_int_equal(exchange_facts(x, "recall"), 1);      /* of what waited */
	assert_int_equal(exchange_facts(x, "misdirected"), 1); /* of what was handed over */
	assert_int_equal(exchange_evidence(x, EVIDENCE(RECALLED)), 2);
	collector(x, "parole", 10);
	assert_int_equal(misdirected(x, 0, named), 1);
	assert_true(tc_id_equal(named[0], across.id));
	assert_int_equal(misdirected(x, 1, named), 0);
	unmerge(x, "court", made);
	assert_string_equal(exchange_answer(x), "unknown_merge");
}

static void what_an_own_consent_permits_is_not_asked_back(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), made;
	struct consent consent = grant(x, other), own = grant(x, one);
	struct message message = attendance(x, one);

	made = merge(x, one, other);
	exchange_consent(x, &consent);
	exchange_consent(x, &own);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	unmerge(x, "intake", made);
	assert_int_equal(exchange_own(x, "MisdirectedDisclosure"), 0);
}

static void who_destroyed_what_was_misdirected_attests_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), made, notice;
	struct message message = attendance(x, one);
	struct consent consent = grant(x, other);
	Throughcare__V1__Delivery *delivery;
	Throughcare__V1__Header *header;
	const struct effect *effect;

	made = merge(x, one, other);
	exchange_consent(x, &consent);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	unmerge(x, "intake", made);
	effect = exchange_effect(x, EFFECT_DELIVER_OWN, 0);
	assert_non_null(effect);
	delivery = throughcare__v1__delivery__unpack(NULL, effect->body.len, effect->body.data);
	assert_non_null(delivery);
	header = throughcare__v1__header__unpack(NULL, delivery->header.len, delivery->header.data);
	assert_non_null(header);
	assert_true(tc_id_parse(tc_slice_text(header->message_id), &notice));
	throughcare__v1__header__free_unpacked(header, NULL);
	throughcare__v1__delivery__free_unpacked(delivery, NULL);
	exchange_reply(x, "parole", notice, "clerk-1",
		       "acknowledged"); /* that is not the question */
	assert_string_equal(exchange_answer(x), "field_invalid");
	exchange_reply(x, "parole", notice, "clerk-1", "destroyed");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "task_done"), 1);
	exchange_tick(x, x->now_ms + 30 * DAY_MS);
	assert_int_equal(exchange_facts(x, "task_overdue"), 0);
}

static void a_chain_of_merges_hangs_on_each_of_them(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), two = exchange_id(x), three = exchange_id(x);
	struct tc_id none = {{0}}, first, second, named[8];
	struct message message = attendance(x, one);
	struct consent consent = grant(x, three);

	first = merge(x, two, one);
	second = merge_at(x, "intake", three, none, two, x->now_ms);
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_consent(x, &consent);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	unmerge(x, "intake", first);
	assert_int_equal(misdirected(x, 0, named), 1);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 1);
	message.id = exchange_id(x); /* two and three are one person still */
	message.subject = two;
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	unmerge(x, "intake", second);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "held"), 1);
}

static void a_merge_takes_effect_when_it_says(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), third = exchange_id(x), made;
	struct message message = attendance(x, one);
	struct consent consent = grant(x, other);
	struct tc_id none = {{0}};

	exchange_consent(x, &consent);
	exchange_send(x, &message);
	merge_at(x, "intake", one, none, other, x->now_ms + DAY_MS);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "person_merge_pending"), 2);
	made = merge_at(x, "intake", third, none, other, x->now_ms + DAY_MS);
	unmerge(x, "intake", made); /* before its time: there is nothing to undo */
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "person_merged"), 2);
	assert_int_equal(exchange_facts(x, "unheld"), 1);
}

static void a_merge_to_come_fails_when_its_ids_are_somebody_else_by_then(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), third = exchange_id(x);
	struct tc_id none = {{0}}, made;

	made = merge_at(x, "intake", one, none, other, x->now_ms + DAY_MS);
	merge(x, one, third);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "person_merge_failed"), 2);
	unmerge(x, "intake", made);
	assert_string_equal(exchange_answer(x), "unknown_merge");
}

static void merges_that_contradict_what_is_known_are_refused(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), two = exchange_id(x), three = exchange_id(x);
	struct tc_id none = {{0}};

	merge_at(x, "treatment", one, none, two, x->now_ms);
	assert_string_equal(exchange_answer(x), "not_permitted");
	merge(x, one, one);
	assert_string_equal(exchange_answer(x), "field_invalid");
	merge_at(x, "intake", one, one, two, x->now_ms);
	assert_string_equal(exchange_answer(x), "field_invalid");
	merge(x, one, two);
	assert_string_equal(exchange_answer(x), "accepted");
	merge(x, one, three); /* it is tied already */
	assert_string_equal(exchange_answer(x), "person_conflict");
	merge(x, two, one); /* round in a ring */
	assert_string_equal(exchange_answer(x), "person_conflict");
	merge_at(x, "intake", three, one, two, x->now_ms); /* all or nothing */
	assert_string_equal(exchange_answer(x), "person_conflict");
	unmerge(x, "treatment", one);
	assert_string_equal(exchange_answer(x), "not_permitted");
	unmerge(x, "intake", exchange_id(x));
	assert_string_equal(exchange_answer(x), "unknown_merge");
	merge(x, two, three); /* it brings the other along */
	assert_string_equal(exchange_answer(x), "accepted");
}

static void no_more_ids_are_one_person_than_a_decision_may_read(void **state)
{
	struct exchange *x = *state;
	struct tc_id to = exchange_id(x);

	for (int i = 1; i < PERSON_IDS_MAX; i++) {
		merge(x, exchange_id(x), to);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	merge(x, exchange_id(x), to);
	assert_string_equal(exchange_answer(x), "person_conflict");
}

static void what_was_decided_about_an_id_can_be_read(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), made = merge(x, one, other);
	struct person_decision_tables tables;
	struct person_decision decision;
	struct person_tables persons;
	struct ledger_view *view;
	struct person person;
	uint64_t next;

	unmerge(x, "court", made);
	made = merge(x, one, other);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	tables.messages = ledger_view_table(view, LEDGER_TABLE_PERSON_MESSAGE);
	tables.decisions = ledger_view_table(view, LEDGER_TABLE_PERSON_DECISION);
	persons.rows = ledger_view_table(view, LEDGER_TABLE_PERSON);
	persons.members = ledger_view_table(view, LEDGER_TABLE_PERSON_MEMBER);
	assert_int_equal(person_find(ledger_view_txn(view), &persons, one, &person), 0);
	assert_int_equal(person.count, 2);
	assert_true(tc_id_equal(person_canonical(&person), other));
	assert_int_equal(person_decision_next(ledger_view_txn(view), &tables, one, 0, &decision),
			 0);
	assert_int_equal(decision.state, PERSON_UNDONE);
	assert_int_equal(person_decision_next(ledger_view_txn(view), &tables, one,
					      decision.sequence, &decision),
			 0);
	assert_string_equal(person_decision_kind_name(decision.kind), "unmerge");
	assert_string_equal(decision.by, "w-2");
	assert_int_equal(person_decision_next(ledger_view_txn(view), &tables, one,
					      decision.sequence, &decision),
			 0);
	assert_true(tc_id_equal(decision.message, made));
	assert_int_equal(decision.confidence, 1000000);
	assert_int_equal(person_decision_next(ledger_view_txn(view), &tables, one,
					      decision.sequence, &decision),
			 PERSON_DECISION_NONE);
	ledger_view_close(&view);
}

static void an_unmerge_of_much_goes_on_in_slices(void **state)
{
	struct exchange *x = *state;
	struct tc_id one = exchange_id(x), other = exchange_id(x), made;
	struct consent consent = grant(x, other);

	made = merge(x, one, other);
	exchange_consent(x, &consent);
	collector(x, "parole", 100);
	for (int i = 0; i < 20; i++) {
		struct message message = attendance(x, one);

		exchange_send(x, &message);
	}
	exchange_slices(x, 8);
	exchange_clear(x);
	collector(x, "parole", 100);
	unmerge(x, "intake", made);
	assert_int_equal(exchange_facts(x, "misdirected"), 8);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "misdirected"), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_held_goes_when_its_person_is_found_to_have_consented),
		TEST(a_consent_to_come_reaches_every_id_of_the_person),
		TEST(a_link_changes_nothing),
		TEST(an_unmerge_asks_back_what_went_out_across_it_and_nothing_else),
		TEST(what_an_own_consent_permits_is_not_asked_back),
		TEST(who_destroyed_what_was_misdirected_attests_it),
		TEST(a_chain_of_merges_hangs_on_each_of_them),
		TEST(a_merge_takes_effect_when_it_says),
		TEST(a_merge_to_come_fails_when_its_ids_are_somebody_else_by_then),
		TEST(merges_that_contradict_what_is_known_are_refused),
		TEST(no_more_ids_are_one_person_than_a_decision_may_read),
		TEST(what_was_decided_about_an_id_can_be_read),
		TEST(an_unmerge_of_much_goes_on_in_slices),
		TEST(what_happens_to_one_id_happens_to_the_grants_of_all),
		TEST(what_has_happened_to_one_id_happens_to_those_it_is_merged_with),
		TEST(what_was_signed_after_the_event_is_not_reached_by_the_merge),
		TEST(what_happens_to_somebody_else_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
