/* Plans on their way through the ledger: who is no party to a referral has none there. */
#include "unit/ledger/case_fixture.h"

#include "ledger/state.h"
#include "referral/plan.h"

static struct plan latest(struct exchange *x, struct tc_id referral)
{
	struct plan plan;

	assert_int_equal(plan_next(x->ledger->txn, &x->ledger->referral, referral, NULL, &plan), 0);
	return plan;
}

static const char *say(struct exchange *x, struct message message)
{
	message.id = exchange_id(x);
	exchange_send(x, &message);
	return exchange_answer(x);
}

static void a_plan_without_a_referral_is_a_message_like_others(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);
	struct plan plan;

	claim.plan_id = (char *)(uintptr_t) "plan-1";
	message.type = "PlanProposed";
	message.claim = &claim;
	assert_string_equal(say(x, message), "accepted");
	message.type = "PlanDecision";
	claim.status = (char *)(uintptr_t) "APPROVED";
	assert_string_equal(say(x, message), "accepted");
	assert_int_equal(
		plan_next(x->ledger->txn, &x->ledger->referral, message.referral, NULL, &plan),
		PLAN_UNKNOWN);
}

static void who_is_no_party_decides_on_no_plan(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral = case_referral(x), message;

	collector(x, "treatment", 50);
	collector(x, "parole", 50);
	exchange_send(x, &referral);
	claim.plan_id = (char *)(uintptr_t) "plan-1";
	assert_string_equal(say(x, case_message(x, &referral, "treatment", "PlanProposed", &claim)),
			    "accepted");
	assert_true(latest(x, referral.referral).told);
	claim.status = (char *)(uintptr_t) "APPROVED";
	message = case_message(x, &referral, "court", "PlanDecision", &claim);
	assert_string_equal(say(x, message), "unknown_referral");
	assert_int_equal(latest(x, referral.referral).state, PLAN_PROPOSED);
	assert_string_equal(say(x, case_message(x, &referral, "parole", "PlanDecision", &claim)),
			    "accepted");
	assert_int_equal(latest(x, referral.referral).state, PLAN_APPROVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_without_a_referral_is_a_message_like_others),
		TEST(who_is_no_party_decides_on_no_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
