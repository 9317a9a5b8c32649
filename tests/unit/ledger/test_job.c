#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#define SLICE 2

/* A subject with a grant, and messages under it that nobody collects. */
struct queue {
	struct tc_id subject;
	struct consent consent;
	uint64_t first; /* sequence of the first message */
	const char *proceeding;
};

static void queue_fill(struct exchange *x, const struct queue *queue, int count)
{
	for (int i = 0; i < count; i++) {
		struct message message = attendance(x, queue->subject);

		message.proceeding = queue->proceeding;
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
}

static struct queue queue_make(struct exchange *x, int count)
{
	struct queue queue = {.subject = exchange_id(x)};

	queue.consent = grant(x, queue.subject);
	exchange_consent(x, &queue.consent);
	queue.first = x->count;
	queue_fill(x, &queue, count);
	return queue;
}

static void step(struct exchange *x)
{
	assert_true(ledger_due_ms(x->ledger) <= x->now_ms);
	exchange_tick(x, x->now_ms);
}

static bool idle(const struct exchange *x)
{
	return ledger_due_ms(x->ledger) > x->now_ms;
}

static void a_revocation_is_acknowledged_when_all_is_recalled(void **state)
{
	struct exchange *x = *state;
	struct queue queue;

	exchange_slices(x, SLICE);
	queue = queue_make(x, 7);
	exchange_revoke(x, &queue.consent);
	assert_int_equal(exchange_facts(x, "recall"), 2);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	for (int i = 0; i < 2; i++) {
		step(x);
		assert_int_equal(exchange_facts(x, "recall"), 2);
		assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	}
	step(x);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(idle(x));
}

static void a_grant_that_stays_for_now_hides_no_recall_under_the_next_one(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent later = grant(x, subject), now = grant(x, subject);

	now.category = "DRUG_TEST";
	now.revocable_from_ms = x->now_ms + 1000;
	later.revocable_from_ms = x->now_ms + YEAR_MS / 2;
	later.with = &now;
	exchange_consent(x, &later);
	assert_string_equal(exchange_answer(x), "accepted");
	message.category = DRUG_TEST;
	message.proceeding = "case-1";
	exchange_send(x, &message);
	x->now_ms += 2000;
	exchange_revoke(x, &later);
	assert_int_equal(exchange_facts(x, "grant_pending"), 1);
	assert_int_equal(exchange_facts(x, "grant_ended"), 1);
	assert_int_equal(exchange_facts(x, "recall"), 1);
}

static void hear_finally(struct exchange *x, struct tc_id subject)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = {
		.from = "court",
		.to = "treatment",
		.type = "HearingResult",
		.category = CONTACT,
		.id = exchange_id(x),
		.subject = subject,
		.legal = OPERATIONAL,
		.evidence = QUIET,
		.claim = &claim,
	};

	claim.has_disposition_final = claim.disposition_final = 1;
	claim.about_id = (char *)(uintptr_t) "case-1";
	exchange_send(x, &message);
}

/* However many consents wait for it: whoever tells of it is answered at once, and none of them lets
 * anything go any more, also before its turn has come. */
static void an_event_reaches_its_grants_in_slices_and_counts_at_once(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	size_t ended, recalled;
	struct message message;
	uint64_t parole;

	exchange_slices(x, SLICE);
	for (int i = 0; i < 9; i++) {
		struct consent consent = grant(x, subject);

		consent.revocable_from_ms = x->now_ms + YEAR_MS / 2;
		exchange_consent(x, &consent);
		message = attendance(x, subject);
		message.proceeding = "case-1";
		exchange_send(x, &message);
		exchange_revoke(x, &consent);
		assert_int_equal(exchange_facts(x, "grant_pending"), 1);
	}
	hear_finally(x, subject);
	assert_string_equal(exchange_answer(x), "accepted");
	ended = exchange_facts(x, "grant_ended");
	recalled = exchange_facts(x, "recall");
	assert_in_range(ended, 1, SLICE);
	assert_in_range(recalled, 0, SLICE);
	parole = collector(x, "parole", 100);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_true(parole != 0);
	recalled += exchange_facts(x, "recall");
	assert_int_equal(exchange_facts(x, "held"), 0);
	message = attendance(x, subject);
	message.proceeding = "case-1";
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(exchange_facts(x, "held"), 1);
	while (!idle(x)) {
		step(x);
		assert_in_range(exchange_facts(x, "grant_ended"), 0, SLICE);
		assert_in_range(exchange_facts(x, "recall"), 0, 2 * SLICE);
		ended += exchange_facts(x, "grant_ended");
		recalled += exchange_facts(x, "recall");
	}
	assert_int_equal(ended, 9);
	assert_int_equal(recalled, 9);
}

static void a_small_recall_needs_no_tick(void **state)
{
	struct exchange *x = *state;
	struct queue queue;

	exchange_slices(x, SLICE);
	queue = queue_make(x, SLICE);
	exchange_revoke(x, &queue.consent);
	assert_int_equal(exchange_facts(x, "recall"), SLICE);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(idle(x));
}

static void the_limit_of_a_tick_makes_the_slice_smaller(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__TickRecord tick = THROUGHCARE__V1__TICK_RECORD__INIT;
	struct queue queue;

	exchange_slices(x, SLICE);
	queue = queue_make(x, 7);
	exchange_revoke(x, &queue.consent);
	tick.has_limit = 1;
	tick.limit = 1;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_TICK;
	record.tick = &tick;
	exchange_append(x, &record, 0);
	assert_int_equal(exchange_facts(x, "recall"), 1);
}

static void nothing_goes_while_the_recall_is_under_way(void **state)
{
	struct exchange *x = *state;
	struct queue queue;

	exchange_slices(x, SLICE);
	queue = queue_make(x, 7);
	exchange_revoke(x, &queue.consent);
	x->keep = true;
	collector(x, "parole", 10);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(exchange_facts(x, "held"), 0); /* whoever came to it first */
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 1);
}

static void a_message_between_two_slices_is_handed_over_at_once(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	struct queue queue;

	exchange_slices(x, SLICE);
	collector(x, "treatment", 10);
	queue = queue_make(x, 7);
	exchange_revoke(x, &queue.consent);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void the_same_revocation_again_waits_for_the_same_end(void **state)
{
	struct exchange *x = *state;
	struct tc_id id = exchange_id(x);
	struct queue queue;
	Throughcare__V1__Receipt *receipt;

	exchange_slices(x, SLICE);
	queue = queue_make(x, 5);
	x->next_id = id;
	exchange_revoke(x, &queue.consent);
	x->next_id = id;
	exchange_revoke(x, &queue.consent);
	assert_int_equal(exchange_facts(x, "submission"), 1);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	step(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	step(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 2);
	receipt = exchange_receipt(x);
	assert_false(receipt->repeated_submission);
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	x->next_id = id;
	exchange_revoke(x, &queue.consent);
	assert_string_equal(exchange_answer(x), "accepted"); /* it is over */
}

static void another_revocation_of_the_same_does_not_overtake_the_first_ones_recall(void **state)
{
	struct exchange *x = *state;
	struct queue queue;

	exchange_slices(x, SLICE);
	queue = queue_make(x, 9);
	exchange_revoke(x, &queue.consent);
	exchange_revoke(x, &queue.consent); /* under an id of its own: it changes nothing */
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 2);
	assert_int_equal(exchange_facts(x, "recall"), 9 - 2 * SLICE);
	exchange_revoke(x, &queue.consent);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_revocation_of_all_does_not_overtake_the_recall_of_one_of_its_grants(void **state)
{
	struct exchange *x = *state;
	struct queue queue = {.subject = exchange_id(x)};
	struct consent later = grant(x, queue.subject);

	exchange_slices(x, SLICE);
	queue.consent = grant(x, queue.subject);
	queue.consent.revocable_from_ms = x->now_ms + 1000;
	queue.proceeding = "case-1";
	queue.consent.with = &later;
	later.category = "DRUG_TEST";
	later.revocable_from_ms = x->now_ms + YEAR_MS / 2;
	exchange_consent(x, &queue.consent);
	assert_string_equal(exchange_answer(x), "accepted");
	queue_fill(x, &queue, 9);
	x->now_ms += 2000;
	queue.consent.alone = true;
	exchange_revoke(x, &queue.consent);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	queue.consent.alone = false;
	exchange_revoke(x, &queue.consent); /* the other one is not revocable yet */
	assert_int_equal(exchange_facts(x, "grant_pending"), 1);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 2);
}

static void a_restart_goes_on_and_whoever_asks_again_is_answered_at_the_end(void **state)
{
	struct exchange *x = *state;
	struct tc_id id = exchange_id(x);
	struct queue queue;

	exchange_slices(x, SLICE);
	queue = queue_make(x, 7);
	x->next_id = id;
	exchange_revoke(x, &queue.consent);
	exchange_crash(x);
	exchange_barrier(x);
	step(x);
	assert_int_equal(exchange_facts(x, "recall"), 2);
	x->next_id = id;
	exchange_revoke(x, &queue.consent);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	step(x);
	step(x);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 1);
}

static void a_short_recall_does_not_wait_for_a_long_one(void **state)
{
	struct exchange *x = *state;
	struct queue longer, shorter;

	exchange_slices(x, SLICE);
	longer = queue_make(x, 9);
	shorter = queue_make(x, 3);
	exchange_revoke(x, &longer.consent);
	exchange_revoke(x, &shorter.consent);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	step(x);
	step(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 1);
	assert_false(idle(x));
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 1);
}

/* Its recipient may not have read it yet. */
static void what_is_lent_out_is_withdrawn_before_the_receipt(void **state)
{
	struct exchange *x = *state;
	struct queue queue, other;

	collector(x, "parole", 10);
	queue = queue_make(x, 2);
	other = queue_make(x, 1);
	exchange_revoke(x, &queue.consent);
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 2);
	assert_int_equal(x->effects.last->kind, EFFECT_RECEIPT);
	assert_string_equal(exchange_answer(x), "accepted");
	other.consent.version = 2; /* says the same: it stays */
	exchange_consent(x, &other.consent);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_WITHDRAW), 0);
}

static void what_was_in_flight_is_recalled_when_it_comes_back(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);
	uint64_t connection = collector(x, "parole", 10), first, second;

	exchange_consent(x, &consent);
	exchange_send(x, &message);
	first = delivered(x);
	message.id = exchange_id(x);
	exchange_send(x, &message);
	second = delivered(x);
	exchange_revoke(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_settled(x, connection, first, NAK, DONE);
	assert_int_equal(exchange_facts(x, "recall"), 1);
	exchange_logoff(x, connection, "closed");
	assert_int_equal(exchange_facts(x, "recall"), 1);
	connection = collector(x, "parole", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_settled(x, connection, second, ACK, STALE);
}

/* This message was handed over; the next one is when it is acknowledged, and then nothing. */
static void assert_next(struct exchange *x, uint64_t connection, uint64_t sequence)
{
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, sequence);
	assert_settled(x, connection, delivered(x), ACK, DONE);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, sequence + 1);
	assert_settled(x, connection, delivered(x), ACK, DONE);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void a_consent_releases_in_order_and_nothing_overtakes(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), referral = exchange_id(x);
	struct message message = attendance(x, subject), opening = contact(x);
	struct consent consent = grant(x, subject);
	uint64_t connection, first, late;

	exchange_slices(x, SLICE);
	connection = collector(x, "parole", 10);
	collector(x, "treatment", 10);
	opening.type = "Referral";
	opening.subject = subject;
	opening.referral = referral;
	exchange_send(x, &opening);
	message.referral = referral;
	message.type = "ProgressReport";
	first = x->count;
	for (int i = 0; i < 5; i++) {
		message.id = exchange_id(x);
		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
	}
	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted"); /* it only permits more */
	assert_next(x, connection, first);
	message.id = exchange_id(x);
	late = exchange_send(x, &message); /* before the job is through */
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	step(x);
	assert_next(x, connection, first + 2);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	step(x);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, first + 4);
	assert_settled(x, connection, delivered(x), ACK, DONE);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->sequence, late);
}

static void what_turns_out_not_to_go_does_not_make_one_long_step(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = grant(x, subject);
	struct queue queue = {.subject = subject};

	exchange_slices(x, SLICE);
	consent.expires_ms = x->now_ms + 60000;
	exchange_consent(x, &consent);
	queue_fill(x, &queue, 7);
	x->now_ms += 60001;
	collector(x, "parole", 1);
	assert_int_equal(exchange_facts(x, "held"), SLICE);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "held"), 7 - SLICE);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void notices_to_prior_recipients_are_sliced_too(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message message = attendance(x, subject);
	struct consent consent = grant(x, subject);

	exchange_slices(x, 1);
	collector(x, "parole", 10);
	collector(x, "court", 10);
	consent.also = "court";
	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
	message.also = "court";
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER_OWN), 1);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER_OWN), 1);
	assert_string_equal(exchange_answer(x), "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_revocation_is_acknowledged_when_all_is_recalled),
		TEST(a_grant_that_stays_for_now_hides_no_recall_under_the_next_one),
		TEST(an_event_reaches_its_grants_in_slices_and_counts_at_once),
		TEST(a_small_recall_needs_no_tick),
		TEST(the_limit_of_a_tick_makes_the_slice_smaller),
		TEST(nothing_goes_while_the_recall_is_under_way),
		TEST(a_message_between_two_slices_is_handed_over_at_once),
		TEST(the_same_revocation_again_waits_for_the_same_end),
		TEST(another_revocation_of_the_same_does_not_overtake_the_first_ones_recall),
		TEST(a_revocation_of_all_does_not_overtake_the_recall_of_one_of_its_grants),
		TEST(a_restart_goes_on_and_whoever_asks_again_is_answered_at_the_end),
		TEST(a_short_recall_does_not_wait_for_a_long_one),
		TEST(what_is_lent_out_is_withdrawn_before_the_receipt),
		TEST(what_was_in_flight_is_recalled_when_it_comes_back),
		TEST(a_consent_releases_in_order_and_nothing_overtakes),
		TEST(what_turns_out_not_to_go_does_not_make_one_long_step),
		TEST(notices_to_prior_recipients_are_sliced_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
