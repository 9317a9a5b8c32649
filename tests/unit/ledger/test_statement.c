#include "unit/ledger/case_fixture.h"

#include "base/id.h"
#include "ledger/state.h"

/* A statement of `from` to `to`, about this id and person. */
static void state_about(struct exchange *x, const char *from, const char *to, struct tc_id about,
			struct tc_id subject)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);
	char text[TC_ID_TEXT_BYTES];

	tc_id_format(about, text);
	claim.about_id = text;
	message.from = from;
	message.to = to;
	message.type = "Statement";
	message.subject = subject;
	message.evidence = THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_ALL;
	message.claim = &claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void a_statement_goes_to_whoever_was_handed_what_it_is_about(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.also = "court";
	collector(x, "treatment", 10);
	collector(x, "court", 10);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	state_about(x, "treatment", "parole", message.id, message.subject);
	/* to parole, to which it is addressed, and to the court; not to its own sender */
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	/* and of the court's having it nobody hears */
	assert_int_equal(exchange_evidence(x, EVIDENCE(DELIVERED)), 1);
}

static void a_statement_goes_along_with_what_is_handed_over_later(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);

	message.also = "court";
	collector(x, "treatment", 10);
	exchange_send(x, &message);
	state_about(x, "treatment", "parole", message.id, message.subject);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	collector(x, "court", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	exchange_tick(x, x->now_ms + 1);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
}

static void a_statement_about_a_referral_goes_along_with_it(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);

	referral.referral = exchange_id(x);
	exchange_send(x, &referral);
	state_about(x, "parole", "court", referral.referral, referral.subject);
	collector(x, "treatment", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
}

/* Of treatment to parole, about what parole and the court were told: it needs a consent. */
static struct message protected_statement(struct exchange *x)
{
	static Throughcare__V1__LifecycleClaim claim;
	static char text[TC_ID_TEXT_BYTES];
	struct message message = contact(x), statement;

	message.also = "court";
	collector(x, "treatment", 10);
	exchange_send(x, &message);
	tc_id_format(message.id, text);
	throughcare__v1__lifecycle_claim__init(&claim);
	claim.about_id = text;
	statement = attendance(x, message.subject);
	statement.type = "Statement";
	statement.claim = &claim;
	return statement;
}

static uint64_t held_of(struct exchange *x, const char *name)
{
	return principal_find(x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
			      tc_slice_text(name))
		->box.held;
}

static void a_statement_needs_a_decision_of_its_own(void **state)
{
	struct exchange *x = *state;
	struct message statement = protected_statement(x);
	struct consent given = grant(x, statement.subject);

	collector(x, "court", 10);
	exchange_send(x, &statement);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(exchange_facts(x, "held"),
			 2); /* for parole, as addressed; and the court */
	/* whoever took it knows of what it addressed alone */
	assert_int_equal(exchange_evidence(x, 0), 1);
	assert_int_equal(held_of(x, "treatment"), 1);
	given.to = "court";
	exchange_consent(x, &given);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_evidence(x, 0), 0);
	assert_int_equal(held_of(x, "treatment"), 1);
}

static void a_statement_that_waited_in_vain_expires_without_a_word(void **state)
{
	struct exchange *x = *state;
	struct message statement = protected_statement(x);

	collector(x, "court", 10);
	exchange_send(x, &statement);
	exchange_tick(x, x->now_ms + YEAR_MS);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	/* Both of it, and both of the message, which nobody acknowledged; one of these ends
	 * without a word to anybody. */
	assert_int_equal(exchange_facts(x, "expired"), 4);
	assert_int_equal(exchange_evidence(x, EVIDENCE(EXPIRED)), 1); /* parole is not there */
}

static void another_message_of_the_same_id_takes_nothing_along(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x), other = contact(x);

	collector(x, "treatment", 10);
	collector(x, "parole", 10);
	exchange_send(x, &message);
	state_about(x, "treatment", "parole", message.id, message.subject);
	other.id = message.id;
	other.from = "intake";
	other.to = "court";
	collector(x, "court", 10);
	exchange_send(x, &other);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_statement_goes_to_whoever_was_handed_what_it_is_about),
		TEST(a_statement_goes_along_with_what_is_handed_over_later),
		TEST(a_statement_about_a_referral_goes_along_with_it),
		TEST(a_statement_needs_a_decision_of_its_own),
		TEST(a_statement_that_waited_in_vain_expires_without_a_word),
		TEST(another_message_of_the_same_id_takes_nothing_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
