#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#define DAY_MS (24LL * 3600 * 1000)

/* As the exchange's own policy has it: a drug test is held for 30 days, attendance without end. */
static struct message drug_test(struct exchange *x)
{
	struct message message = attendance(x, exchange_id(x));

	message.type = "DrugTestResult";
	message.category = DRUG_TEST;
	return message;
}

static void what_waits_for_a_consent_too_long_expires_with_evidence(void **state)
{
	struct exchange *x = *state;
	struct message message = drug_test(x);

	collector(x, "treatment", 10);
	message.expires_ms = x->now_ms + 60 * DAY_MS;
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 30 * DAY_MS - 1);
	assert_int_equal(exchange_facts(x, "expired"), 0);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_facts(x, "expired"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(EXPIRED)), 1);
	assert_true(ledger_due_ms(x->ledger) > x->now_ms);
}

static void a_message_that_expires_earlier_does(void **state)
{
	struct exchange *x = *state;
	struct message message = drug_test(x);

	message.expires_ms = x->now_ms + 10 * DAY_MS;
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 10 * DAY_MS);
	assert_int_equal(exchange_facts(x, "expired"), 1);
}

static void a_category_without_a_clock_waits_as_long_as_it_is_valid(void **state)
{
	struct exchange *x = *state;
	struct message message = attendance(x, exchange_id(x));

	message.expires_ms = x->now_ms + 80 * DAY_MS;
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 79 * DAY_MS);
	assert_int_equal(exchange_facts(x, "expired"), 0);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_facts(x, "expired"), 1);
}

static void the_shortest_clock_of_its_parts_counts(void **state)
{
	struct exchange *x = *state;
	struct message message = attendance(x, exchange_id(x));

	message.second = DRUG_TEST;
	message.expires_ms = x->now_ms + 60 * DAY_MS;
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 30 * DAY_MS);
	assert_int_equal(exchange_facts(x, "expired"), 1);
}

static void what_was_released_is_not_expired_by_the_clock_of_its_hold(void **state)
{
	struct exchange *x = *state;
	struct message message = drug_test(x);
	struct consent consent = grant(x, message.subject);

	consent.category = "DRUG_TEST";
	message.expires_ms = x->now_ms + 60 * DAY_MS;
	exchange_send(x, &message);
	exchange_consent(x, &consent);
	assert_int_equal(exchange_facts(x, "unheld"), 1);
	exchange_tick(x, x->now_ms + 31 * DAY_MS);
	assert_int_equal(exchange_facts(x, "expired"), 0);
	collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

/* ---- the registry ---- */

static void another_kind_of_agency_is_decided_anew(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.type = "DrugTestResult";
	message.category = DRUG_TEST;
	message.legal = THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_MEDICAL_EMERGENCY;
	exchange_slices(x, 2);
	for (int i = 0; i < 3; i++) {
		message.id = exchange_id(x);
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	exchange_agency(x, "treatment", "TREATMENT"); /* as before */
	assert_int_equal(exchange_facts(x, "recall"), 0);
	exchange_agency(x, "court", "PAROLE"); /* none of them is the court's */
	assert_int_equal(exchange_facts(x, "recall"), 0);
	exchange_agency(x, "treatment", "HOUSING"); /* it treats nobody any more */
	assert_int_equal(exchange_facts(x, "recall"), 2);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void what_is_queued_for_a_suspended_agency_waits_for_its_return(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	exchange_send(x, &message);
	collector(x, "treatment", 0);
	exchange_suspend(x, "treatment", "TREATMENT");
	assert_int_equal(exchange_effects(x, EFFECT_CLOSE), 1);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	exchange_agency(x, "treatment", "TREATMENT");
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void a_suspended_agency_is_handed_nothing_by_its_other_connection_either(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	collector(x, "treatment", 1);
	collector(x, "parole", 1);
	message.evidence = THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_ALL;
	exchange_send(x, &message); /* its evidence is lent to the first one */
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER_OWN), 1);
	collector(x, "parole", 1);
	exchange_suspend(x, "parole", "PAROLE");
	assert_int_equal(exchange_effects(x, EFFECT_CLOSE), 2);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER_OWN), 0);
}

static void what_a_suspended_agency_has_sent_waits_until_it_is_active_again(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	const struct effect *first, *second;

	exchange_send(x, &message);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	exchange_suspend(x, "parole", "PAROLE");
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "held"), 2);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_agency(x, "parole", "PAROLE");
	assert_int_equal(exchange_facts(x, "unheld"), 2);
	first = exchange_effect(x, EFFECT_DELIVER, 0);
	second = exchange_effect(x, EFFECT_DELIVER, 1);
	assert_true(first && second && first->sequence < second->sequence);
}

static void what_a_suspended_agency_has_sent_is_called_back_where_it_was_not_read(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t connection = collector(x, "treatment", 10), delivery;

	exchange_send(x, &message);
	delivery = delivered(x);
	exchange_suspend(x, "parole", "PAROLE");
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 1);
	exchange_settle(x, connection, delivery, NAK, 0); /* it comes back, and waits */
	assert_int_equal(exchange_facts(x, "held"), 1);
	exchange_agency(x, "parole", "PAROLE");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_for_a_consent_too_long_expires_with_evidence),
		TEST(a_message_that_expires_earlier_does),
		TEST(a_category_without_a_clock_waits_as_long_as_it_is_valid),
		TEST(the_shortest_clock_of_its_parts_counts),
		TEST(what_was_released_is_not_expired_by_the_clock_of_its_hold),
		TEST(another_kind_of_agency_is_decided_anew),
		TEST(what_is_queued_for_a_suspended_agency_waits_for_its_return),
		TEST(a_suspended_agency_is_handed_nothing_by_its_other_connection_either),
		TEST(what_a_suspended_agency_has_sent_waits_until_it_is_active_again),
		TEST(what_a_suspended_agency_has_sent_is_called_back_where_it_was_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
