/* What came with a rule is passed on only as the rule says (42 CFR 2.33, 2.35(d)). */
#include "unit/ledger/ledger_fixture.h"

#include <string.h>

#define COURT_ORDER THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_COURT_ORDER
#define MONITORING  THROUGHCARE__V1__PURPOSE__PURPOSE_SUPERVISION_MONITORING
#define TREATMENT   THROUGHCARE__V1__PURPOSE__PURPOSE_TREATMENT
#define RESEARCH    THROUGHCARE__V1__PURPOSE__PURPOSE_RESEARCH

/* A grant from one to the other, under that rule. */
static void permit(struct exchange *x, struct tc_id subject, const char *from, const char *to,
		   const char *purpose, const char *rule, const char *proceeding)
{
	struct consent consent = grant(x, subject);

	consent.from = from;
	consent.to = to;
	consent.purpose = purpose;
	consent.redisclosure = rule;
	consent.proceeding = proceeding;
	exchange_consent(x, &consent);
	assert_string_equal(exchange_answer(x), "accepted");
}

static struct message from_to(struct exchange *x, struct tc_id subject, const char *from,
			      const char *to, uint32_t purpose)
{
	struct message message = attendance(x, subject);

	message.from = from;
	message.to = to;
	message.purpose = purpose;
	return message;
}

/* The same part, sent on. */
static struct message onwards(struct exchange *x, const struct message *first, const char *from,
			      const char *to)
{
	struct message message = *first;

	message.id = exchange_id(x);
	message.passed = tc_id_is_none(first->passed) ? first->id : first->passed;
	message.from = from;
	message.to = to;
	return message;
}

static void expect(struct exchange *x, const struct message *message, const char *answer)
{
	exchange_send(x, message);
	assert_string_equal(exchange_answer(x), answer);
}

/* Treatment has told parole under this rule, and parole has it in hand. */
static struct message told(struct exchange *x, struct tc_id subject, const char *rule)
{
	struct message message = from_to(x, subject, "treatment", "parole", MONITORING);

	message.proceeding = "case-1";
	permit(x, subject, "treatment", "parole", "SUPERVISION_MONITORING", rule, "case-1");
	collector(x, "parole", 10);
	expect(x, &message, "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	return message;
}

static void what_may_not_be_passed_on_is_refused_whatever_permits_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = told(x, subject, "NONE"), on, own;

	permit(x, subject, "parole", "court", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	on = onwards(x, &first, "parole", "court");
	expect(x, &on, "redisclosure_forbidden");
	on.id = exchange_id(x);
	on.legal = OPERATIONAL;
	expect(x, &on, "redisclosure_forbidden");
	/* What parole says itself goes, and so does what treatment says to the court. */
	own = from_to(x, subject, "parole", "court", MONITORING);
	expect(x, &own, "accepted");
	permit(x, subject, "treatment", "court", "SUPERVISION_MONITORING", NULL, NULL);
	on = onwards(x, &first, "treatment", "court");
	expect(x, &on, "accepted");
}

static void an_order_of_the_court_lifts_the_rule(void **state)
{
	struct exchange *x = *state;
	struct message first = told(x, exchange_id(x), "NONE");
	struct message on = onwards(x, &first, "parole", "court");

	on.legal = COURT_ORDER;
	on.reference = "2026-CR-17";
	expect(x, &on, "accepted");
	/* And no further without one. */
	collector(x, "court", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	permit(x, first.subject, "court", "intake", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	on = onwards(x, &on, "court", "intake");
	on.legal = 0;
	expect(x, &on, "redisclosure_forbidden");
}

static void official_duty_goes_on_within_criminal_justice_and_the_case(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = told(x, subject, "OFFICIAL_DUTY_CASE"), on;

	permit(x, subject, "parole", "court", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	permit(x, subject, "parole", "court", "RESEARCH", "AS_STATED", NULL);
	permit(x, subject, "parole", "intake", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	on = onwards(x, &first, "parole", "court");
	expect(x, &on, "accepted");
	on = onwards(x, &first, "parole", "court");
	on.proceeding = "case-2";
	expect(x, &on, "redisclosure_forbidden");
	on.id = exchange_id(x);
	on.proceeding = NULL;
	expect(x, &on, "redisclosure_forbidden");
	on = onwards(x, &first, "parole", "court");
	on.purpose = RESEARCH;
	expect(x, &on, "redisclosure_forbidden");
	on = onwards(x, &first, "parole", "intake");
	expect(x, &on, "redisclosure_forbidden");
}

static void the_rule_goes_on_with_the_part(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = told(x, subject, "OFFICIAL_DUTY_CASE"), on;

	exchange_agency(x, "probation", "PROBATION");
	permit(x, subject, "parole", "court", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	permit(x, subject, "court", "intake", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	permit(x, subject, "court", "probation", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	collector(x, "court", 10);
	on = onwards(x, &first, "parole", "court");
	expect(x, &on, "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	on = onwards(x, &on, "court", "intake");
	expect(x, &on, "redisclosure_forbidden");
	on = onwards(x, &on, "court", "probation");
	expect(x, &on, "accepted");
}

static void hipaa_goes_on_to_those_who_treat_and_for_that(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = from_to(x, subject, "treatment", "clinic", TREATMENT), on;

	exchange_agency(x, "clinic", "TREATMENT");
	exchange_agency(x, "hospital", "TREATMENT");
	permit(x, subject, "treatment", "clinic", "TREATMENT", "HIPAA_TPO", NULL);
	permit(x, subject, "clinic", "hospital", "TREATMENT", "HIPAA_TPO", NULL);
	permit(x, subject, "clinic", "hospital", "RESEARCH", "AS_STATED", NULL);
	permit(x, subject, "clinic", "parole", "TREATMENT", "AS_STATED", NULL);
	collector(x, "clinic", 10);
	expect(x, &first, "accepted");
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	on = onwards(x, &first, "clinic", "hospital");
	expect(x, &on, "accepted");
	on.id = exchange_id(x);
	on.purpose = RESEARCH;
	expect(x, &on, "redisclosure_forbidden");
	on = onwards(x, &first, "clinic", "parole");
	expect(x, &on, "redisclosure_forbidden");
}

static void as_stated_goes_on_as_the_forwarders_own_consent_says(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = told(x, subject, "AS_STATED");
	struct message on = onwards(x, &first, "parole", "court");

	expect(x, &on, "accepted");
	assert_int_equal(exchange_facts(x, "held"), 1);
	permit(x, subject, "parole", "court", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	collector(x, "court", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
}

static void what_nobody_released_to_the_sender_is_not_its_to_pass_on(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = from_to(x, subject, "treatment", "parole", MONITORING), on;

	expect(x, &first, "accepted");
	assert_int_equal(exchange_facts(x, "held"), 1);
	permit(x, subject, "intake", "court", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	on = onwards(x, &first, "intake", "court");
	expect(x, &on, "redisclosure_forbidden");
}

static void its_first_sender_may_get_it_back(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = told(x, subject, "NONE"), on;

	permit(x, subject, "parole", "treatment", "SUPERVISION_MONITORING", "NONE", NULL);
	on = onwards(x, &first, "parole", "treatment");
	expect(x, &on, "accepted");
}

static void a_part_that_may_not_go_on_stays_behind_also_at_a_later_hand_over(void **state)
{
	struct exchange *x = *state;
	struct tc_id subject = exchange_id(x);
	struct message first = told(x, subject, "NONE"), on;
	Throughcare__V1__Receipt *receipt;

	permit(x, subject, "parole", "court", "SUPERVISION_MONITORING", "AS_STATED", NULL);
	on = onwards(x, &first, "parole", "court");
	on.second = ATTENDANCE;
	exchange_send(x, &on);
	receipt = exchange_receipt(x);
	assert_int_equal(receipt->dispositions[0]->parts_released, 1);
	assert_int_equal(receipt->dispositions[0]->parts_withheld, 1);
	assert_string_equal(receipt->dispositions[0]->code, "redisclosure_forbidden");
	throughcare__v1__receipt__free_unpacked(receipt, NULL);
	collector(x, "court", 10);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(exchange_effect(x, EFFECT_DELIVER, 0)->parts_mask, 1);
}

static void what_is_not_restricted_is_nobodys_to_follow(void **state)
{
	struct exchange *x = *state;
	struct message first = contact(x), on;

	collector(x, "treatment", 10);
	expect(x, &first, "accepted");
	on = onwards(x, &first, "treatment", "court");
	expect(x, &on, "accepted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_may_not_be_passed_on_is_refused_whatever_permits_it),
		TEST(an_order_of_the_court_lifts_the_rule),
		TEST(official_duty_goes_on_within_criminal_justice_and_the_case),
		TEST(the_rule_goes_on_with_the_part),
		TEST(hipaa_goes_on_to_those_who_treat_and_for_that),
		TEST(as_stated_goes_on_as_the_forwarders_own_consent_says),
		TEST(what_nobody_released_to_the_sender_is_not_its_to_pass_on),
		TEST(its_first_sender_may_get_it_back),
		TEST(a_part_that_may_not_go_on_stays_behind_also_at_a_later_hand_over),
		TEST(what_is_not_restricted_is_nobodys_to_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
