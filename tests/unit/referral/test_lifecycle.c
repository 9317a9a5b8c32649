/* The lifecycle table, checked as a graph: no way to it is missing, none leads astray. */
#include "referral/lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool rule_from(const struct lifecycle_rule *rule, unsigned state)
{
	return rule->from & UINT32_C(1) << state;
}

static void every_state_is_reached_from_nothing(void **state)
{
	uint32_t reached = UINT32_C(1) << REFERRAL_NONE, before;
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	(void)state;
	do {
		before = reached;
		for (size_t i = 0; i < count; i++)
			if (rules[i].from & reached && rules[i].to < REFERRAL_STATE_COUNT)
				reached |= UINT32_C(1) << rules[i].to;
	} while (reached != before);
	assert_int_equal(reached, (UINT32_C(1) << REFERRAL_STATE_COUNT) - 1);
}

/* Also when only the exchange, or only the source and its clocks, ever speak. */
static void every_open_state_can_end(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);
	uint32_t ends = 0, before;

	(void)state;
	for (unsigned i = 0; i < REFERRAL_STATE_COUNT; i++)
		if (lifecycle_state((enum referral_state)i)->terminal)
			ends |= UINT32_C(1) << i;
	do {
		before = ends;
		for (size_t i = 0; i < count; i++)
			if (rules[i].to < REFERRAL_STATE_COUNT && ends & UINT32_C(1) << rules[i].to)
				ends |= rules[i].from;
	} while (ends != before);
	assert_int_equal(ends, (UINT32_C(1) << REFERRAL_STATE_COUNT) - 1);
}

static void only_an_error_leads_out_of_a_terminal_state(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (unsigned from = 0; from < REFERRAL_STATE_COUNT; from++)
			if (rule_from(&rules[i], from) &&
			    lifecycle_state((enum referral_state)from)->terminal)
				assert_true(rules[i].to == REFERRAL_SAME ||
					    rules[i].to == REFERRAL_ENTERED_IN_ERROR);
}

static void every_state_has_a_name_and_an_owner_of_the_next_move(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REFERRAL_STATE_COUNT; i++) {
		const struct lifecycle_state *row = lifecycle_state((enum referral_state)i);

		assert_non_null(row->name);
		assert_non_null(row->words);
		assert_int_not_equal(row->next_move, 0);
		assert_true(i == REFERRAL_NONE || row->clock != CLOCK_NONE);
		assert_int_equal(row->clock == CLOCK_ACKNOWLEDGE, row->terminal);
		if (i > 0)
			assert_int_equal(lifecycle_state_find(tc_slice_text(row->name)), i);
	}
}

static void the_owner_of_the_next_move_has_one(void **state)
{
	const struct lifecycle_rule *legal;

	(void)state;
	for (unsigned i = 0; i < REFERRAL_STATE_COUNT; i++) {
		const struct lifecycle_state *row = lifecycle_state((enum referral_state)i);

		assert_int_equal(lifecycle_legal((enum referral_state)i,
						 (enum referral_actor)row->next_move, &legal, 1),
				 1);
	}
}

/* Two rules for the same message in the same state would let the order of lines decide; only a rule
 * for any status may follow one for a certain status. */
static void no_rule_is_hidden_by_an_earlier_one(void **state)
{
	size_t count;
	const struct lifecycle_rule *rules = lifecycle_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			uint32_t both = rules[i].from & rules[j].from;

			if (strcmp(rules[i].type, rules[j].type) != 0 ||
			    !(rules[i].by & rules[j].by) || both == 0)
				continue;
			if (rules[i].status && rules[j].status)
				assert_string_not_equal(rules[i].status, rules[j].status);
			else if (!rules[i].status)
				assert_int_not_equal(rules[j].from & ~rules[i].from, 0);
		}
	}
}

static void a_service_may_have_clocks_of_its_own(void **state)
{
	const struct lifecycle_days own = {.days = {[CLOCK_DECISION] = 9}};

	(void)state;
	assert_int_equal(lifecycle_clock_days(CLOCK_DECISION, NULL), 5);
	assert_int_equal(lifecycle_clock_days(CLOCK_DECISION, &own), 9);
	assert_int_equal(lifecycle_clock_days(CLOCK_RECEIPT, &own), 2);
}

static void what_is_legal_moves_something_and_is_in_the_order_of_the_table(void **state)
{
	const struct lifecycle_rule *legal[3];

	(void)state;
	assert_int_equal(lifecycle_legal(REFERRAL_RECEIVED, REFERRAL_BY_TARGET, legal, 3), 3);
	assert_string_equal(legal[0]->type, "InfoRequest");
	assert_string_equal(legal[2]->status, "WAITLISTED");
	assert_int_equal(lifecycle_legal(REFERRAL_DECLINED, REFERRAL_BY_SOURCE, legal, 3), 3);
	assert_string_equal(legal[0]->type, "LoopClosed");
	assert_int_equal(lifecycle_legal(REFERRAL_ENTERED_IN_ERROR, REFERRAL_BY_TARGET, legal, 3),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_is_reached_from_nothing),
		cmocka_unit_test(every_open_state_can_end),
		cmocka_unit_test(only_an_error_leads_out_of_a_terminal_state),
		cmocka_unit_test(every_state_has_a_name_and_an_owner_of_the_next_move),
		cmocka_unit_test(the_owner_of_the_next_move_has_one),
		cmocka_unit_test(no_rule_is_hidden_by_an_earlier_one),
		cmocka_unit_test(a_service_may_have_clocks_of_its_own),
		cmocka_unit_test(what_is_legal_moves_something_and_is_in_the_order_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
