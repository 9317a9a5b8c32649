/* A watch: it waits for a change, goes on where it stopped, and shows nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/query/exchange_fixture.h"

#define REFERRAL THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT
#define LONG_MS  30000

static uint64_t put_referral(struct exchange_fixture *fixture, uint64_t number)
{
	return put_message(fixture, &(struct sent){.sender = "office",
						   .to = "home",
						   .type = "Referral",
						   .message = number,
						   .subject = 60,
						   .referral = number + 20,
						   .category = REFERRAL});
}

static Throughcare__V1__Query *watch(uint64_t after, uint32_t wait_ms)
{
	static Throughcare__V1__ReferralWatchQuery asked;
	static Throughcare__V1__Query query;

	throughcare__v1__referral_watch_query__init(&asked);
	throughcare__v1__query__init(&query);
	asked.has_after_sequence = asked.has_wait_ms = 1;
	asked.after_sequence = after;
	asked.wait_ms = wait_ms;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_WATCH;
	query.referral_watch = &asked;
	return &query;
}

static size_t changes(Throughcare__V1__Response *response)
{
	size_t count;

	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	count = response->query->n_changes;
	answer_free(&response);
	return count;
}

static void a_watch_is_answered_when_something_changes(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_query(fixture, AGENCY, "office", watch(0, LONG_MS));
	commit_all(fixture);
	put_referral(fixture, 50);
	commit_all(fixture);
	assert_int_equal(changes(take_answer(fixture)), 1);
}

static void a_watch_whose_time_is_over_is_answered_with_nothing(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_referral(fixture, 50);
	assert_int_equal(changes(ask(fixture, AGENCY, "home", watch(0, 1))), 0);
	assert_int_equal(changes(ask(fixture, AGENCY, "home", watch(0, 0))), 0);
	assert_int_equal(changes(ask(fixture, AGENCY, "clinic", watch(0, 0))), 0);
}

static void a_watch_goes_on_after_its_position(void **state)
{
	struct exchange_fixture *fixture = *state;
	uint64_t first = put_referral(fixture, 50), second = put_referral(fixture, 51);

	assert_int_equal(changes(ask(fixture, AGENCY, "office", watch(0, LONG_MS))), 2);
	assert_int_equal(changes(ask(fixture, AGENCY, "office", watch(first, LONG_MS))), 1);
	assert_int_equal(changes(ask(fixture, AGENCY, "office", watch(second, 0))), 0);
	/* The target is told with the hand-over. */
	assert_int_equal(changes(ask(fixture, AGENCY, "home", watch(0, 0))), 0);
	put_collect(fixture, "home");
	assert_int_equal(changes(ask(fixture, AGENCY, "home", watch(second, 0))), 2);
}

static void other_questions_do_not_wait_behind_a_watch(void **state)
{
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	put_query(fixture, AGENCY, "office", watch(0, LONG_MS));
	response = ask(fixture, AGENCY, "office", &query);
	assert_int_equal(response->query->n_agencies, 3);
	answer_free(&response);
}

int main(void)
{
#define WATCH_TEST(name)                                                                           \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WATCH_TEST(a_watch_is_answered_when_something_changes),
		WATCH_TEST(a_watch_whose_time_is_over_is_answered_with_nothing),
		WATCH_TEST(a_watch_goes_on_after_its_position),
		WATCH_TEST(other_questions_do_not_wait_behind_a_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
