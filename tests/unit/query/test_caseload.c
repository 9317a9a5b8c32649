/* A caseload: whose it is, in which order, and what of it is nobody else's to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/case_list.h"
#include "ledger/state.h"
#include "query/caseload.h"
#include "query/risk.h"
#include "referral/referral_row.h"
#include "throughcare/v1/referral.pb-c.h"
#include "unit/query/exchange_fixture.h"

#define REFERRAL THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT
#define DAY_MS   INT64_C(86400000)
#define NOW_MS   (1000 * DAY_MS)

/* ---- the order ---- */

static uint32_t rank(const struct risk_facts *facts)
{
	struct risk risk;

	risk_judge(facts, &risk);
	return risk.rank;
}

static void lateness_goes_before_all_and_most_where_others_wait(void **state)
{
	struct risk_facts mine = {.brief = {.mine = true, .due_ms = NOW_MS - 30 * DAY_MS},
				  .now_ms = NOW_MS};
	struct risk_facts theirs = {.brief = {.due_ms = NOW_MS - 30 * DAY_MS}, .now_ms = NOW_MS};
	struct risk_facts release = {.brief = {.mine = true,
					       .due_ms = NOW_MS + 30 * DAY_MS,
					       .risk = {.release_ms = NOW_MS + DAY_MS}},
				     .now_ms = NOW_MS};

	(void)state;
	assert_true(rank(&mine) > rank(&release));
	assert_true(rank(&release) > rank(&theirs));
	mine.brief.due_ms = NOW_MS - 1000 * DAY_MS;
	assert_true(rank(&mine) <= 1000 + 50 * 60 + 100);
}

static void what_is_nearer_is_graver_and_says_so(void **state)
{
	struct risk_facts facts = {.now_ms = NOW_MS};
	struct risk risk;
	uint32_t far;

	(void)state;
	facts.brief.hearing_ms = NOW_MS + 3 * DAY_MS;
	risk_judge(&facts, &risk);
	assert_int_equal(risk.count, 1);
	assert_string_equal(risk.codes[0], "hearing_3d");
	far = risk.rank;
	facts.brief.hearing_ms = NOW_MS + DAY_MS / 2;
	facts.alert = true;
	risk_judge(&facts, &risk);
	assert_int_equal(risk.count, 2);
	assert_string_equal(risk.codes[0], "alert");
	assert_string_equal(risk.codes[1], "hearing_1d");
	assert_true(risk.rank > far + 3000);
	facts.brief.hearing_ms = NOW_MS + 4 * DAY_MS;
	facts.alert = false;
	risk_judge(&facts, &risk);
	assert_int_equal(risk.count, 0);
}

static void every_state_has_a_next_step(void **state)
{
	(void)state;
	for (enum referral_state at = REFERRAL_REQUESTED; at < REFERRAL_STATE_COUNT; at++) {
		struct referral referral = {.state = at};

		assert_true(strlen(risk_next_step(&referral, true)) > 5);
		referral.loop_closed_ms = 1;
		assert_string_equal(risk_next_step(&referral, true), "");
	}
}

/* ---- the list ---- */

static void put_referral(struct exchange_fixture *fixture, uint64_t number, const char *from,
			 const char *to)
{
	put_message(fixture, &(struct sent){.sender = from,
					    .to = to,
					    .type = "Referral",
					    .message = number,
					    .subject = 60,
					    .referral = number + 20,
					    .category = REFERRAL});
}

/* One that office has sent to home and that home has. */
static void put_received(struct exchange_fixture *fixture)
{
	put_referral(fixture, 50, "office", "home");
	put_collect(fixture, "home");
}

/* A message about that one; its claim is empty. */
static struct sent about_it(const char *sender, const char *to, const char *type, uint64_t message,
			    Throughcare__V1__LifecycleClaim *claim)
{
	throughcare__v1__lifecycle_claim__init(claim);
	return (struct sent){.sender = sender,
			     .to = to,
			     .type = type,
			     .message = message,
			     .subject = 60,
			     .referral = 70,
			     .category = REFERRAL,
			     .claim = claim};
}

/* Rows that the agency gets, over pages of `page` rows. */
static size_t rows_of(struct exchange_fixture *fixture, const char *agency, uint32_t page_rows,
		      Throughcare__V1__CaseloadQuery *caseload)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	struct tc_bytes cursor = {0};
	uint32_t before = UINT32_MAX;
	size_t rows = 0;

	page.has_limit = 1;
	page.limit = page_rows;
	query.page = &page;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CASELOAD;
	query.caseload = caseload;
	do {
		Throughcare__V1__Response *response = ask(fixture, AGENCY, agency, &query);
		Throughcare__V1__QueryReply *reply = response->query;

		assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
		for (size_t i = 0; i < reply->n_referrals; i++) {
			assert_true(reply->referrals[i]->rank <= before);
			before = reply->referrals[i]->rank;
			assert_non_null(reply->referrals[i]->next_step);
		}
		rows += reply->n_referrals;
		cursor.len = 0;
		if (reply->has_next_cursor)
			assert_int_equal(tc_bytes_append(&cursor, reply->next_cursor.data,
							 reply->next_cursor.len),
					 0);
		page.has_cursor = cursor.len > 0;
		page.cursor = (ProtobufCBinaryData){.len = cursor.len, .data = cursor.data};
		answer_free(&response);
	} while (cursor.len > 0);
	tc_bytes_free(&cursor);
	return rows;
}

static void a_list_is_the_agencys_own_and_pages_lose_nothing(void **state)
{
	Throughcare__V1__CaseloadQuery all = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	for (uint64_t i = 0; i < 7; i++)
		put_referral(fixture, 50 + i, "office", "home");
	assert_int_equal(rows_of(fixture, "office", 2, &all), 7);
	assert_int_equal(rows_of(fixture, "office", 500, &all), 7);
	assert_int_equal(rows_of(fixture, "clinic", 2, &all), 0);
	put_collect(fixture, "home");
	assert_int_equal(rows_of(fixture, "home", 3, &all), 7);
}

static void what_waits_for_its_target_is_not_on_the_targets_list(void **state)
{
	Throughcare__V1__CaseloadQuery all = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	put_referral(fixture, 50, "office", "home");
	assert_int_equal(rows_of(fixture, "home", 10, &all), 0);
	put_collect(fixture, "home");
	assert_int_equal(rows_of(fixture, "home", 10, &all), 1);
}

static Throughcare__V1__Response *show(struct exchange_fixture *fixture, const char *agency,
				       uint64_t referral, const Throughcare__V1__ReferralRow **ret)
{
	Throughcare__V1__ReferralShowQuery asked = THROUGHCARE__V1__REFERRAL_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_SHOW;
	query.referral_show = &asked;
	asked.referral_id = number_text(referral);
	response = ask(fixture, AGENCY, agency, &query);
	assert_int_equal(response->query->n_referrals, 1);
	*ret = response->query->referrals[0];
	return response;
}

/* The one row of the agency's list. */
static Throughcare__V1__Response *only_row(struct exchange_fixture *fixture, const char *agency,
					   const Throughcare__V1__ReferralRow **ret)
{
	Throughcare__V1__CaseloadQuery caseload = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_CASELOAD;
	query.caseload = &caseload;
	response = ask(fixture, AGENCY, agency, &query);
	assert_int_equal(response->query->n_referrals, 1);
	*ret = response->query->referrals[0];
	return response;
}

static bool has_risk(struct exchange_fixture *fixture, const char *agency, const char *code)
{
	const Throughcare__V1__ReferralRow *row;
	Throughcare__V1__Response *response = only_row(fixture, agency, &row);
	bool found = false;

	for (size_t i = 0; i < row->n_risks; i++)
		found = found || strcmp(row->risks[i], code) == 0;
	answer_free(&response);
	return found;
}

static void what_a_held_amendment_says_is_not_on_the_targets_list(void **state)
{
	Throughcare__V1__LifecycleClaim claim;
	struct exchange_fixture *fixture = *state;
	struct sent amendment = about_it("office", "home", "ReferralAmend", 51, &claim);

	put_received(fixture);
	claim.status = (char *)(uintptr_t) "AMEND";
	claim.has_urgency = 1;
	claim.urgency = THROUGHCARE__V1__URGENCY__URGENCY_URGENT;
	amendment.by_consent = true; /* that there is none of */
	put_message(fixture, &amendment);
	assert_true(has_risk(fixture, "office", "urgent"));
	assert_false(has_risk(fixture, "home", "urgent"));
}

static void what_an_agency_is_told_of_a_person_is_on_its_list_and_no_others(void **state)
{
	Throughcare__V1__LifecycleClaim claim;
	struct exchange_fixture *fixture = *state;
	struct sent news = about_it("office", "home", "RiskLevelChange", 51, &claim);

	news.referral = 0;
	put_received(fixture);
	assert_false(has_risk(fixture, "office", "high_risk"));
	claim.level = (char *)(uintptr_t) "very_high";
	news.by_consent = true; /* that there is none of */
	put_message(fixture, &news);
	assert_true(has_risk(fixture, "office", "high_risk"));
	assert_false(has_risk(fixture, "home", "high_risk"));
	news.by_consent = false;
	news.message = 52;
	put_message(fixture, &news);
	assert_true(has_risk(fixture, "home", "high_risk"));
}

static void whom_the_person_is_sent_to_instead_is_not_the_first_targets_to_know(void **state)
{
	Throughcare__V1__LifecycleClaim claim;
	struct exchange_fixture *fixture = *state;
	const Throughcare__V1__ReferralRow *row;
	Throughcare__V1__Response *response;
	struct sent sent = about_it("office", "home", "ReferralCancel", 51, &claim);

	put_received(fixture);
	claim.reason_code = (char *)(uintptr_t) "other";
	put_message(fixture, &sent);
	sent = about_it("office", "clinic", "Referral", 52, &claim);
	sent.referral = 71;
	claim.predecessor_id = number_text(70);
	put_message(fixture, &sent);
	put_collect(fixture, "home");
	response = show(fixture, "office", 70, &row);
	assert_string_equal(row->successor, number_text(71));
	answer_free(&response);
	response = show(fixture, "home", 70, &row);
	assert_null(row->successor);
	answer_free(&response);
}

/* What the former source has asked for waits for a consent: who the source is now changes nothing
 * of what the target was told. */
static void a_transfer_tells_the_target_nothing_that_was_held(void **state)
{
	Throughcare__V1__LifecycleClaim claim;
	struct exchange_fixture *fixture = *state;
	const Throughcare__V1__ReferralRow *row;
	Throughcare__V1__Response *response;
	struct sent sent = about_it("home", "office", "ReferralResponse", 51, &claim);

	put_agency(fixture, "county", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_PROBATION);
	put_received(fixture);
	claim.worker = (char *)(uintptr_t) "worker-7";
	claim.status = (char *)(uintptr_t) "RECEIVED";
	put_message(fixture, &sent);
	claim.status = (char *)(uintptr_t) "ACCEPTED";
	sent.message = 52;
	put_message(fixture, &sent);
	put_collect(fixture, "office");
	sent = about_it("office", "home", "ReferralCancel", 53, &claim);
	claim.reason_code = (char *)(uintptr_t) "moved";
	sent.by_consent = true; /* that there is none of */
	put_message(fixture, &sent);
	sent = about_it("office", "county", "SupervisionEvent", 54, &claim);
	sent.also = "home";
	sent.referral = 0;
	claim.status = (char *)(uintptr_t) "TRANSFER";
	claim.to_agency = (char *)(uintptr_t) "county";
	put_message(fixture, &sent);
	put_collect(fixture, "county");
	put_collect(fixture, "home");
	response = show(fixture, "home", 70, &row);
	assert_string_equal(row->source, "county");
	assert_string_equal(row->state, "ACCEPTED");
	answer_free(&response);
}

static void whose_move_it_is_chooses(void **state)
{
	Throughcare__V1__CaseloadQuery mine = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	put_received(fixture);
	mine.whose_move = (char *)(uintptr_t) "me";
	assert_int_equal(rows_of(fixture, "home", 10, &mine), 1);
	assert_int_equal(rows_of(fixture, "office", 10, &mine), 0);
	mine.whose_move = (char *)(uintptr_t) "them";
	assert_int_equal(rows_of(fixture, "home", 10, &mine), 0);
	assert_int_equal(rows_of(fixture, "office", 10, &mine), 1);
}

/* `count` referrals between office and home, without the messages that would make them. */
static void put_list(struct exchange_fixture *fixture, uint64_t count)
{
	struct referral referral = {.state = REFERRAL_REQUESTED, .shown = true};
	const struct case_brief brief = {.known = true, .mine = true};
	struct case_list at = {.officer = "", .team = ""};
	struct principal *office;

	memcpy(referral.source.name, "office", sizeof("office"));
	memcpy(referral.target.name, "home", sizeof("home"));
	assert_int_equal(principal_take(fixture->ledger, AGENCY, &referral.source, &office), 0);
	at.agency = office->number;
	for (uint64_t i = 0; i < count; i++) {
		referral.id = number_id(1000 + i);
		assert_int_equal(referral_put(fixture->ledger->txn, &fixture->ledger->referral,
					      &referral, true),
				 0);
		assert_int_equal(case_list_put(fixture->ledger, &at, referral.id, &brief), 0);
	}
}

static void a_list_that_is_too_long_says_how_much_of_it_was_looked_at(void **state)
{
	Throughcare__V1__CaseloadQuery all = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_CASELOAD;
	query.caseload = &all;
	put_list(fixture, CASELOAD_SCANNED_MAX);
	response = ask(fixture, AGENCY, "office", &query);
	assert_true(response->query->n_referrals > 0);
	assert_false(response->query->has_looked_at);
	answer_free(&response);
	put_list(fixture, CASELOAD_SCANNED_MAX + 1);
	response = ask(fixture, AGENCY, "office", &query);
	assert_true(response->query->has_looked_at);
	assert_int_equal(response->query->looked_at, CASELOAD_SCANNED_MAX);
	answer_free(&response);
}

static void caseloads_are_for_agencies(void **state)
{
	Throughcare__V1__CaseloadQuery all = THROUGHCARE__V1__CASELOAD_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_CASELOAD;
	query.caseload = &all;
	expect_code(*state, AUDITOR, "auditor", &query, "not_permitted");
	expect_code(*state, OPERATOR, "desk", &query, "not_permitted");
	all.whose_move = (char *)(uintptr_t) "ours";
	expect_code(*state, AGENCY, "office", &query, "field_invalid");
	expect_code(*state, AGENCY, "nobody", &query, "field_invalid");
}

int main(void)
{
#define CASELOAD_TEST(name)                                                                        \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lateness_goes_before_all_and_most_where_others_wait),
		cmocka_unit_test(what_is_nearer_is_graver_and_says_so),
		cmocka_unit_test(every_state_has_a_next_step),
		CASELOAD_TEST(a_list_is_the_agencys_own_and_pages_lose_nothing),
		CASELOAD_TEST(what_waits_for_its_target_is_not_on_the_targets_list),
		CASELOAD_TEST(what_a_held_amendment_says_is_not_on_the_targets_list),
		CASELOAD_TEST(what_an_agency_is_told_of_a_person_is_on_its_list_and_no_others),
		CASELOAD_TEST(whom_the_person_is_sent_to_instead_is_not_the_first_targets_to_know),
		CASELOAD_TEST(a_transfer_tells_the_target_nothing_that_was_held),
		CASELOAD_TEST(whose_move_it_is_chooses),
		CASELOAD_TEST(a_list_that_is_too_long_says_how_much_of_it_was_looked_at),
		CASELOAD_TEST(caseloads_are_for_agencies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
