/* An order comes to everything that waits, in slices, and nothing that it ends goes out meanwhile.
 */
#include "unit/ledger/order_fixture.h"

#include "ledger/order.h"

#define SLICE  2
#define PASSED 16 /* rows about others that one turn of a slice passes */
#define OTHERS (3 * SLICE * PASSED)
#define ABOUT  5

/* What waits for treatment: of many others, then of one; and who sealed or expunges that one. */
struct waiting {
	struct tc_id subject, order;
};

static void send_about(struct exchange *x, struct tc_id subject)
{
	struct message message = contact(x);

	message.subject = subject;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static struct waiting ordered(struct exchange *x, const char *kind)
{
	struct waiting waiting = {.subject = exchange_id(x)};

	exchange_slices(x, SLICE);
	for (int i = 0; i < OTHERS; i++)
		send_about(x, exchange_id(x));
	for (int i = 0; i < ABOUT; i++)
		send_about(x, waiting.subject);
	waiting.order = order_say(x, "court", "judge-1", kind, "subjects", waiting.subject);
	order_approve(x, "court", "judge-2", waiting.order, true);
	return waiting;
}

static bool idle(const struct exchange *x)
{
	return ledger_due_ms(x->ledger) > x->now_ms;
}

static void step(struct exchange *x)
{
	assert_false(idle(x));
	exchange_tick(x, x->now_ms);
}

static void an_order_ends_what_waits_in_slices_and_is_acknowledged_then(void **state)
{
	struct exchange *x = *state;
	size_t recalled = 0, steps = 0;

	(void)ordered(x, "SEAL");
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 0);
	while (!idle(x)) {
		step(x);
		assert_in_range(exchange_facts(x, "recall"), 0, SLICE);
		recalled += exchange_facts(x, "recall");
		assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), idle(x));
		steps++;
	}
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(recalled, ABOUT);
	assert_in_range(steps, 3, 8);
}

static void nothing_is_handed_over_before_all_is_ended_and_the_rest_then(void **state)
{
	struct exchange *x = *state;
	struct waiting waiting = ordered(x, "SEAL");
	size_t handed_over = 0;

	collector(x, "treatment", 4 * OTHERS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	send_about(x, exchange_id(x));
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	send_about(x, waiting.subject); /* sent afterwards: taken as before */
	while (!idle(x)) {
		step(x);
		handed_over += exchange_effects(x, EFFECT_DELIVER);
	}
	assert_int_equal(handed_over, OTHERS + 2);
}

static void other_jobs_have_their_turn_after_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct consent consent = grant(x, subject);
	size_t recalled = 0;

	exchange_consent(x, &consent);
	for (int i = 0; i < ABOUT; i++) {
		struct message message = attendance(x, subject);

		exchange_send(x, &message);
	}
	(void)ordered(x, "SEAL");
	exchange_revoke(x, &consent);
	assert_int_equal(exchange_facts(x, "recall"), SLICE);
	recalled = SLICE;
	exchange_clear(x);
	exchange_settle_down(x);
	recalled += exchange_facts(x, "recall");
	assert_int_equal(recalled, ABOUT + ABOUT);
	assert_int_equal(exchange_effects(x, EFFECT_RECEIPT), 2);
}

static void a_restart_in_between_goes_on(void **state)
{
	struct exchange *x = *state;

	(void)ordered(x, "SEAL");
	step(x);
	exchange_crash(x);
	exchange_barrier(x);
	collector(x, "treatment", 4 * OTHERS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "recall"), ABOUT);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), OTHERS);
}

static void one_that_is_lifted_in_between_ends_nothing_more(void **state)
{
	struct exchange *x = *state;
	struct waiting waiting = ordered(x, "SEAL");
	struct tc_id end = order_ending(x, "judge-1", "UNSEAL", waiting.order);

	order_approve(x, "court", "judge-2", end, true);
	collector(x, "treatment", 4 * OTHERS);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "recall"), 0);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), OTHERS + ABOUT);
}

static void two_orders_come_one_after_the_other(void **state)
{
	struct exchange *x = *state;
	struct waiting waiting = ordered(x, "SEAL");
	struct message other = contact(x);
	struct tc_id second;

	exchange_send(x, &other);
	second = order_say(x, "court", "judge-1", "EXPUNGE", "message_ids", other.id);
	order_approve(x, "court", "judge-2", second, true);
	assert_true(order_forget_due(x->ledger));
	collector(x, "treatment", 4 * OTHERS);
	exchange_clear(x);
	exchange_settle_down(x);
	assert_int_equal(exchange_facts(x, "recall"), ABOUT + 1);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), OTHERS);
	assert_true(order_hidden(x, waiting.subject, (struct tc_id){{0}}, "treatment"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_order_ends_what_waits_in_slices_and_is_acknowledged_then),
		TEST(nothing_is_handed_over_before_all_is_ended_and_the_rest_then),
		TEST(other_jobs_have_their_turn_after_it),
		TEST(a_restart_in_between_goes_on),
		TEST(one_that_is_lifted_in_between_ends_nothing_more),
		TEST(two_orders_come_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
