/*
 * Random sequences of proposals, decisions and hand-overs of a referral's plans against a second,
 * independent reading of what plan.h promises, written without its table: an array of plans, a
 * few sentences. Seeded; a failure prints its seed.
 */
#include "unit/referral/referral_fixture.h"

#include <stdio.h>
#include <string.h>

#include "referral/plan.h"

#define PLANS 3
#define STEPS 80
#define WALKS 1500

static const char *const ids[PLANS] = {"plan-a", "plan-ab", "plan-b"};

struct model_plan {
	bool proposed; /* ever */
	bool waits;    /* for a decision */
	bool approved;
	bool told; /* the source has this version */
	unsigned version;
	struct tc_id message;
};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int say(struct fixture *f, enum referral_actor by, const char *type, const char *status,
	       const char *id, struct plan *ret)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct referral_event event = {
		.type = tc_slice_text(type),
		.referral = f->referral,
		.message = numbered_id((uint8_t)f->sequence),
		.sequence = ++f->sequence,
		.now_ms = f->now_ms,
		.claim = &claim,
	};
	struct tc_refusal checked = {0};
	int r;

	event.message.bytes[13] = (uint8_t)(f->sequence >> 8);
	event.message.bytes[12] = (uint8_t)(f->sequence >> 16);
	claim.plan_id = (char *)(uintptr_t)id;
	claim.status = (char *)(uintptr_t)status;
	r = plan_check(f->txn, &f->tables, &event, by, &checked);
	assert_int_equal(plan_apply(f->txn, &f->tables, &event, by, ret, &f->refusal), r);
	return r;
}

/* The target proposes what was never proposed or was returned, while nothing else waits. */
static bool may_propose(const struct model_plan *plans, size_t which)
{
	for (size_t i = 0; i < PLANS; i++)
		if (plans[i].waits)
			return false;
	return !plans[which].proposed || !plans[which].approved;
}

/* The source decides on what waits and what it has been handed. */
static bool may_decide(const struct model_plan *plans, size_t which)
{
	return plans[which].waits && plans[which].told;
}

static void agree(struct fixture *f, const struct model_plan *plans, uint64_t walk)
{
	struct plan plan;
	bool begun = false;

	for (size_t i = 0; i < PLANS; i++) {
		enum plan_state wanted = plans[i].waits      ? PLAN_PROPOSED
					 : plans[i].approved ? PLAN_APPROVED
							     : PLAN_RETURNED;

		if (!plans[i].proposed)
			continue;
		assert_int_equal(
			plan_next(f->txn, &f->tables, f->referral, begun ? &plan : NULL, &plan), 0);
		begun = true;
		if (strcmp(plan.id, ids[i]) != 0 || plan.state != wanted ||
		    plan.version != plans[i].version || plan.told != plans[i].told ||
		    (plan.decided == 0) != plans[i].waits)
			fail_msg("seed %llu: %s is %s, version %u", (unsigned long long)walk,
				 plan.id, plan_state_name(plan.state), plan.version);
	}
	assert_int_equal(plan_next(f->txn, &f->tables, f->referral, begun ? &plan : NULL, &plan),
			 PLAN_UNKNOWN);
}

static void one_walk(struct fixture *f, uint64_t walk)
{
	static const char *const statuses[] = {"APPROVED", "RETURNED", "WISHED"};
	uint64_t seed = walk * UINT64_C(0x9e3779b97f4a7c15);
	struct model_plan plans[PLANS] = {0};

	for (int step = 0; step < STEPS; step++) {
		size_t which = next_random(&seed) % PLANS;
		struct model_plan *at = &plans[which];
		enum referral_actor by =
			next_random(&seed) % 4 == 0 ? REFERRAL_BY_SOURCE : REFERRAL_BY_TARGET;
		const char *status = statuses[next_random(&seed) % 3];
		bool proposes = next_random(&seed) % 2 == 0, legal;
		struct plan plan;
		int r;

		if (next_random(&seed) % 4 == 0) { /* what was proposed is handed over */
			if (at->waits)
				assert_int_equal(
					plan_told(f->txn, &f->tables, f->referral, at->message), 0);
			at->told = at->told || at->waits;
			continue;
		}
		if (!proposes && next_random(&seed) % 4 != 0)
			by = REFERRAL_BY_SOURCE;
		legal = proposes ? by == REFERRAL_BY_TARGET && may_propose(plans, which)
				 : by == REFERRAL_BY_SOURCE && may_decide(plans, which) &&
					   strcmp(status, "WISHED") != 0;
		r = say(f, by, proposes ? "PlanProposed" : "PlanDecision", proposes ? NULL : status,
			ids[which], &plan);
		if ((r == 0) != legal)
			fail_msg("seed %llu, step %d: %s %s of %s: %s", (unsigned long long)walk,
				 step, proposes ? "proposal" : status,
				 by == REFERRAL_BY_SOURCE ? "by the source" : "by the target",
				 ids[which], r == 0 ? "was allowed" : f->refusal.detail);
		if (!legal)
			continue;
		if (proposes)
			*at = (struct model_plan){.proposed = true,
						  .waits = true,
						  .version = at->version + 1,
						  .message = plan.message};
		else
			at->waits = false;
		if (!proposes)
			at->approved = strcmp(status, "APPROVED") == 0;
		agree(f, plans, walk);
	}
}

static void random_walks_agree_with_a_second_reading(void **state)
{
	struct fixture *f = *state;

	for (uint64_t walk = 1; walk <= WALKS; walk++) {
		f->referral = numbered_id((uint8_t)walk);
		f->referral.bytes[13] = (uint8_t)(walk >> 8);
		one_walk(f, walk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_walks_agree_with_a_second_reading,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
