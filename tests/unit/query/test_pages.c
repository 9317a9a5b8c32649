/* Where a page ends tells nothing (P7): it is cut at rows that the asker sees, and goes on only to
 * such rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/query/exchange_fixture.h"

#define HOUSING  THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING
#define REFERRAL THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT

/* Asks for pages of one row until there is no further one. */
struct pages {
	size_t rows;
	size_t pages;
};

static struct pages turn(struct exchange_fixture *fixture, const char *id,
			 Throughcare__V1__Query *query)
{
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	struct pages turned = {0};
	struct tc_bytes cursor = {0};

	page.has_limit = 1;
	page.limit = 1;
	query->page = &page;
	do {
		Throughcare__V1__Response *response = ask(fixture, AGENCY, id, query);
		Throughcare__V1__QueryReply *reply = response->query;

		assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
		turned.rows +=
			reply->n_consents + reply->n_referrals + reply->n_trail + reply->n_services;
		turned.pages++;
		assert_true(turned.pages < 20);
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
	query->page = NULL;
	return turned;
}

static void expect_pages(struct exchange_fixture *fixture, const char *id,
			 Throughcare__V1__Query *query, size_t rows)
{
	struct pages turned = turn(fixture, id, query);

	assert_int_equal(turned.rows, rows);
	assert_int_equal(turned.pages, rows ? rows : 1);
}

static void others_consents_end_no_page(void **state)
{
	Throughcare__V1__ConsentListQuery list = THROUGHCARE__V1__CONSENT_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	put_consent(fixture, 60, 80, "office", "clinic");
	put_consent(fixture, 60, 82, "clinic", "home");
	put_consent(fixture, 60, 84, "office", "clinic");
	list.subject = number_text(60);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_LIST;
	query.consent_list = &list;
	expect_pages(fixture, "office", &query, 3);
	expect_pages(fixture, "clinic", &query, 1);
	expect_pages(fixture, "home", &query, 0);
	list.subject = number_text(61);
	expect_pages(fixture, "home", &query, 0);
}

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

static void a_referral_on_its_way_ends_no_page(void **state)
{
	Throughcare__V1__ReferralListQuery list = THROUGHCARE__V1__REFERRAL_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	put_referral(fixture, 50, "office", "home");
	put_referral(fixture, 51, "home", "office");
	put_referral(fixture, 52, "office", "home");
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_LIST;
	query.referral_list = &list;
	expect_pages(fixture, "office", &query, 2);
	expect_pages(fixture, "home", &query, 1);
	expect_pages(fixture, "clinic", &query, 0);
	put_collect(fixture, "home");
	expect_pages(fixture, "home", &query, 3);
}

static void put_note(struct exchange_fixture *fixture, uint64_t message, bool by_consent)
{
	put_message(fixture, &(struct sent){.sender = "home",
					    .to = "office",
					    .type = "HousingNote",
					    .message = message,
					    .subject = 60,
					    .category = HOUSING,
					    .by_consent = by_consent});
}

static void rows_about_others_end_no_page(void **state)
{
	Throughcare__V1__TrailFindQuery find = THROUGHCARE__V1__TRAIL_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	put_note(fixture, 50, false);
	put_collect(fixture, "office");
	put_note(fixture, 51, true);
	put_note(fixture, 52, true);
	find.subject = number_text(60);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_FIND;
	query.trail_find = &find;
	/* The two others are held for it. */
	expect_pages(fixture, "office", &query, 1);
	expect_pages(fixture, "clinic", &query, 0);
	assert_true(turn(fixture, "home", &query).rows > 3);
}

static void services_come_in_pages_and_none_is_left_out(void **state)
{
	Throughcare__V1__ServiceFindQuery find = THROUGHCARE__V1__SERVICE_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	put_service(fixture, "rooms", "home", "housing");
	put_service(fixture, "flats", "home", "housing");
	put_service(fixture, "beds", "clinic", "housing");
	put_service(fixture, "detox", "clinic", "detox");
	put_agency(fixture, "shelter", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	put_service(fixture, "dorm", "shelter", "housing");
	put_suspended(fixture, "shelter", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_HOUSING);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_SERVICE_FIND;
	query.service_find = &find;
	assert_int_equal(turn(fixture, "office", &query).rows, 4);
	find.need = (char *)(uintptr_t) "housing";
	assert_int_equal(turn(fixture, "office", &query).rows, 3);
	find.near = (char *)(uintptr_t) "anywhere";
	assert_int_equal(turn(fixture, "office", &query).rows, 3);
}

/* The cursor behind the first of an agency's feeds. */
static struct tc_bytes first_feed(struct exchange_fixture *fixture, const char *id)
{
	Throughcare__V1__FeedListQuery list = THROUGHCARE__V1__FEED_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	Throughcare__V1__Response *response;
	struct tc_bytes cursor = {0};

	page.has_limit = 1;
	page.limit = 1;
	query.page = &page;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_FEED_LIST;
	query.feed_list = &list;
	response = ask(fixture, AGENCY, id, &query);
	assert_int_equal(response->query->n_feeds, 1);
	assert_true(response->query->has_next_cursor);
	assert_int_equal(tc_bytes_append(&cursor, response->query->next_cursor.data,
					 response->query->next_cursor.len),
			 0);
	answer_free(&response);
	return cursor;
}

static void a_cursor_names_nobody_elses_feed(void **state)
{
	struct exchange_fixture *fixture = *state;
	struct tc_bytes before, after;

	put_note(fixture, 50, false); /* from home to office */
	put_referral(fixture, 51, "office", "home");
	put_collect(fixture, "office");
	put_collect(fixture, "home");
	before = first_feed(fixture, "office");
	put_referral(fixture, 52, "home", "clinic");
	put_collect(fixture, "clinic");
	after = first_feed(fixture, "office");
	assert_true(tc_slice_equal(tc_bytes_slice(&before), tc_bytes_slice(&after)));
	tc_bytes_free(&before);
	tc_bytes_free(&after);
}

int main(void)
{
#define PAGE_TEST(name)                                                                            \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		PAGE_TEST(others_consents_end_no_page),
		PAGE_TEST(a_referral_on_its_way_ends_no_page),
		PAGE_TEST(rows_about_others_end_no_page),
		PAGE_TEST(a_cursor_names_nobody_elses_feed),
		PAGE_TEST(services_come_in_pages_and_none_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
