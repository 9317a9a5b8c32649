#include "unit/ledger/order_fixture.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/order.h"
#include "ledger/principal.h"

#define TEXT_BYTES 512

static struct tc_id sealed(struct exchange *x, struct tc_id subject)
{
	struct tc_id id = order_say(x, "court", "judge-1", "SEAL", "subjects", subject);

	assert_string_equal(exchange_answer(x), "accepted");
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
	return id;
}

static void an_order_is_in_force_when_another_person_approves_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), none = {{0}}, id;

	id = order_say(x, "court", "judge-1", "SEAL", "subjects", subject);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "order"), 1);
	assert_false(order_hidden(x, subject, none, "treatment"));
	order_approve(x, "court", "JUDGE-1", id, true);
	assert_string_equal(exchange_answer(x), "order_self");
	order_approve(x, "operator", "judge-1", id, true); /* of another house: another person */
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "order_approved"), 1);
	assert_true(order_hidden(x, subject, none, "treatment"));
	assert_false(order_hidden(x, subject, none, "court"));
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "unknown_order");
}

static void only_courts_and_operators_order_and_only_as_named_persons(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), id;

	(void)order_say(x, "treatment", "nurse-1", "SEAL", "subjects", subject);
	assert_string_equal(exchange_answer(x), "type_not_allowed");
	(void)order_say(x, "court", " ", "SEAL", "subjects", subject);
	assert_string_equal(exchange_answer(x), "field_missing");
	id = order_say(x, "operator", "admin-1", "HOLD", "subjects", subject);
	assert_string_equal(exchange_answer(x), "accepted");
	order_approve(x, "parole", "officer-1", id, true);
	assert_string_equal(exchange_answer(x), "type_not_allowed");
	order_approve(x, "court", "judge-1", exchange_id(x), true);
	assert_string_equal(exchange_answer(x), "unknown_order");
}

/* Nobody is two persons by letters that look alike, or do not show at all. */
static void persons_of_an_order_are_plain_words(void **state)
{
	static const char *const actors[] = {
		"judge-1\xe2\x80\x8b", "judg\xd0\xb5-1", "\xd1\x98udge-1", "judge 1", "judge-1 ",
		"judge-1\x7f"};
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), id;
	char longer[TC_ACTOR_BYTES_MAX + 2];

	id = order_say(x, "court", "judge-1", "SEAL", "subjects", subject);
	for (size_t i = 0; i < sizeof(actors) / sizeof(actors[0]); i++) {
		(void)order_say(x, "court", actors[i], "SEAL", "subjects", subject);
		assert_string_equal(exchange_answer(x), "field_invalid");
		order_approve(x, "court", actors[i], id, true);
		assert_string_equal(exchange_answer(x), "field_invalid");
	}
	memset(longer, 'j', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	(void)order_say(x, "court", longer, "SEAL", "subjects", subject);
	assert_string_equal(exchange_answer(x), "field_too_long");
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void an_order_that_is_turned_down_hides_nothing(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), id;

	id = order_say(x, "court", "judge-1", "SEAL", "subjects", subject);
	order_approve(x, "court", "judge-2", id, false);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "order_ended"), 1);
	assert_false(order_hidden(x, subject, (struct tc_id){{0}}, "treatment"));
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "unknown_order");
}

static void an_order_names_something(void **state)
{
	struct exchange *x = *state;

	exchange_say(x, "court", "judge-1", "TrailOrder", (struct tc_id){{0}},
		     "{\"kind\":\"ORDER_KIND_SEAL\",\"cite\":\"c\",\"reference\":\"r\"}");
	assert_string_equal(exchange_answer(x), "order_target");
	exchange_say(x, "court", "judge-1", "TrailOrder", (struct tc_id){{0}},
		     "{\"kind\":\"ORDER_KIND_UNSEAL\",\"cite\":\"c\",\"reference\":\"r\"}");
	assert_string_equal(exchange_answer(x), "field_missing");
	(void)order_ending(x, "judge-1", "UNSEAL", exchange_id(x));
	assert_string_equal(exchange_answer(x), "unknown_order");
}

static void a_seal_is_lifted_by_two_persons_too(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), none = {{0}}, seal = sealed(x, subject), id;

	(void)order_ending(x, "judge-1", "HOLD_END", seal);
	assert_string_equal(exchange_answer(x), "unknown_order");
	id = order_ending(x, "judge-1", "UNSEAL", seal);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_hidden(x, subject, none, "treatment"));
	order_approve(x, "court", "judge-1", id, true);
	assert_string_equal(exchange_answer(x), "order_self");
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "order_ended"), 1);
	assert_false(order_hidden(x, subject, none, "treatment"));
}

/* What the agency has waiting for consents, as it counts for its allowance. */
static uint64_t holds_of(struct exchange *x, const char *agency)
{
	const struct principal *principal = principal_find(
		x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(agency));

	assert_non_null(principal);
	return principal->box.held + principal->box.held_bytes;
}

static void what_waits_about_a_sealed_person_is_recalled_without_a_word(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message held = attendance(x, subject), queued = contact(x), other = contact(x);

	collector(x, "treatment", 0);
	collector(x, "parole", 10);
	queued.subject = subject;
	exchange_send(x, &held);
	exchange_send(x, &queued);
	exchange_send(x, &other);
	(void)sealed(x, subject);
	assert_int_equal(exchange_facts(x, "recall"), 3); /* and the evidence that one is held */
	assert_int_equal(exchange_own(x, "DeliveryEvidence"), 0);
	assert_int_equal(holds_of(x, "treatment"), 0);
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1); /* the other's */
}

static void what_is_sent_about_a_sealed_person_afterwards_is_taken(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	collector(x, "treatment", 10);
	(void)sealed(x, message.subject);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void what_is_lent_out_about_a_sealed_message_is_called_back(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t connection = collector(x, "treatment", 10), delivery;
	struct tc_id id;

	exchange_send(x, &message);
	delivery = delivered(x);
	id = order_say(x, "court", "judge-1", "SEAL", "message_ids", message.id);
	order_approve(x, "court", "judge-2", id, true);
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 1);
	assert_settled(x, connection, delivery, ACK, STALE);
	assert_true(order_hidden(x, (struct tc_id){{0}}, message.id, "parole"));
	assert_false(
		order_hidden(x, message.id, (struct tc_id){{0}}, "parole")); /* no such person */
}

static void clocks_and_reviews_of_what_is_expunged_end(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	struct tc_id id;

	message.category = DRUG_TEST;
	message.type = "DrugTestResult";
	message.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MEDICAL_EMERGENCY;
	message.actor = "nurse-1";
	collector(x, "treatment", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "break_glass"), 1);
	id = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", message.subject);
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_tick(x, x->now_ms + YEAR_MS);
	assert_int_equal(exchange_facts(x, "break_glass_overdue"), 0);
	exchange_review(x, "parole", message.id, "chief-2", "JUSTIFIED");
	assert_string_equal(exchange_answer(x), "unknown_review");
}

static void an_order_that_is_executed_names_nobody_and_ends_what_came_since(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	struct tc_id id = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", message.subject);
	uint64_t sequence = ledger_next(x->ledger) - 1;
	struct order_tables tables;
	struct ledger_view *view;
	struct order row;
	uint64_t next;

	order_approve(x, "court", "judge-2", id, true);
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_forget_due(x->ledger));
	order_forgets_by(x, sequence, 3);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	order_forgets_by(x, sequence, 2); /* one record had no room for all */
	assert_int_equal(exchange_facts(x, "recall"), 0);
	assert_false(order_forget_due(x->ledger));
	assert_false(order_hidden(x, message.subject, (struct tc_id){{0}}, "parole"));
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	tables = ledger_view_orders(view);
	assert_int_equal(order_find(ledger_view_txn(view), tables.orders, id, &row), 0);
	assert_int_equal(row.status, ORDER_EXECUTED);
	assert_int_equal(row.records, 5);
	assert_true(row.packed.len > 0); /* until the rows are dumped */
	ledger_view_close(&view);
}

static void an_order_of_the_same_id_is_not_taken(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), id;

	id = order_say(x, "court", "judge-1", "SEAL", "subjects", subject);
	x->next_id = id;
	exchange_say(x, "operator", "admin-1", "TrailOrder", (struct tc_id){{0}},
		     "{\"kind\":\"ORDER_KIND_HOLD\",\"subjects\":[\"00000000-0000-7000-8000-"
		     "0000000000e1\"],\"cite\":\"c\",\"reference\":\"r\"}");
	assert_string_equal(exchange_answer(x), "id_conflict");
}

/* Senders may use one id for a referral and for the message that made it. */
static void an_id_that_is_named_as_two_things_is_sealed_as_both(void **state)
{
	struct exchange *x = *state;
	struct tc_id both = exchange_id(x), none = {{0}}, id = exchange_id(x), end;
	char json[TEXT_BYTES];

	snprintf(json, sizeof(json),
		 "{\"kind\":\"ORDER_KIND_SEAL\",\"cite\":\"c\",\"reference\":\"r\","
		 "\"subjects\":[\"%s\"],\"message_ids\":[\"%s\"]}",
		 order_id_text(both), order_id_text(both));
	x->next_id = id;
	exchange_say(x, "court", "judge-1", "TrailOrder", none, json);
	assert_string_equal(exchange_answer(x), "accepted");
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_hidden(x, both, none, "treatment"));
	assert_true(order_hidden(x, none, both, "treatment"));
	end = order_ending(x, "judge-1", "UNSEAL", id);
	order_approve(x, "court", "judge-2", end, true);
	assert_false(order_hidden(x, both, none, "treatment"));
	assert_false(order_hidden(x, none, both, "treatment"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_order_is_in_force_when_another_person_approves_it),
		TEST(only_courts_and_operators_order_and_only_as_named_persons),
		TEST(persons_of_an_order_are_plain_words),
		TEST(an_order_that_is_turned_down_hides_nothing),
		TEST(an_order_names_something),
		TEST(a_seal_is_lifted_by_two_persons_too),
		TEST(what_waits_about_a_sealed_person_is_recalled_without_a_word),
		TEST(what_is_sent_about_a_sealed_person_afterwards_is_taken),
		TEST(what_is_lent_out_about_a_sealed_message_is_called_back),
		TEST(clocks_and_reviews_of_what_is_expunged_end),
		TEST(an_order_that_is_executed_names_nobody_and_ends_what_came_since),
		TEST(an_order_of_the_same_id_is_not_taken),
		TEST(an_id_that_is_named_as_two_things_is_sealed_as_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
