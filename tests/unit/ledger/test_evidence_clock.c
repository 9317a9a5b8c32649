#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#define HOUR_MS (3600LL * 1000)
#define URGENT  THROUGHCARE__V1__PRIORITY__PRIORITY_URGENT

static void what_nobody_fetches_is_told_to_its_sender_once(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	collector(x, "parole", 20);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 24 * HOUR_MS - 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 0);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 1);
	assert_int_equal(exchange_facts(x, "not_delivered"), 1);
	exchange_tick(x, x->now_ms + 96 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, 0), 0);
}

static void what_is_urgent_is_told_sooner(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.priority = URGENT;
	collector(x, "parole", 20);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 4 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 1);
}

static void what_was_fetched_in_time_is_told_as_nothing(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t treatment;

	collector(x, "parole", 20);
	exchange_send(x, &message);
	treatment = collector(x, "treatment", 1);
	assert_settled(x, treatment, delivered(x), ACK, DONE);
	exchange_tick(x, x->now_ms + 96 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, 0), 0);
}

static void what_comes_back_unacknowledged_is_told_once(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	uint64_t treatment;

	collector(x, "parole", 20);
	treatment = collector(x, "treatment", 1);
	exchange_send(x, &message);
	exchange_settle(x, treatment, delivered(x), NAK, 60000);
	exchange_logoff(x, treatment, "goodbye");
	exchange_tick(x, x->now_ms + 24 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_RETRIEVED)), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 0);
	exchange_tick(x, x->now_ms + 96 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, 0), 0);
}

static void what_is_held_has_its_own_evidence_and_starts_anew_when_released(void **state)
{
	struct exchange *x = *state;
	struct tc_id person = exchange_id(x);
	struct message message = attendance(x, person);
	struct consent consent = grant(x, person);

	collector(x, "treatment", 20);
	exchange_send(x, &message);
	assert_int_equal(exchange_evidence(x, EVIDENCE(HELD)), 1);
	exchange_tick(x, x->now_ms + 48 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 0);
	exchange_consent(x, &consent);
	exchange_tick(x, x->now_ms + 24 * HOUR_MS - 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 0);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 1);
}

static void an_alert_that_nobody_fetches_is_told_when_it_had_to_be_acknowledged(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.type = "SafetyAlert";
	message.priority = URGENT;
	collector(x, "parole", 20);
	exchange_send(x, &message);
	exchange_tick(x, x->now_ms + 2 * HOUR_MS);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_DELIVERED)), 1);
	collector(x, "treatment", 20); /* late, but it is asked to acknowledge it */
	assert_int_equal(exchange_facts(x, "task"), 1);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(NOT_ACKNOWLEDGED)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_fetches_is_told_to_its_sender_once),
		TEST(what_is_urgent_is_told_sooner),
		TEST(what_was_fetched_in_time_is_told_as_nothing),
		TEST(what_comes_back_unacknowledged_is_told_once),
		TEST(what_is_held_has_its_own_evidence_and_starts_anew_when_released),
		TEST(an_alert_that_nobody_fetches_is_told_when_it_had_to_be_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
