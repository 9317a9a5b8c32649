/*
 * The whole lifecycle table against the machine: each rule is made to move a referral from each
 * state that it names, and each message that the table does not list in a state is refused there.
 */
#include "unit/referral/referral_fixture.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum referral_actor by;
	const char *name;
} actors[] = {
	{REFERRAL_BY_SOURCE, "source"},
	{REFERRAL_BY_TARGET, "target"},
	{REFERRAL_BY_COURT, "court"},
};

#define ACTORS (sizeof(actors) / sizeof(actors[0]))

static void fresh(struct fixture *f)
{
	static uint8_t number;
	static uint8_t hundreds;

	if (++number == 0)
		hundreds++;
	f->referral = numbered_id(number);
	f->referral.bytes[14] = hundreds;
	f->now_ms = MONDAY;
}

static bool own(const struct lifecycle_rule *rule)
{
	return rule->by == REFERRAL_BY_EXCHANGE;
}

/* What the exchange does by itself. */
static void happen(struct fixture *f, const struct lifecycle_rule *rule)
{
	const char *event = rule->type;
	int r;

	if (strcmp(event, LIFECYCLE_CLOCK) == 0) {
		ring_out(f);
		return;
	}
	if (strcmp(event, LIFECYCLE_UNDELIVERED) == 0)
		r = referral_undelivered(f->txn, &f->tables, f->referral, present(f).message, 900,
					 f->now_ms, &f->change);
	else if (strcmp(event, LIFECYCLE_TAKEN) == 0)
		r = referral_taken(f->txn, &f->tables, f->referral, 900, f->now_ms, &f->change);
	else
		r = referral_custody(f->txn, &f->tables, f->referral,
				     strcmp(event, LIFECYCLE_CUSTODY_IN) == 0, 900, f->now_ms,
				     &f->change);
	assert_int_equal(r, 0);
}

static void place(struct fixture *f, const struct lifecycle_rule *rule, enum referral_state from)
{
	bring_to(f, rule->needs & NEED_CUSTODY ? REFERRAL_IN_PROGRESS : from);
	if (rule->needs & NEED_CUSTODY)
		assert_int_equal(referral_custody(f->txn, &f->tables, f->referral, true, 900,
						  f->now_ms, &f->change),
				 0);
}

static enum referral_state goal(const struct lifecycle_rule *rule, enum referral_state from,
				enum referral_state before)
{
	if (rule->to == REFERRAL_SAME)
		return from;
	return rule->to == REFERRAL_BEFORE ? before : rule->to;
}

static void make(struct fixture *f, const struct lifecycle_rule *rule, enum referral_state from,
		 const char *actor)
{
	enum referral_state before = REFERRAL_NONE;
	uint64_t version = 0;
	bool moves = rule->to != REFERRAL_SAME || rule->needs & NEED_LOOP_OPEN;
	int r = 0;

	fresh(f);
	if (from != REFERRAL_NONE) {
		place(f, rule, from);
		before = present(f).state_before_cancel;
		version = present(f).version;
	}
	if (own(rule))
		happen(f, rule);
	else
		r = tell_full(f, actor, rule->type, rule->status);
	if (rule->needs & NEED_OUTCOME) {
		assert_int_equal(r, REFERRAL_REFUSED);
		return;
	}
	if (r != 0)
		fail_msg("%s %s in %s: %s", rule->type, rule->status ? rule->status : "",
			 lifecycle_state(from)->name, f->refusal.detail);
	assert_string_equal(lifecycle_state(present(f).state)->name,
			    lifecycle_state(goal(rule, from, before))->name);
	assert_int_equal(present(f).version, version + moves);
	if (moves && !own(rule))
		assert_string_equal(f->change.by, actor);
}

/* That it is the rule which counts there, when several fit. */
static bool applies(const struct lifecycle_rule *rule, enum referral_state from, size_t actor)
{
	if (own(rule))
		return actor == 0;
	return rule->by & (unsigned)actors[actor].by &&
	       lifecycle_find(from, tc_slice_text(rule->type), tc_slice_text(rule->status),
			      actors[actor].by) == rule;
}

/* InfoReply (partial) is a status that nobody sends: see
 * what_is_asked_for_is_answered_item_by_item.
 */
static void every_rule_moves_a_referral_from_each_of_its_states(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	for (size_t i = 0; i < count; i++)
		for (unsigned from = 0; from < REFERRAL_STATE_COUNT; from++) {
			if (!(rules[i].from & UINT32_C(1) << from) ||
			    (rules[i].status && rules[i].status[0] == '('))
				continue;
			for (size_t j = 0; j < ACTORS; j++)
				if (applies(&rules[i], (enum referral_state)from, j))
					make(*state, &rules[i], (enum referral_state)from,
					     actors[j].name);
		}
}

static void refused_in(struct fixture *f, const struct lifecycle_rule *rule,
		       enum referral_state from, size_t actor)
{
	uint64_t version;

	if (lifecycle_find(from, tc_slice_text(rule->type), tc_slice_text(rule->status),
			   actors[actor].by))
		return;
	fresh(f);
	bring_to(f, from);
	version = present(f).version;
	if (tell_full(f, actors[actor].name, rule->type, rule->status) == 0)
		fail_msg("%s may send %s %s in %s", actors[actor].name, rule->type,
			 rule->status ? rule->status : "", lifecycle_state(from)->name);
	assert_true(f->refusal.code == TC_REFUSAL_ILLEGAL_TRANSITION ||
		    f->refusal.code == TC_REFUSAL_UNKNOWN_REFERRAL);
	if (f->refusal.code == TC_REFUSAL_ILLEGAL_TRANSITION &&
	    strcmp(actors[actor].name, "court")) {
		assert_string_equal(f->refusal.state, lifecycle_state(from)->name);
		assert_int_equal(f->refusal.version, version);
	}
	assert_int_equal(present(f).version, version);
}

static void what_the_table_does_not_list_is_refused(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	for (size_t i = 0; i < count; i++) {
		if (own(&rules[i]) || strcmp(rules[i].type, "Referral") == 0 ||
		    (rules[i].status && rules[i].status[0] == '(') ||
		    !lifecycle_governs(tc_slice_text(rules[i].type),
				       tc_slice_text(rules[i].status)))
			continue;
		for (unsigned from = 1; from < REFERRAL_STATE_COUNT; from++)
			for (size_t j = 0; j < ACTORS; j++)
				refused_in(*state, &rules[i], (enum referral_state)from, j);
	}
}

static void what_the_exchange_does_happens_in_no_other_state(void **state)
{
	struct fixture *f = *state;
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	for (size_t i = 0; i < count; i++)
		for (unsigned from = 1; own(&rules[i]) && from < REFERRAL_STATE_COUNT; from++) {
			if (lifecycle_find((enum referral_state)from, tc_slice_text(rules[i].type),
					   tc_slice_text(NULL), REFERRAL_BY_EXCHANGE))
				continue;
			fresh(f);
			bring_to(f, (enum referral_state)from);
			happen(f, &rules[i]);
			assert_int_equal(present(f).state, from);
		}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_rule_moves_a_referral_from_each_of_its_states),
		TEST(what_the_table_does_not_list_is_refused),
		TEST(what_the_exchange_does_happens_in_no_other_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
