/* Why it was released, and what if: the chain behind decisions, and decisions taken again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consent/policy.h"
#include "unit/query/exchange_fixture.h"

#define ATTENDANCE THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE
#define NOTES      THROUGHCARE__V1__CATEGORY__CATEGORY_SUD_COUNSELLING_NOTES

/* The clinic tells the office of an attendance, and of what no consent covers. */
static void put_attendance(struct exchange_fixture *fixture, uint64_t message)
{
	put_message(fixture, &(struct sent){.sender = "clinic",
					    .to = "office",
					    .type = "AttendanceRecord",
					    .message = message,
					    .subject = 60,
					    .category = ATTENDANCE,
					    .second = "secret",
					    .by_consent = true});
}

static Throughcare__V1__Response *ask_why(struct exchange_fixture *fixture,
					  Throughcare__V1__PeerKind kind, const char *id,
					  uint64_t message)
{
	Throughcare__V1__TrailWhyQuery why = THROUGHCARE__V1__TRAIL_WHY_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	why.message_id = number_text(message);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_WHY;
	query.trail_why = &why;
	return ask(fixture, kind, id, &query);
}

/* The first reason of that event. */
static const Throughcare__V1__ReasonRow *reason_of(const Throughcare__V1__Response *response,
						   const char *event)
{
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	for (size_t i = 0; i < response->query->n_reasons; i++) {
		if (strcmp(response->query->reasons[i]->event, event) == 0)
			return response->query->reasons[i];
	}
	fail_msg("no reason for %s", event);
	return NULL;
}

static void an_auditor_sees_the_whole_chain(void **state)
{
	struct exchange_fixture *fixture = *state;
	const Throughcare__V1__ReasonRow *reason;
	Throughcare__V1__Response *response;

	put_attendance(fixture, 50);
	put_consent(fixture, 60, 80, "clinic home", "office");
	put_collect(fixture, "office");
	response = ask_why(fixture, AUDITOR, "auditor", 50);
	reason = reason_of(response, "held");
	assert_string_equal(reason->code, "consent_missing");
	assert_int_equal(reason->n_released, 0);
	assert_int_equal(reason->n_withheld, 2);
	reason_of(response, "unheld");
	reason = reason_of(response, "release");
	assert_int_equal(reason->n_released, 1);
	assert_int_equal(reason->released[0], ATTENDANCE);
	assert_int_equal(reason->n_withheld, 1);
	assert_int_equal(reason->withheld[0], NOTES);
	assert_true(reason->n_rule_ids >= 1 && reason->n_rule_ids == reason->n_cites);
	assert_int_equal(reason->n_grants, 1);
	assert_string_equal(reason->grants[0]->grant_id, number_text(81));
	assert_string_equal(reason->grants[0]->consent_id, number_text(80));
	assert_string_equal(reason->grants[0]->status, "active");
	assert_int_equal(reason->grants[0]->n_disclosers, 2);
	assert_int_equal(reason->grants[0]->document_sha256.len, 32);
	assert_string_equal(reason->today, "permit_parts");
	assert_int_equal(reason->n_today_withheld, 0);
	assert_true(reason->policy_version >= 1);
	answer_free(&response);
}

static void a_sender_sees_its_own_pair(void **state)
{
	struct exchange_fixture *fixture = *state;
	const Throughcare__V1__ReasonRow *reason;
	Throughcare__V1__Response *response;

	put_consent(fixture, 60, 80, "clinic home", "office home");
	put_attendance(fixture, 50);
	put_collect(fixture, "office");
	response = ask_why(fixture, AGENCY, "clinic", 50);
	reason_of(response, "submission");
	reason = reason_of(response, "release");
	assert_int_equal(reason->n_withheld, 1);
	assert_int_equal(reason->grants[0]->n_disclosers, 1);
	assert_string_equal(reason->grants[0]->disclosers[0], "clinic");
	assert_int_equal(reason->grants[0]->n_recipients, 1);
	assert_string_equal(reason->grants[0]->recipients[0], "office");
	assert_non_null(reason->today);
	answer_free(&response);
}

static void a_recipient_sees_what_it_got_and_no_more(void **state)
{
	struct exchange_fixture *fixture = *state;
	const Throughcare__V1__ReasonRow *reason;
	Throughcare__V1__Response *response;

	put_attendance(fixture, 50);
	put_consent(fixture, 60, 80, "clinic", "office");
	put_collect(fixture, "office");
	response = ask_why(fixture, AGENCY, "office", 50);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	assert_int_equal(response->query->n_reasons, 1);
	reason = reason_of(response, "release");
	assert_int_equal(reason->n_released, 1);
	assert_int_equal(reason->n_withheld, 0);
	assert_int_equal(reason->n_rule_ids, 1);
	assert_null(reason->code);
	assert_null(reason->today);
	assert_null(reason->grants[0]->status);
	answer_free(&response);
}

static void expect_nothing(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			   const char *id, uint64_t message, const char *code)
{
	Throughcare__V1__Response *response = ask_why(fixture, kind, id, message);

	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_REFUSAL);
	assert_string_equal(response->refusal->code, code);
	answer_free(&response);
}

static void why_of_others_is_like_why_of_nothing(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_attendance(fixture, 50);
	expect_nothing(fixture, AGENCY, "office", 50, "not_found");
	expect_nothing(fixture, AGENCY, "home", 50, "not_found");
	expect_nothing(fixture, AGENCY, "home", 51, "not_found");
	expect_nothing(fixture, AUDITOR, "auditor", 51, "not_found");
	expect_nothing(fixture, OPERATOR, "desk", 50, "not_permitted");
}

/* ---- what if ---- */

static Throughcare__V1__Response *ask_what_if(struct exchange_fixture *fixture,
					      Throughcare__V1__PeerKind kind, const char *id,
					      Throughcare__V1__TrailWhatIfQuery *asked)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_WHAT_IF;
	query.trail_what_if = asked;
	return ask(fixture, kind, id, &query);
}

static void without_a_consent_what_it_let_go_would_be_held(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	const Throughcare__V1__DifferenceRow *row;
	Throughcare__V1__Response *response;

	put_consent(fixture, 60, 80, "clinic", "office");
	put_attendance(fixture, 50);
	put_collect(fixture, "office");
	for (uint64_t id = 80; id <= 81; id++) {
		asked.revoke_id = number_text(id);
		response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
		assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
		assert_int_equal(response->query->examined, 1);
		assert_int_equal(response->query->n_differences, 1);
		row = response->query->differences[0];
		assert_string_equal(row->message_id, number_text(50));
		assert_string_equal(row->was, "permit_parts");
		assert_string_equal(row->would_be, "hold");
		assert_string_equal(row->code, "consent_revoked");
		assert_int_equal(row->n_no_longer, 1);
		assert_int_equal(row->no_longer[0], ATTENDANCE);
		assert_string_equal(row->subject, number_text(60));
		answer_free(&response);
	}
	asked.revoke_id = number_text(99);
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_string_equal(response->refusal->code, "not_found");
	answer_free(&response);
}

static void a_consent_of_many_versions_is_taken_away_as_a_whole(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	for (uint32_t version = 1; version <= 300; version++)
		put_version(fixture, 60, 80, version, "clinic", "office");
	put_attendance(fixture, 50);
	put_collect(fixture, "office");
	asked.revoke_id = number_text(80);
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	assert_int_equal(response->query->n_differences, 1);
	answer_free(&response);
}

static void a_consent_of_another_person_is_no_answer_about_this_one(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	put_consent(fixture, 60, 80, "clinic", "office");
	asked.revoke_id = number_text(80);
	asked.subject = number_text(61);
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_REFUSAL);
	assert_string_equal(response->refusal->code, "field_invalid");
	answer_free(&response);
}

static void what_a_suspended_agency_sent_would_not_go_today(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	put_consent(fixture, 60, 80, "clinic", "office");
	put_attendance(fixture, 50);
	put_collect(fixture, "office");
	put_suspended(fixture, "clinic", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_TREATMENT);
	response = ask_why(fixture, AUDITOR, "auditor", 50);
	assert_string_equal(reason_of(response, "release")->today, "hold");
	answer_free(&response);
}

static void another_time_is_another_decision(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	Google__Protobuf__Timestamp long_after = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	put_consent(fixture, 60, 80, "clinic", "office");
	put_attendance(fixture, 50);
	put_collect(fixture, "office");
	long_after.seconds = 4000000000;
	asked.at = &long_after;
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_int_equal(response->query->n_differences, 1);
	assert_string_equal(response->query->differences[0]->code, "consent_expired");
	answer_free(&response);
}

static void under_the_same_policy_nothing_differs(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	put_attendance(fixture, 50);
	put_consent(fixture, 60, 80, "clinic", "office");
	put_collect(fixture, "office");
	asked.has_policy = 1;
	asked.policy.len = policy_default().len;
	asked.policy.data = (uint8_t *)(uintptr_t)policy_default().data;
	response = ask_what_if(fixture, OPERATOR, "desk", &asked);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	assert_int_equal(response->query->examined, 2);
	assert_int_equal(response->query->n_differences, 0);
	answer_free(&response);
}

static void what_if_is_for_auditors_and_for_operators_without_persons(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	put_consent(fixture, 60, 80, "clinic", "office");
	put_attendance(fixture, 50);
	put_collect(fixture, "office");
	at.seconds = 4000000000;
	asked.at = &at;
	response = ask_what_if(fixture, AGENCY, "clinic", &asked);
	assert_string_equal(response->refusal->code, "not_permitted");
	answer_free(&response);
	response = ask_what_if(fixture, OPERATOR, "desk", &asked);
	assert_int_equal(response->query->n_differences, 1);
	assert_null(response->query->differences[0]->subject);
	answer_free(&response);
	asked.subject = number_text(60);
	response = ask_what_if(fixture, OPERATOR, "desk", &asked);
	assert_string_equal(response->refusal->code, "not_permitted");
	answer_free(&response);
	asked.subject = NULL;
	asked.at = NULL;
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_string_equal(response->refusal->code, "field_missing");
	answer_free(&response);
}

static void a_decision_is_taken_again_by_the_kinds_of_then(void **state)
{
	Throughcare__V1__TrailWhatIfQuery asked = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;

	/* Of housing an operational note goes on no consent; of treatment it does not. */
	put_message(fixture, &(struct sent){.sender = "home",
					    .to = "office",
					    .type = "AttendanceRecord",
					    .message = 50,
					    .subject = 60,
					    .category = ATTENDANCE});
	put_collect(fixture, "office");
	at.seconds = 4000000000;
	asked.at = &at;
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_int_equal(response->query->examined, 1);
	assert_int_equal(response->query->n_differences, 0);
	answer_free(&response);
	put_agency(fixture, "home", THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_TREATMENT);
	response = ask_why(fixture, AUDITOR, "auditor", 50);
	assert_string_equal(reason_of(response, "release")->today, "deny");
	answer_free(&response);
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_int_equal(response->query->n_differences, 1);
	assert_string_equal(response->query->differences[0]->would_be, "deny");
	answer_free(&response);
	/* A consent that it did not rest on changes nothing, whatever kind the sender is now. */
	put_consent(fixture, 60, 80, "clinic", "office");
	asked.at = NULL;
	asked.revoke_id = number_text(80);
	response = ask_what_if(fixture, AUDITOR, "auditor", &asked);
	assert_int_equal(response->query->examined, 1);
	assert_int_equal(response->query->n_differences, 0);
	answer_free(&response);
}

/* ---- policies ---- */

static void everybody_reads_the_policy_in_force(void **state)
{
	static const struct {
		Throughcare__V1__PeerKind kind;
		const char *id;
	} who[] = {{AGENCY, "home"}, {AUDITOR, "auditor"}, {OPERATOR, "desk"}};
	Throughcare__V1__PolicyShowQuery show = THROUGHCARE__V1__POLICY_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange_fixture *fixture = *state;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_POLICY_SHOW;
	query.policy_show = &show;
	for (size_t i = 0; i < 3; i++) {
		Throughcare__V1__Response *response = ask(fixture, who[i].kind, who[i].id, &query);
		const Throughcare__V1__PolicyRow *row = response->query->policies[0];

		assert_int_equal(response->query->n_policies, 1);
		assert_int_equal(row->policy.len, policy_default().len);
		assert_memory_equal(row->policy.data, policy_default().data, row->policy.len);
		assert_int_equal(row->sha256.len, 32);
		answer_free(&response);
	}
	show.has_version = 1;
	show.version = 4711;
	expect_code(fixture, AGENCY, "home", &query, "not_found");
}

int main(void)
{
#define EXPLAIN_TEST(name)                                                                         \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		EXPLAIN_TEST(an_auditor_sees_the_whole_chain),
		EXPLAIN_TEST(a_sender_sees_its_own_pair),
		EXPLAIN_TEST(a_recipient_sees_what_it_got_and_no_more),
		EXPLAIN_TEST(why_of_others_is_like_why_of_nothing),
		EXPLAIN_TEST(without_a_consent_what_it_let_go_would_be_held),
		EXPLAIN_TEST(a_consent_of_many_versions_is_taken_away_as_a_whole),
		EXPLAIN_TEST(a_consent_of_another_person_is_no_answer_about_this_one),
		EXPLAIN_TEST(what_a_suspended_agency_sent_would_not_go_today),
		EXPLAIN_TEST(another_time_is_another_decision),
		EXPLAIN_TEST(under_the_same_policy_nothing_differs),
		EXPLAIN_TEST(a_decision_is_taken_again_by_the_kinds_of_then),
		EXPLAIN_TEST(what_if_is_for_auditors_and_for_operators_without_persons),
		EXPLAIN_TEST(everybody_reads_the_policy_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
