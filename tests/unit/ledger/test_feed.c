/* Whoever normally sends and has stopped is noticed. */
#include "ledger/feed.h"
#include "ledger/state.h"
#include "unit/ledger/ledger_fixture.h"

#define HOUR_MS (3600LL * 1000)
#define DAY_MS  (24 * HOUR_MS)

/* So many messages of parole to treatment, four hours apart, from a Monday on. */
static void feed(struct exchange *x, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct message message = contact(x);

		exchange_send(x, &message);
		assert_string_equal(exchange_answer(x), "accepted");
		exchange_tick(x, x->now_ms + 4 * HOUR_MS);
	}
}

/* Day by day; how many facts come out in all, and how many notices with them. */
static void days(struct exchange *x, unsigned count, size_t *ret_notices, size_t *ret_facts)
{
	*ret_notices = *ret_facts = 0;
	for (unsigned i = 0; i < count; i++) {
		exchange_tick(x, x->now_ms + DAY_MS);
		if (exchange_facts(x, "feed") > 0)
			*ret_notices += exchange_own(x, "FeedNotice");
		*ret_facts += exchange_facts(x, "feed");
	}
}

static void both_ends_are_told_once_that_it_has_stopped_and_when_it_has_begun_again(void **state)
{
	struct exchange *x = *state;
	size_t notices, facts;

	collector(x, "treatment", 200);
	collector(x, "parole", 200);
	feed(x, 9);
	days(x, 10, &notices, &facts);
	assert_int_equal(notices, 2);
	assert_int_equal(facts, 1);
	feed(x, 1);
	days(x, 1, &notices, &facts);
	assert_int_equal(facts, 0);
	/* The long silence is not what is usual from now on. */
	feed(x, 1);
	days(x, 10, &notices, &facts);
	assert_int_equal(facts, 1);
}

static void that_it_has_begun_again_is_told(void **state)
{
	struct exchange *x = *state;
	struct message message = contact(x);
	size_t notices, facts;

	collector(x, "treatment", 200);
	feed(x, 9);
	days(x, 10, &notices, &facts);
	exchange_send(x, &message);
	assert_int_equal(exchange_facts(x, "feed"), 1);
	assert_int_equal(exchange_own(x, "FeedNotice"), 1);
}

static void what_was_never_usual_is_not_missed(void **state)
{
	struct exchange *x = *state;
	size_t notices, facts;

	collector(x, "treatment", 200);
	feed(x, 7);
	days(x, 20, &notices, &facts);
	assert_int_equal(facts, 0);
}

static void what_waits_is_no_sign_of_life(void **state)
{
	struct exchange *x = *state;
	struct feed row;

	feed(x, 9);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(feed_next(x->ledger->txn, x->ledger->table[LEDGER_TABLE_FEED], NULL, &row),
			 FEED_UNKNOWN);
}

static void they_are_looked_at_in_slices(void **state)
{
	struct exchange *x = *state;
	size_t facts = 0;

	exchange_agency(x, "house", "TREATMENT");
	exchange_slices(x, 1);
	collector(x, "treatment", 200);
	collector(x, "house", 200);
	for (unsigned i = 0; i < 9; i++) {
		struct message message = contact(x);

		exchange_send(x, &message);
		message.id = exchange_id(x);
		message.to = "house";
		exchange_send(x, &message);
		exchange_tick(x, x->now_ms + HOUR_MS);
	}
	for (unsigned i = 0; i < 40; i++) {
		exchange_tick(x, x->now_ms + (i % 4 == 0 ? DAY_MS : 0));
		facts += exchange_facts(x, "feed");
	}
	assert_int_equal(facts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ends_are_told_once_that_it_has_stopped_and_when_it_has_begun_again),
		TEST(that_it_has_begun_again_is_told),
		TEST(what_was_never_usual_is_not_missed),
		TEST(what_waits_is_no_sign_of_life),
		TEST(they_are_looked_at_in_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
