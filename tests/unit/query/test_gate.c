/* Who is told what (P7): each question by each kind of peer, on real stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/gate.h"
#include "unit/query/exchange_fixture.h"

#define HOUSING  THROUGHCARE__V1__CATEGORY__CATEGORY_HOUSING
#define REFERRAL THROUGHCARE__V1__CATEGORY__CATEGORY_REFERRAL_FACT

static void what_no_rule_allows_is_not_permitted(void **state)
{
	(void)state;
	for (int body = 0; body < 200; body++) {
		Throughcare__V1__Query__BodyCase asked = (Throughcare__V1__Query__BodyCase)body;

		assert_int_equal(
			asking_scope(THROUGHCARE__V1__PEER_KIND__PEER_KIND_UNSPECIFIED, asked),
			GATE_NOTHING);
		assert_int_equal(
			asking_scope(THROUGHCARE__V1__PEER_KIND__PEER_KIND_EXCHANGE, asked),
			GATE_NOTHING);
		if (body < THROUGHCARE__V1__QUERY__BODY_REFERRAL_LIST ||
		    (body > THROUGHCARE__V1__QUERY__BODY_ACCEPTANCE_LIST &&
		     body < THROUGHCARE__V1__QUERY__BODY_TRAIL_PROOF))
			assert_int_equal(asking_scope(AGENCY, asked), GATE_NOTHING);
	}
	assert_int_equal(asking_scope(AGENCY, THROUGHCARE__V1__QUERY__BODY_TRAIL_WHAT_IF),
			 GATE_NOTHING);
	assert_int_equal(asking_scope(OPERATOR, THROUGHCARE__V1__QUERY__BODY_TRAIL_WHY),
			 GATE_NOTHING);
	assert_int_equal(asking_scope(OPERATOR, THROUGHCARE__V1__QUERY__BODY_MESSAGE_SHOW),
			 GATE_NOTHING);
}

/* Its row names whose move it is, who may not know of it. */
static void a_clock_that_ran_out_is_no_agencys_row(void **state)
{
	struct question question = {.scope = GATE_OWN};
	Throughcare__V1__TrailRow row;

	(void)state;
	assert_true(tc_agency_parse(tc_slice_text("parole"), &question.asker));
	throughcare__v1__trail_row__init(&row);
	row.event = (char *)(uintptr_t) "clock";
	row.agency = (char *)(uintptr_t) "parole";
	assert_false(gate_trail_row(&question, &row));
	question.scope = GATE_ALL;
	assert_true(gate_trail_row(&question, &row));
}

/* A release from one agency to another, with all that the trail has of it. */
static void release_row(Throughcare__V1__TrailRow *row)
{
	static char *texts[] = {"first"};

	throughcare__v1__trail_row__init(row);
	row->event = "release";
	row->agency = "treatment";
	row->recipient = "parole";
	row->subject = row->referral_id = row->basis = row->proceeding_id = "an id";
	row->reference = row->actor = row->code = row->legal_basis = "a text";
	row->rule_ids = row->grants = row->notices = row->redisclosure = texts;
	row->n_rule_ids = row->n_grants = row->n_notices = row->n_redisclosure = 1;
	row->withheld_categories = row->categories = texts;
	row->n_withheld_categories = row->n_categories = 1;
	row->has_terms_sha256 = row->has_purpose = 1;
}

static void an_operator_learns_no_grant_and_no_case_from_the_trail(void **state)
{
	struct question question = {.scope = GATE_NO_PERSONS};
	Throughcare__V1__TrailRow row;

	(void)state;
	release_row(&row);
	assert_true(gate_trail_row(&question, &row));
	assert_null(row.subject);
	assert_null(row.referral_id);
	assert_null(row.basis);
	assert_null(row.actor);
	assert_null(row.proceeding_id);
	assert_null(row.reference);
	assert_int_equal(row.n_grants, 0);
	assert_int_equal(row.n_rule_ids, 1);
	assert_int_equal(row.n_notices, 1);
}

static void a_recipient_learns_its_terms_but_not_what_was_kept_back(void **state)
{
	struct question question = {.scope = GATE_OWN};
	Throughcare__V1__TrailRow row;

	(void)state;
	release_row(&row);
	memcpy(question.asker.name, "parole", sizeof("parole"));
	assert_true(gate_trail_row(&question, &row));
	assert_int_equal(row.n_withheld_categories, 0);
	assert_int_equal(row.n_rule_ids, 0);
	assert_null(row.code);
	assert_int_equal(row.n_grants, 1);
	assert_int_equal(row.n_redisclosure, 1);
	assert_true(row.has_terms_sha256);
	memcpy(question.asker.name, "court", sizeof("court"));
	assert_false(gate_trail_row(&question, &row));
}

static Throughcare__V1__Response *show_message(struct exchange_fixture *fixture,
					       Throughcare__V1__PeerKind kind, const char *id,
					       uint64_t message)
{
	Throughcare__V1__MessageShowQuery show = THROUGHCARE__V1__MESSAGE_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	show.message_id = number_text(message);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_MESSAGE_SHOW;
	query.message_show = &show;
	return ask(fixture, kind, id, &query);
}

static void expect_parts(struct exchange_fixture *fixture, const char *id, uint64_t message,
			 size_t parts)
{
	Throughcare__V1__Response *response = show_message(fixture, AGENCY, id, message);

	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	assert_non_null(response->query->message);
	assert_int_equal(response->query->message->n_parts, parts);
	assert_memory_equal(response->query->message->parts[0]->content.data, "first part", 10);
	answer_free(&response);
}

static void expect_no_message(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			      const char *id, uint64_t message, const char *code)
{
	Throughcare__V1__Response *response = show_message(fixture, kind, id, message);

	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_REFUSAL);
	assert_string_equal(response->refusal->code, code);
	answer_free(&response);
}

static void a_message_is_shown_as_it_was_sent_or_released(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_message(fixture, &(struct sent){.sender = "home",
					    .to = "office",
					    .type = "HousingNote",
					    .message = 50,
					    .subject = 60,
					    .category = HOUSING,
					    .second = "secret"});
	expect_parts(fixture, "home", 50, 2);
	expect_no_message(fixture, AGENCY, "office", 50, "not_found");
	put_collect(fixture, "office");
	expect_parts(fixture, "office", 50, 1);
	expect_parts(fixture, "home", 50, 2);
	expect_no_message(fixture, AGENCY, "clinic", 50, "not_found");
	expect_no_message(fixture, AGENCY, "clinic", 51, "not_found");
	expect_no_message(fixture, AUDITOR, "auditor", 50, "not_permitted");
	expect_no_message(fixture, OPERATOR, "desk", 50, "not_permitted");
}

static size_t list_referrals(struct exchange_fixture *fixture, const char *id)
{
	Throughcare__V1__ReferralListQuery list = THROUGHCARE__V1__REFERRAL_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;
	size_t count;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_LIST;
	query.referral_list = &list;
	response = ask(fixture, AGENCY, id, &query);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	count = response->query->n_referrals;
	answer_free(&response);
	return count;
}

static void expect_referral(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			    const char *id, uint64_t referral, const char *code)
{
	Throughcare__V1__ReferralShowQuery show = THROUGHCARE__V1__REFERRAL_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	show.referral_id = number_text(referral);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_SHOW;
	query.referral_show = &show;
	expect_code(fixture, kind, id, &query, code);
}

static void a_target_learns_of_a_referral_when_it_gets_it(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_message(fixture, &(struct sent){.sender = "office",
					    .to = "home",
					    .type = "Referral",
					    .message = 50,
					    .subject = 60,
					    .referral = 70,
					    .category = REFERRAL});
	assert_int_equal(list_referrals(fixture, "office"), 1);
	assert_int_equal(list_referrals(fixture, "home"), 0);
	expect_referral(fixture, AGENCY, "home", 70, "not_found");
	put_collect(fixture, "home");
	assert_int_equal(list_referrals(fixture, "home"), 1);
	assert_int_equal(list_referrals(fixture, "clinic"), 0);
	expect_referral(fixture, AGENCY, "home", 70, "");
	expect_referral(fixture, AGENCY, "office", 70, "");
	expect_referral(fixture, AGENCY, "clinic", 70, "not_found");
	expect_referral(fixture, AUDITOR, "auditor", 70, "");
	expect_referral(fixture, AUDITOR, "auditor", 71, "not_found");
	expect_referral(fixture, OPERATOR, "desk", 70, "not_permitted");
}

static void expect_consent(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			   const char *id, uint64_t consent, const char *code)
{
	Throughcare__V1__ConsentShowQuery show = THROUGHCARE__V1__CONSENT_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	show.id = number_text(consent);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_SHOW;
	query.consent_show = &show;
	expect_code(fixture, kind, id, &query, code);
}

static void a_consent_is_shown_to_its_recorder_and_its_disclosers(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_consent(fixture, 60, 80, "clinic", "home");
	for (uint64_t id = 80; id <= 81; id++) {
		expect_consent(fixture, AGENCY, "office", id, "");
		expect_consent(fixture, AGENCY, "clinic", id, "");
		expect_consent(fixture, AGENCY, "home", id, "not_found");
		expect_consent(fixture, AUDITOR, "auditor", id, "");
		expect_consent(fixture, OPERATOR, "desk", id, "not_permitted");
	}
	expect_consent(fixture, AGENCY, "office", 82, "not_found");
}

static Throughcare__V1__GrantRow *show_grant(struct exchange_fixture *fixture, const char *id,
					     Throughcare__V1__Response **ret)
{
	Throughcare__V1__ConsentShowQuery show = THROUGHCARE__V1__CONSENT_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	show.id = number_text(80);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_SHOW;
	query.consent_show = &show;
	*ret = ask(fixture, AGENCY, id, &query);
	assert_int_equal((*ret)->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	assert_int_equal((*ret)->query->consents[0]->n_grants, 1);
	return (*ret)->query->consents[0]->grants[0];
}

static void who_else_may_tell_is_not_shown_to_a_discloser(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__Response *response;
	const Throughcare__V1__GrantRow *grant;

	put_consent(fixture, 60, 80, "clinic home", "office home");
	grant = show_grant(fixture, "clinic", &response);
	assert_int_equal(grant->n_disclosers, 1);
	assert_string_equal(grant->disclosers[0], "clinic");
	assert_int_equal(grant->n_recipients, 2);
	answer_free(&response);
	grant = show_grant(fixture, "office", &response); /* recorded it */
	assert_int_equal(grant->n_disclosers, 2);
	assert_int_equal(grant->n_recipients, 2);
	answer_free(&response);
}

static void check_consent(struct exchange_fixture *fixture, const char *id, uint64_t subject,
			  const char *expected)
{
	Throughcare__V1__ConsentCheckQuery check = THROUGHCARE__V1__CONSENT_CHECK_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Category categories[] = {THROUGHCARE__V1__CATEGORY__CATEGORY_ATTENDANCE,
						  THROUGHCARE__V1__CATEGORY__CATEGORY_HIV};
	Throughcare__V1__Response *response;

	check.from = (char *)(uintptr_t) "clinic";
	check.to = (char *)(uintptr_t) "home";
	check.subject = number_text(subject);
	check.has_purpose = 1;
	check.purpose = THROUGHCARE__V1__PURPOSE__PURPOSE_REFERRAL_COORDINATION;
	check.categories = categories;
	check.n_categories = 2;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_CHECK;
	query.consent_check = &check;
	response = ask(fixture, AGENCY, id, &query);
	if (response->body_case == THROUGHCARE__V1__RESPONSE__BODY_REFUSAL)
		assert_string_equal(response->refusal->code, expected);
	else
		assert_string_equal(response->query->consent_answer->decision, expected);
	answer_free(&response);
}

static void a_check_answers_whom_the_consent_lets_disclose(void **state)
{
	struct exchange_fixture *fixture = *state;

	check_consent(fixture, "clinic", 60, "hold");
	put_consent(fixture, 60, 80, "clinic", "home");
	check_consent(fixture, "clinic", 60, "permit_parts");
	check_consent(fixture, "clinic", 61, "hold");
	check_consent(fixture, "home", 60, "not_permitted");
	check_consent(fixture, "office", 60, "not_permitted");
}

/* "My treating providers may tell": whose patient somebody is, each of them finds out for itself.
 */
static void a_class_of_disclosers_tells_no_agency_whose_business_the_person_is_not(void **state)
{
	struct exchange_fixture *fixture = *state;

	put_consent(fixture, 60, 80, "*treating", "home");
	check_consent(fixture, "clinic", 60, "hold");
	put_message(fixture, &(struct sent){.sender = "clinic",
					    .to = "office",
					    .type = "AttendanceRecord",
					    .message = 51,
					    .subject = 60,
					    .category = HOUSING});
	put_collect(fixture, "clinic"); /* what the exchange says of its own message */
	check_consent(fixture, "clinic", 60, "hold");
	put_message(fixture, &(struct sent){.sender = "office",
					    .to = "clinic",
					    .type = "HousingNote",
					    .message = 50,
					    .subject = 60,
					    .category = HOUSING});
	put_collect(fixture, "clinic");
	check_consent(fixture, "clinic", 60, "permit_parts");
	put_consent(fixture, 61, 90, "*treating", "home");
	check_consent(fixture, "clinic", 61, "hold");
	put_consent(fixture, 61, 95, "clinic", "office"); /* names it, for something else */
	check_consent(fixture, "clinic", 61, "permit_parts");
}

static size_t count_rows(struct exchange_fixture *fixture, Throughcare__V1__PeerKind kind,
			 const char *id, uint64_t subject, const char *agency,
			 size_t *ret_with_subject)
{
	Throughcare__V1__TrailFindQuery find = THROUGHCARE__V1__TRAIL_FIND_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;
	size_t count;

	find.subject = number_text(subject);
	find.agency = (char *)(uintptr_t)agency;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_FIND;
	query.trail_find = &find;
	response = ask(fixture, kind, id, &query);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_QUERY);
	count = response->query->n_trail;
	*ret_with_subject = 0;
	for (size_t i = 0; i < count; i++) {
		const Throughcare__V1__TrailRow *row = response->query->trail[i];

		assert_int_equal(row->leaf_hash.len, 32);
		assert_non_null(row->at);
		if (row->subject || row->basis || row->referral_id || row->actor)
			++*ret_with_subject;
	}
	answer_free(&response);
	return count;
}

static void the_trail_shows_each_his_own(void **state)
{
	struct exchange_fixture *fixture = *state;
	size_t pointing;

	put_message(fixture, &(struct sent){.sender = "home",
					    .to = "office",
					    .type = "HousingNote",
					    .message = 50,
					    .subject = 60,
					    .category = HOUSING});
	put_collect(fixture, "office");
	assert_true(count_rows(fixture, AUDITOR, "auditor", 60, NULL, &pointing) >= 2);
	assert_true(pointing >= 2);
	assert_true(count_rows(fixture, OPERATOR, "desk", 0, "home", &pointing) >= 2);
	assert_int_equal(pointing, 0);
	assert_true(count_rows(fixture, AGENCY, "home", 60, NULL, &pointing) >= 1);
	assert_int_equal(count_rows(fixture, AGENCY, "office", 60, NULL, &pointing), 1);
	assert_int_equal(count_rows(fixture, AGENCY, "clinic", 60, NULL, &pointing), 0);
}

static void a_mailbox_is_counted_for_its_agency_and_the_operator(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__MailboxStatusQuery status = THROUGHCARE__V1__MAILBOX_STATUS_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_MAILBOX_STATUS;
	query.mailbox_status = &status;
	response = ask(fixture, OPERATOR, "desk", &query);
	assert_int_equal(response->query->n_mailboxes, 3);
	answer_free(&response);
	response = ask(fixture, AGENCY, "home", &query);
	assert_int_equal(response->query->n_mailboxes, 1);
	assert_string_equal(response->query->mailboxes[0]->agency, "home");
	answer_free(&response);
	status.agency = (char *)(uintptr_t) "office";
	expect_code(fixture, AGENCY, "home", &query, "not_permitted");
	expect_code(fixture, AUDITOR, "auditor", &query, "not_permitted");
	status.agency = (char *)(uintptr_t) "nobody";
	expect_code(fixture, OPERATOR, "desk", &query, "not_found");
}

static void an_agency_learns_of_the_exchange_only_that_it_works(void **state)
{
	struct exchange_fixture *fixture = *state;
	Throughcare__V1__ExchangeStatusQuery status = THROUGHCARE__V1__EXCHANGE_STATUS_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Response *response;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_EXCHANGE_STATUS;
	query.exchange_status = &status;
	response = ask(fixture, AGENCY, "home", &query);
	assert_true(response->query->status->accepting);
	assert_false(response->query->status->has_connections);
	assert_false(response->query->status->has_journal_bytes_used);
	answer_free(&response);
	response = ask(fixture, OPERATOR, "desk", &query);
	assert_true(response->query->status->has_connections);
	answer_free(&response);
}

int main(void)
{
#define GATE_TEST(name)                                                                            \
	cmocka_unit_test_setup_teardown(name, exchange_fixture_setup, exchange_fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_rule_allows_is_not_permitted),
		cmocka_unit_test(a_clock_that_ran_out_is_no_agencys_row),
		GATE_TEST(a_message_is_shown_as_it_was_sent_or_released),
		GATE_TEST(a_target_learns_of_a_referral_when_it_gets_it),
		GATE_TEST(a_consent_is_shown_to_its_recorder_and_its_disclosers),
		GATE_TEST(who_else_may_tell_is_not_shown_to_a_discloser),
		GATE_TEST(a_check_answers_whom_the_consent_lets_disclose),
		GATE_TEST(a_class_of_disclosers_tells_no_agency_whose_business_the_person_is_not),
		GATE_TEST(the_trail_shows_each_his_own),
		cmocka_unit_test(an_operator_learns_no_grant_and_no_case_from_the_trail),
		cmocka_unit_test(a_recipient_learns_its_terms_but_not_what_was_kept_back),
		GATE_TEST(a_mailbox_is_counted_for_its_agency_and_the_operator),
		GATE_TEST(an_agency_learns_of_the_exchange_only_that_it_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
