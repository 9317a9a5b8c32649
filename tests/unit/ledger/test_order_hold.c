/* Legal holds: what they keep from being expunged. */
#include "unit/ledger/order_fixture.h"

#include <stdio.h>

#include "ledger/order.h"

#define TEXT_BYTES 512

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

static struct tc_id merge(struct exchange *x, struct tc_id from, struct tc_id to)
{
	struct tc_id id = exchange_id(x);
	char json[TEXT_BYTES], to_text[TC_ID_TEXT_BYTES];

	tc_id_format(to, to_text);
	snprintf(json, sizeof(json),
		 "{\"from_ids\":[\"%s\"],\"to_id\":\"%s\",\"decided_by\":\"w-1\",\"confidence\":1}",
		 order_id_text(from), to_text);
	x->next_id = id;
	exchange_say(x, "intake", "w-1", "PersonMerge", to, json);
	assert_string_equal(exchange_answer(x), "accepted");
	return id;
}

static void unmerge(struct exchange *x, struct tc_id merged)
{
	char json[TEXT_BYTES];

	snprintf(json, sizeof(json), "{\"merge_message_id\":\"%s\",\"decided_by\":\"w-2\"}",
		 order_id_text(merged));
	exchange_say(x, "intake", "w-2", "PersonUnmerge", exchange_id(x), json);
	assert_string_equal(exchange_answer(x), "accepted");
}

/* Of one id of a person: for as long as another is tied to it, directly or over a third. */
static void a_hold_is_of_the_person_by_whatever_id(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	struct tc_id held = exchange_id(x), third = exchange_id(x), hold, person, letter, tie;

	exchange_send(x, &message);
	hold = order_say(x, "operator", "admin-1", "HOLD", "subjects", held);
	order_approve(x, "operator", "admin-2", hold, true);
	tie = merge(x, held, third);
	(void)merge(x, message.subject, third);
	person = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", message.subject);
	order_approve(x, "court", "judge-2", person, true);
	assert_string_equal(exchange_answer(x), "legal_hold");
	letter = order_say(x, "court", "judge-1", "EXPUNGE", "message_ids", message.id);
	order_approve(x, "court", "judge-2", letter, true);
	assert_string_equal(exchange_answer(x), "legal_hold");
	unmerge(x, tie);
	order_approve(x, "court", "judge-2", person, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_forget_due(x->ledger));
	/* One that is decided meanwhile keeps it waiting. */
	tie = merge(x, held, third);
	assert_false(order_forget_due(x->ledger));
	unmerge(x, tie);
	assert_true(order_forget_due(x->ledger));
}

/* It names both, also when it was undone. */
static void a_hold_keeps_what_says_that_two_ids_were_tied(void **state)
{
	struct exchange *x = *state;
	struct tc_id held = exchange_id(x), other = exchange_id(x), hold, expunge, id;

	unmerge(x, merge(x, held, other));
	expunge = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", other);
	hold = order_say(x, "operator", "admin-1", "HOLD", "subjects", held);
	order_approve(x, "operator", "admin-2", hold, true);
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "legal_hold");
	id = order_ending(x, "judge-1", "HOLD_END", hold);
	order_approve(x, "court", "judge-2", id, true);
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_true(order_forget_due(x->ledger));
}

/* Ids are their senders' own: a held person's referral with the id of somebody else. */
static void a_hold_of_one_kind_is_no_hold_of_another(void **state)
{
	struct exchange *x = *state;
	struct tc_id both = exchange_id(x), hold, expunge;

	hold = order_say(x, "operator", "admin-1", "HOLD", "referral_ids", both);
	order_approve(x, "operator", "admin-2", hold, true);
	assert_string_equal(exchange_answer(x), "accepted");
	expunge = order_say(x, "court", "judge-1", "EXPUNGE", "subjects", both);
	order_approve(x, "court", "judge-2", expunge, true);
	assert_string_equal(exchange_answer(x), "accepted");
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
		TEST(a_hold_is_of_the_person_by_whatever_id),
		TEST(a_hold_keeps_what_says_that_two_ids_were_tied),
		TEST(a_hold_of_one_kind_is_no_hold_of_another),
		TEST(a_later_hold_keeps_an_expungement_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
