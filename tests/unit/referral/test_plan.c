/* What is proposed and decided of a referral's plans; and the whole table against the machine. */
#include "unit/referral/referral_fixture.h"

#include <stdio.h>
#include <string.h>

#include "referral/plan.h"

#define S REFERRAL_BY_SOURCE
#define T REFERRAL_BY_TARGET

static struct plan plan;

static int say(struct fixture *f, enum referral_actor by, const char *type, const char *status,
	       const char *id)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct referral_event event = {
		.type = tc_slice_text(type),
		.referral = f->referral,
		.message = numbered_id((uint8_t)++f->sequence),
		.sequence = f->sequence,
		.now_ms = f->now_ms,
		.claim = &claim,
	};

	claim.plan_id = (char *)(uintptr_t)id;
	claim.status = (char *)(uintptr_t)status;
	return plan_apply(f->txn, &f->tables, &event, by, &plan, &f->refusal);
}

/* And it is handed to the source. */
static int propose(struct fixture *f, const char *id)
{
	int r = say(f, T, "PlanProposed", NULL, id);

	return r != 0 ? r : plan_told(f->txn, &f->tables, f->referral, plan.message);
}

#define PROPOSE(f, id)         propose(f, id)
#define DECIDE(f, verdict, id) say(f, S, "PlanDecision", verdict, id)

static void a_plan_is_returned_proposed_again_and_approved(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PROPOSE(f, "plan-1"), 0);
	assert_int_equal(plan.version, 1);
	assert_int_equal(DECIDE(f, "RETURNED", "plan-1"), 0);
	assert_int_equal(plan.decided, f->sequence);
	assert_int_equal(PROPOSE(f, "plan-1"), 0);
	assert_int_equal(plan.version, 2);
	assert_int_equal(plan.decided, 0);
	assert_int_equal(DECIDE(f, "APPROVED", "plan-1"), 0);
	assert_string_equal(plan_state_name(plan.state), "APPROVED");
}

static void one_plan_waits_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct plan next;

	assert_int_equal(PROPOSE(f, "plan-1"), 0);
	assert_int_equal(PROPOSE(f, "plan-2"), PLAN_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_ILLEGAL_TRANSITION);
	assert_int_equal(DECIDE(f, "APPROVED", "plan-2"), PLAN_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_PLAN);
	assert_int_equal(DECIDE(f, "APPROVED", "plan-1"), 0);
	assert_int_equal(DECIDE(f, "RETURNED", "plan-1"), PLAN_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_PLAN);
	assert_string_equal(f->refusal.state, "APPROVED");
	assert_int_equal(PROPOSE(f, "plan-2"), 0);
	assert_int_equal(plan_next(f->txn, &f->tables, f->referral, NULL, &next), 0);
	assert_string_equal(next.id, "plan-1");
	assert_int_equal(plan_next(f->txn, &f->tables, f->referral, &next, &next), 0);
	assert_string_equal(next.id, "plan-2");
	assert_int_equal(plan_next(f->txn, &f->tables, f->referral, &next, &next), PLAN_UNKNOWN);
	/* those of another referral stand alone */
	f->referral = numbered_id(77);
	assert_int_equal(PROPOSE(f, "plan-1"), 0);
	assert_int_equal(plan.version, 1);
}

static void a_plan_that_the_source_was_not_handed_is_none(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say(f, T, "PlanProposed", NULL, "plan-1"), 0);
	assert_int_equal(DECIDE(f, "APPROVED", "plan-1"), PLAN_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_PLAN);
	assert_string_equal(f->refusal.state, "");
	assert_int_equal(plan_told(f->txn, &f->tables, f->referral, numbered_id(9)), 0);
	assert_int_equal(DECIDE(f, "APPROVED", "plan-1"), PLAN_REFUSED); /* another message */
	assert_int_equal(plan_told(f->txn, &f->tables, f->referral, numbered_id(1)), 0);
	assert_int_equal(DECIDE(f, "APPROVED", "plan-1"), 0);
}

static void every_rule_moves_and_what_is_not_listed_is_refused(void **state)
{
	static const struct {
		enum referral_actor by;
		const char *type, *status;
	} moves[] = {
		{T, "PlanProposed", NULL},       {S, "PlanProposed", NULL},
		{S, "PlanDecision", "APPROVED"}, {T, "PlanDecision", "APPROVED"},
		{S, "PlanDecision", "RETURNED"}, {T, "PlanDecision", "RETURNED"},
	};
	struct fixture *f = *state;
	size_t count, made = 0;
	const struct plan_rule *rules = plan_rules(&count);

	for (unsigned from = 0; from < PLAN_STATE_COUNT; from++)
		for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
			const struct plan_rule *rule = NULL;

			for (size_t j = 0; j < count; j++)
				if (rules[j].from & UINT32_C(1) << from &&
				    rules[j].by == moves[i].by &&
				    strcmp(rules[j].type, moves[i].type) == 0 &&
				    (!rules[j].status ||
				     strcmp(rules[j].status, moves[i].status) == 0))
					rule = &rules[j];
			f->referral = numbered_id((uint8_t)(from * 10 + i + 1));
			if (from != PLAN_NONE)
				assert_int_equal(PROPOSE(f, "p"), 0);
			if (from > PLAN_PROPOSED)
				assert_int_equal(
					DECIDE(f, plan_state_name((enum plan_state)from), "p"), 0);
			assert_int_equal(say(f, moves[i].by, moves[i].type, moves[i].status, "p"),
					 rule ? 0 : PLAN_REFUSED);
			if (rule)
				assert_int_equal(plan.state, rule->to);
			made += rule != NULL;
		}
	assert_int_equal(made, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static void a_referral_has_only_so_many_plans(void **state)
{
	struct fixture *f = *state;
	char id[16];

	for (int i = 0; i < PLANS_MAX; i++) {
		snprintf(id, sizeof(id), "plan-%d", i);
		assert_int_equal(PROPOSE(f, id), 0);
		assert_int_equal(DECIDE(f, "RETURNED", id), 0);
	}
	assert_int_equal(PROPOSE(f, "plan-x"), PLAN_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_LIMIT_REACHED);
	assert_int_equal(PROPOSE(f, id), 0); /* what was returned may be proposed again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_is_returned_proposed_again_and_approved),
		TEST(one_plan_waits_at_a_time),
		TEST(a_referral_has_only_so_many_plans),
		TEST(a_plan_that_the_source_was_not_handed_is_none),
		TEST(every_rule_moves_and_what_is_not_listed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
