/* When a question is answered, and what an answer holds page by page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/query/exchange_fixture.h"

#define DEADLINE_MS 10000

static void list_agencies(Throughcare__V1__Query *query, Throughcare__V1__AgencyListQuery *list)
{
	throughcare__v1__agency_list_query__init(list);
	throughcare__v1__query__init(query);
	query->body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query->agency_list = list;
}

static void it_waits_for_the_commit_and_asks_for_it(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__AgencyListQuery list;
	Throughcare__V1__Query query;
	Throughcare__V1__Response *response;
	struct bus_message message;
	uint64_t sequence;

	list_agencies(&query, &list);
	sequence = put_query(fixture, AGENCY, "home", &query);
	assert_int_equal(bus_receive(fixture->ledger_inbox, DEADLINE_MS, &message), 0);
	assert_int_equal(message.kind, BUS_COMMIT_WANTED);
	assert_int_equal(bus_receive(fixture->gateway_inbox, 0, &message), BUS_EMPTY);
	commit_all(fixture);
	response = take_answer(fixture);
	assert_int_equal(response->query->log_sequence, sequence);
	assert_int_equal(response->query->n_agencies, 3);
	assert_string_equal(response->query->agencies[0]->agency, "clinic");
	assert_string_equal(response->query->agencies[0]->kind, "treatment");
	answer_free(&response);
}

static void it_asks_again_when_the_commit_was_too_early(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__AgencyListQuery list;
	Throughcare__V1__Query query;
	Throughcare__V1__Response *response;
	struct bus_message message;
	struct bus_position *position = calloc(1, sizeof(*position));

	assert_non_null(position);
	list_agencies(&query, &list);
	put_query(fixture, AGENCY, "home", &query);
	assert_int_equal(bus_receive(fixture->ledger_inbox, DEADLINE_MS, &message), 0);
	assert_int_equal(bus_send(fixture->to_query, BUS_COMMITTED, position, DEADLINE_MS), 0);
	assert_int_equal(bus_receive(fixture->ledger_inbox, DEADLINE_MS, &message), 0);
	assert_int_equal(message.kind, BUS_COMMIT_WANTED);
	commit_all(fixture);
	response = take_answer(fixture);
	answer_free(&response);
}

static void a_question_that_waits_too_long_is_told_so(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__AgencyListQuery list;
	Throughcare__V1__Query query;
	Throughcare__V1__Response *response;

	list_agencies(&query, &list);
	put_query(fixture, AGENCY, "home", &query);
	response = take_answer(fixture);
	assert_string_equal(response->refusal->code, "busy");
	answer_free(&response);
}

static void pages_of_agencies_join(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__AgencyListQuery list;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	Throughcare__V1__Query query;
	uint8_t cursor[64];
	char seen[128] = "";

	list_agencies(&query, &list);
	query.page = &page;
	page.has_limit = 1;
	page.limit = 1;
	for (int pages = 0; pages < 4; pages++) {
		Throughcare__V1__Response *response = ask(fixture, AGENCY, "home", &query);
		const Throughcare__V1__QueryReply *reply = response->query;

		if (reply->n_agencies == 1) {
			size_t used = strlen(seen);

			(void)snprintf(seen + used, sizeof(seen) - used, "%s ",
				       reply->agencies[0]->agency);
		}
		page.has_cursor = reply->has_next_cursor;
		if (reply->has_next_cursor) {
			memcpy(cursor, reply->next_cursor.data, reply->next_cursor.len);
			page.cursor = (ProtobufCBinaryData){.len = reply->next_cursor.len,
							    .data = cursor};
		}
		answer_free(&response);
	}
	assert_string_equal(seen, "clinic home office ");
	assert_false(page.has_cursor);
}

static void a_search_does_not_find_its_own_traces(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__TrailFindQuery find = THROUGHCARE__V1__TRAIL_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	uint8_t cursor[64];
	size_t rows = 0;
	int pages = 0;

	for (uint64_t i = 0; i < 5; i++)
		put_consent(fixture, 60, 80 + 2 * i, "clinic", "home");
	find.subject = number_text(60);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_FIND;
	query.trail_find = &find;
	query.page = &page;
	page.has_limit = 1;
	page.limit = 1;
	do {
		Throughcare__V1__Response *response = ask(fixture, AUDITOR, "auditor", &query);
		const Throughcare__V1__QueryReply *reply = response->query;

		rows += reply->n_trail;
		page.has_cursor = reply->has_next_cursor;
		if (reply->has_next_cursor) {
			memcpy(cursor, reply->next_cursor.data, reply->next_cursor.len);
			page.cursor = (ProtobufCBinaryData){.len = reply->next_cursor.len,
							    .data = cursor};
		}
		answer_free(&response);
		assert_true(++pages < 50);
	} while (page.has_cursor);
	assert_true(rows >= 5);
}

static void bad_questions_get_their_code(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__ReferralShowQuery show = THROUGHCARE__V1__REFERRAL_SHOW_QUERY__INIT;
	Throughcare__V1__CertificateQuery certificate = THROUGHCARE__V1__CERTIFICATE_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	Throughcare__V1__AgencyListQuery list;
	uint8_t digest[32] = {0};

	expect_code(fixture, AGENCY, "home", &query, "malformed");
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_SHOW;
	query.referral_show = &show;
	expect_code(fixture, AGENCY, "home", &query, "field_missing");
	show.referral_id = (char *)(uintptr_t) "no id";
	expect_code(fixture, AGENCY, "home", &query, "field_invalid");
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CERTIFICATE;
	query.certificate = &certificate;
	expect_code(fixture, AGENCY, "home", &query, "field_missing");
	certificate.has_sha256 = 1;
	certificate.sha256 = (ProtobufCBinaryData){.len = 31, .data = digest};
	expect_code(fixture, AGENCY, "home", &query, "field_invalid");
	certificate.sha256.len = 32;
	expect_code(fixture, AGENCY, "home", &query, "not_found");
	list_agencies(&query, &list);
	query.page = &page;
	page.has_cursor = 1;
	page.cursor = (ProtobufCBinaryData){.len = 3, .data = (uint8_t *)(uintptr_t) "A B"};
	expect_code(fixture, AGENCY, "home", &query, "field_invalid");
}

int main(void)
{
#define QUERY_TEST(name)                                                                           \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		QUERY_TEST(it_waits_for_the_commit_and_asks_for_it),
		QUERY_TEST(it_asks_again_when_the_commit_was_too_early),
		cmocka_unit_test_setup_teardown(a_question_that_waits_too_long_is_told_so,
						exchange_fixture_setup_hasty,
						exchange_fixture_teardown),
		QUERY_TEST(pages_of_agencies_join),
		QUERY_TEST(a_search_does_not_find_its_own_traces),
		QUERY_TEST(bad_questions_get_their_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
