/* What a report of outcomes does not tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/state.h"
#include "query/outcomes.h"
#include "referral/referral_row.h"
#include "unit/query/exchange_fixture.h"

#define REFERRAL THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT

static struct outcomes_cell cell(const char *service, const char *measure, uint64_t count)
{
	struct outcomes_cell made = {.measure = measure, .count = count};

	memcpy(made.service, service, strlen(service));
	return made;
}

static void small_counts_are_not_told_nor_what_gives_them_away(void **state)
{
	static const char declined[] = "declined", ended[] = "ended";
	struct outcomes_cell cells[] = {
		cell("rooms", declined, 3), cell("rooms", declined, 12), cell("rooms", declined, 7),
		cell("detox", declined, 9), cell("rooms", ended, 2),     cell("rooms", ended, 4),
		cell("rooms", ended, 30),
	};
	static const bool expected[] = {true, false, true, false, true, true, false};

	(void)state;
	outcomes_suppress(cells, sizeof(cells) / sizeof(cells[0]));
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		assert_int_equal(cells[i].suppressed, expected[i]);
}

/* The count of what was made, as the agency is told; -1: not told, 0: no such row. */
static int made_of(struct exchange_fixture *fixture, const char *agency)
{
	Throughcare__V1__OutcomesReportQuery report = THROUGHCARE__V1__OUTCOMES_REPORT_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;
	int made = 0;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_OUTCOMES_REPORT;
	query.outcomes_report = &report;
	response = ask(fixture, AGENCY, agency, &query);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	for (size_t i = 0; i < response->query->n_outcomes; i++) {
		const Throughcare__V1__OutcomeRow *row = response->query->outcomes[i];

		if (strcmp(row->measure, "made") == 0)
			made = row->suppressed ? -1 : (int)row->count;
	}
	answer_free(&response);
	return made;
}

static void an_agency_counts_what_it_knows_of(void **state)
{
	struct exchange_fixture *fixture = *state;

	for (uint64_t i = 0; i < 6; i++) {
		put_message(fixture, &(struct sent){.sender = "office",
						    .to = "home",
						    .type = "Referral",
						    .message = 50 + i,
						    .subject = 60,
						    .referral = 80 + i,
						    .category = REFERRAL});
		assert_int_equal(made_of(fixture, "office"), i < 4 ? -1 : (int)i + 1);
	}
	/* They wait for it still. */
	assert_int_equal(made_of(fixture, "home"), 0);
	assert_int_equal(made_of(fixture, "clinic"), 0);
	put_collect(fixture, "home");
	assert_int_equal(made_of(fixture, "home"), 6);
}

static void put_rows(struct exchange_fixture *fixture, uint64_t count)
{
	struct referral referral = {.state = REFERRAL_REQUESTED, .shown = true};

	memcpy(referral.source.name, "office", sizeof("office"));
	memcpy(referral.target.name, "home", sizeof("home"));
	for (uint64_t i = 0; i < count; i++) {
		referral.id = number_id(1000 + i);
		referral.subject = number_id(60);
		assert_int_equal(referral_put(fixture->ledger->txn, &fixture->ledger->referral,
					      &referral, true),
				 0);
	}
}

static void a_report_of_only_some_referrals_says_so(void **state)
{
	Throughcare__V1__OutcomesReportQuery report = THROUGHCARE__V1__OUTCOMES_REPORT_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_OUTCOMES_REPORT;
	query.outcomes_report = &report;
	put_rows(fixture, OUTCOMES_SCANNED_MAX);
	response = ask(fixture, AGENCY, "office", &query);
	assert_int_equal(response->query->n_outcomes, 0);
	answer_free(&response);
	put_rows(fixture, OUTCOMES_SCANNED_MAX + 1);
	response = ask(fixture, AGENCY, "office", &query);
	assert_int_equal(response->query->n_outcomes, 1);
	assert_string_equal(response->query->outcomes[0]->measure, OUTCOMES_COUNTED);
	assert_string_equal(response->query->outcomes[0]->code, "not_all");
	assert_int_equal(response->query->outcomes[0]->count, OUTCOMES_SCANNED_MAX);
	answer_free(&response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_counts_are_not_told_nor_what_gives_them_away),
		cmocka_unit_test_setup_teardown(an_agency_counts_what_it_knows_of,
						exchange_fixture_setup, exchange_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_report_of_only_some_referrals_says_so,
						exchange_fixture_setup, exchange_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
