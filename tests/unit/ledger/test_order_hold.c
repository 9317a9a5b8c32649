/* Legal holds: what they keep from being expunged. */
#include "unit/ledger/order_fixture.h"

#include "ledger/order.h"

static void a_hold_stands_against_expunging(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), hold, expunge, id;

	hold = order_say(x, "operator", "admin-1", "HOLD", "subjects", subject);
	order_approve(x, "operator", "admin-2", hold, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_false(order_hidden(x, subject, (struct tc_id){{0}}, "treatment"));
	expunge = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", subject);
	assert_string_equal(exchange_answer(x), "accepted");
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "legal_hold");
	assert_false(order_forget_due(x->ledger));
	id = order_ending(x, "judge-1", "HOLD_END", hold);
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "accepted");
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_forget_due(x->ledger));
	/* At once a seal, and nobody is named in it. */
	assert_true(order_hidden(x, subject, (struct tc_id){{0}}, "court"));
}

/* Of a person whose message is to go, and of a message whose person or referral is. */
static void a_hold_stands_against_what_would_go_with_it(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	struct tc_id hold, expunge, id;

	exchange_send(x, &message);
	hold = order_say(x, "operator", "admin-1", "HOLD", "subjects", message.subject);
	order_approve(x, "operator", "admin-2", hold, true);
	expunge = order_say(x, "court", "judge-1", "EXPUNGE", "message_ids", message.id);
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "legal_hold");
	id = order_ending(x, "judge-1", "HOLD_END", hold);
	order_approve(x, "court", "judge-2", id, true);

	hold = order_say(x, "operator", "admin-1", "HOLD", "message_ids", message.id);
	order_approve(x, "operator", "admin-2", hold, true);
	id = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", message.subject);
	order_approve(x, "court", "judge-2", id, true);
	assert_string_equal(exchange_answer(x), "legal_hold");
	assert_false(order_forget_due(x->ledger));
	id = order_ending(x, "judge-1", "HOLD_END", hold);
	order_approve(x, "court", "judge-2", id, true);
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_forget_due(x->ledger));
}

static void a_later_hold_keeps_an_expungement_waiting(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x), hold, expunge;

	expunge = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", subject);
	order_approve(x, "court", "judge-2", expunge, true);
	assert_true(order_forget_due(x->ledger));
	hold = order_say(x, "court", "judge-1", "HOLD", "subjects", subject);
	order_approve(x, "court", "judge-2", hold, true);
	assert_false(order_forget_due(x->ledger));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_hold_stands_against_expunging),
		TEST(a_hold_stands_against_what_would_go_with_it),
		TEST(a_later_hold_keeps_an_expungement_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
