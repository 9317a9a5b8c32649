#include "unit/ledger/case_fixture.h"

#include "base/id.h"

/* A statement of `from`, about this id. */
static const char *state_about(struct exchange *x, const char *from, const char *to,
			       struct tc_id about)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);
	char text[TC_ID_TEXT_BYTES];

	tc_id_format(about, text);
	claim.about_id = text;
	message.from = from;
	message.to = to;
	message.type = "Statement";
	message.claim = &claim;
	exchange_send(x, &message);
	return exchange_answer(x);
}

static void a_statement_is_about_what_its_sender_sent_or_was_handed(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x), denied = contact(x);
	uint64_t treatment, first;

	message.also = "court";
	exchange_send(x, &message);
	exchange_send(x, &denied);
	assert_string_equal(state_about(x, "parole", "treatment", message.id), "accepted");
	assert_string_equal(state_about(x, "treatment", "parole", message.id), "unknown_citation");
	treatment = collector(x, "treatment", 1);
	first = delivered(x);
	assert_string_equal(state_about(x, "treatment", "parole", message.id), "accepted");
	assert_string_equal(state_about(x, "court", "parole", message.id), "unknown_citation");
	assert_settled(x, treatment, first, ACK, DONE);
	assert_string_equal(state_about(x, "treatment", "parole", message.id), "accepted");
	assert_string_equal(state_about(x, "court", "parole", denied.id), "unknown_citation");
	collector(x, "court", 10);
	assert_string_equal(state_about(x, "court", "parole", message.id), "accepted");
	assert_string_equal(state_about(x, "court", "parole", exchange_id(x)), "unknown_citation");
}

static void an_id_that_others_have_used_as_well_is_still_found(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x), other = contact(x);

	other.from = "court";
	other.to = "parole";
	other.id = message.id;
	exchange_send(x, &other);
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_string_equal(state_about(x, "treatment", "parole", message.id), "unknown_citation");
	collector(x, "treatment", 10);
	assert_string_equal(state_about(x, "treatment", "parole", message.id), "accepted");
}

static void a_statement_is_about_a_referral_by_those_who_know_of_it(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);

	referral.referral = exchange_id(x);
	exchange_send(x, &referral);
	assert_string_equal(state_about(x, "parole", "treatment", referral.referral), "accepted");
	assert_string_equal(state_about(x, "treatment", "parole", referral.referral),
			    "unknown_citation");
	collector(x, "treatment", 10);
	assert_string_equal(state_about(x, "treatment", "parole", referral.referral), "accepted");
	assert_string_equal(state_about(x, "court", "parole", referral.referral),
			    "unknown_citation");
	assert_string_equal(state_about(x, "intake", "parole", referral.referral), "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_statement_is_about_what_its_sender_sent_or_was_handed),
		TEST(an_id_that_others_have_used_as_well_is_still_found),
		TEST(a_statement_is_about_a_referral_by_those_who_know_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
