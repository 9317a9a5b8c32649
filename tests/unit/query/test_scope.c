/* What an auditor with a scope gets: only what lies within it, whatever it asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/scope.h"
#include "unit/query/exchange_fixture.h"

#define HOUSING     THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING
#define REFERRAL    THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT
#define CASE(name)  THROUGHCARE__V1__QUERY__BODY_##name
#define TEXT(value) ((char *)(uintptr_t)(value))
#define BOB         "bob"

/* Two persons: 60 is told of between home and office, 61 between clinic and home. */
static void tell(struct exchange_fixture *fixture)
{
	put_message(fixture, &(struct sent){.sender = "home",
					    .to = "office",
					    .type = "HousingNote",
					    .message = 50,
					    .subject = 60,
					    .category = HOUSING});
	put_message(fixture, &(struct sent){.sender = "clinic",
					    .to = "home",
					    .type = "Referral",
					    .message = 51,
					    .subject = 61,
					    .referral = 71,
					    .category = REFERRAL});
	put_consent(fixture, 60, 80, "office", "clinic");
	put_consent(fixture, 61, 82, "clinic", "home");
	put_collect(fixture, "office");
}

static void limit(struct exchange_fixture *fixture, const char *subject, const char *agency,
		  bool content)
{
	Throughcare__V1__AuditorScope scope = THROUGHCARE__V1__AUDITOR_SCOPE__INIT;
	char *subjects[] = {TEXT(subject)}, *agencies[] = {TEXT(agency)};

	scope.auditor = TEXT(BOB);
	scope.subjects = subjects;
	scope.n_subjects = subject != NULL;
	scope.agencies = agencies;
	scope.n_agencies = agency != NULL;
	scope.granted_by = TEXT("letter 12");
	scope.has_content = 1;
	scope.content = content;
	put_scope(fixture, &scope);
}

static void init_find(Throughcare__V1__Query *query, Throughcare__V1__TrailFindQuery *find)
{
	throughcare__v1__query__init(query);
	throughcare__v1__trail_find_query__init(find);
	query->body_case = CASE(TRAIL_FIND);
	query->trail_find = find;
}

static void only_rows_within_the_scope_are_there(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__TrailFindQuery find;
	Throughcare__V1__Query query;
	Throughcare__V1__Response *response;

	tell(fixture);
	limit(fixture, number_text(60), NULL, false);
	init_find(&query, &find);
	response = ask(fixture, AUDITOR, BOB, &query);
	assert_true(response->query->n_trail > 2);
	for (size_t i = 0; i < response->query->n_trail; i++)
		assert_string_equal(response->query->trail[i]->subject, number_text(60));
	answer_free(&response);
	/* Another auditor has no scope and sees both. */
	find.subject = number_text(61);
	expect_code(fixture, AUDITOR, "alice", &query, "");
	expect_code(fixture, AUDITOR, BOB, &query, "out_of_scope");
}

static void a_scope_of_agencies_holds_for_either_side(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__TrailFindQuery find;
	Throughcare__V1__Query query;
	Throughcare__V1__Response *response;
	bool sent = false, received = false;

	tell(fixture);
	limit(fixture, NULL, "office", false);
	init_find(&query, &find);
	response = ask(fixture, AUDITOR, BOB, &query);
	for (size_t i = 0; i < response->query->n_trail; i++) {
		const Throughcare__V1__TrailRow *row = response->query->trail[i];
		bool by = row->agency && strcmp(row->agency, "office") == 0;
		bool to = row->recipient && strcmp(row->recipient, "office") == 0;

		assert_true(by || to);
		sent |= by;
		received |= to;
	}
	assert_true(sent && received);
	answer_free(&response);
	find.agency = TEXT("clinic");
	expect_code(fixture, AUDITOR, BOB, &query, "out_of_scope");
}

static void referrals_and_consents_of_others_are_not_there(void **state)
{
	Throughcare__V1__ReferralListQuery referrals = THROUGHCARE__V1__REFERRAL_LIST_QUERY__INIT;
	Throughcare__V1__ReferralShowQuery referral = THROUGHCARE__V1__REFERRAL_SHOW_QUERY__INIT;
	Throughcare__V1__ConsentShowQuery consent = THROUGHCARE__V1__CONSENT_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	tell(fixture);
	limit(fixture, number_text(60), NULL, false);
	query.body_case = CASE(REFERRAL_LIST);
	query.referral_list = &referrals;
	response = ask(fixture, AUDITOR, BOB, &query);
	assert_int_equal(response->query->n_referrals, 0);
	answer_free(&response);
	query.body_case = CASE(REFERRAL_SHOW);
	query.referral_show = &referral;
	referral.referral_id = number_text(71);
	expect_code(fixture, AUDITOR, BOB, &query, "not_found");
	query.body_case = CASE(CONSENT_SHOW);
	query.consent_show = &consent;
	consent.id = number_text(80);
	expect_code(fixture, AUDITOR, BOB, &query, "");
	consent.id = number_text(82);
	expect_code(fixture, AUDITOR, BOB, &query, "not_found");
	consent.id = number_text(83); /* its grant */
	expect_code(fixture, AUDITOR, BOB, &query, "not_found");
}

static void content_is_shown_only_where_the_scope_says_so(void **state)
{
	Throughcare__V1__MessageShowQuery show = THROUGHCARE__V1__MESSAGE_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	tell(fixture);
	query.body_case = CASE(MESSAGE_SHOW);
	query.message_show = &show;
	show.message_id = number_text(50);
	expect_code(fixture, AUDITOR, BOB, &query, "not_permitted");
	limit(fixture, number_text(60), NULL, false);
	expect_code(fixture, AUDITOR, BOB, &query, "not_permitted");
	limit(fixture, number_text(60), NULL, true);
	response = ask(fixture, AUDITOR, BOB, &query);
	assert_int_equal(response->query->message->n_parts, 1);
	answer_free(&response);
	show.message_id = number_text(51);
	expect_code(fixture, AUDITOR, BOB, &query, "not_found");
	expect_code(fixture, AUDITOR, "alice", &query, "not_permitted");
}

static void a_scope_that_has_ended_shows_nothing(void **state)
{
	Throughcare__V1__AuditorScope scope = THROUGHCARE__V1__AUDITOR_SCOPE__INIT;
	Google__Protobuf__Timestamp ended = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__TrailFindQuery find;
	Throughcare__V1__Query query;

	tell(fixture);
	scope.auditor = TEXT(BOB);
	scope.granted_by = TEXT("letter 12");
	scope.ends_at = &ended;
	put_scope(fixture, &scope);
	init_find(&query, &find);
	expect_code(fixture, AUDITOR, BOB, &query, "out_of_scope");
}

/* Each kind either has rows that are cut to the scope, or tells nothing of people, or is refused.
 */
static void no_kind_of_question_was_forgotten(void **state)
{
	static const Throughcare__V1__Query__BodyCase cut[] = {
		CASE(AGENCY_LIST),   CASE(EXCHANGE_STATUS),   CASE(CERTIFICATE),
		CASE(POLICY_SHOW),   CASE(TRAIL_PROOF),       CASE(TRAIL_CHECKPOINT),
		CASE(TRAIL_TILES),   CASE(TRAIL_CONSISTENCY), CASE(SCOPE_LIST),
		CASE(STANDING_LIST), CASE(TRAIL_FIND),        CASE(TRAIL_WHY),
		CASE(REFERRAL_LIST), CASE(REFERRAL_SHOW),     CASE(CONSENT_LIST),
		CASE(CONSENT_SHOW),  CASE(MESSAGE_SHOW),      CASE(ACCOUNTING),
		CASE(USER_POLICY),
	};
	Throughcare__V1__AuditorScope said = THROUGHCARE__V1__AUDITOR_SCOPE__INIT;
	struct scope scope = {.said = &said, .until_ms = 1, .ends_ms = INT64_MAX};
	const ProtobufCMessageDescriptor *type = &throughcare__v1__query__descriptor;

	(void)state;
	said.has_content = said.content = 1;
	for (unsigned i = 0; i < type->n_fields; i++) {
		Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
		ProtobufCMessage *body = calloc(1, 512);
		bool known = false;

		assert_non_null(body);
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
			free(body);
			continue;
		}
		assert_true(
			((const ProtobufCMessageDescriptor *)field->descriptor)->sizeof_message <=
			512);
		protobuf_c_message_init(field->descriptor, body);
		query.body_case = (Throughcare__V1__Query__BodyCase)field->id;
		query.trail_find = (Throughcare__V1__TrailFindQuery *)body;
		for (size_t k = 0; k < sizeof(cut) / sizeof(cut[0]); k++)
			known |= cut[k] == query.body_case;
		assert_int_equal(scope_check(&scope, AUDITOR, &query, 0, &refusal),
				 known ? 0 : SCOPE_REFUSED);
		free(body);
	}
}

int main(void)
{
#define SCOPE_TEST(name)                                                                           \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		SCOPE_TEST(only_rows_within_the_scope_are_there),
		SCOPE_TEST(a_scope_of_agencies_holds_for_either_side),
		SCOPE_TEST(referrals_and_consents_of_others_are_not_there),
		SCOPE_TEST(content_is_shown_only_where_the_scope_says_so),
		SCOPE_TEST(a_scope_that_has_ended_shows_nothing),
		cmocka_unit_test(no_kind_of_question_was_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
