/* A question is a record; what is not permitted is marked so, and comes to no query thread. */
#include <string.h>

#include "unit/ledger/ledger_fixture.h"

typedef Throughcare__V1__Query asked_query;

#define AGENCY   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY
#define OPERATOR THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR

static void ask(struct exchange *x, Throughcare__V1__PeerKind kind, const char *who,
		const asked_query *query)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__QueryRecord asked = THROUGHCARE__V1__QUERY_RECORD__INIT;
	uint8_t packed[512], certificate[32];
	Throughcare__V1__Peer peer;

	exchange_peer(&peer, who, certificate);
	peer.kind = kind;
	asked.has_query = 1;
	asked.query.data = packed;
	asked.query.len = throughcare__v1__query__pack(query, packed);
	record.peer = &peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_QUERY;
	record.query = &asked;
	exchange_append(x, &record, 1);
}

static void assert_answered(struct exchange *x)
{
	assert_int_equal(exchange_facts(x, "query"), 1);
	assert_int_equal(exchange_facts(x, "query_refused"), 0);
	assert_int_equal(exchange_effects(x, EFFECT_QUERY), 1);
}

/* The fact says what was asked, about whom, and why there was no answer. */
static void assert_refused(struct exchange *x, const char *asked, const char *code)
{
	Throughcare__V1__TrailRow *row;

	assert_int_equal(exchange_facts(x, "query"), 0);
	assert_int_equal(exchange_facts(x, "query_refused"), 1);
	assert_int_equal(exchange_effects(x, EFFECT_QUERY), 0);
	assert_int_equal(exchange_effects(x, EFFECT_REPLY), 1);
	row = throughcare__v1__trail_row__unpack(NULL, x->effects.first_fact->row.len,
						 x->effects.first_fact->row.data);
	assert_non_null(row);
	assert_string_equal(row->code, asked);
	assert_string_equal(row->reference, code);
	throughcare__v1__trail_row__free_unpacked(row, NULL);
}

static void a_question_that_its_asker_may_not_ask_is_marked(void **state)
{
	Throughcare__V1__TrailWhatIfQuery what_if = THROUGHCARE__V1__TRAIL_WHAT_IF_QUERY__INIT;
	asked_query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange *x = *state;
	char subject[] = "00000000-0000-7000-9000-00000000000a";

	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_WHAT_IF;
	query.trail_what_if = &what_if;
	ask(x, AGENCY, "parole", &query);
	assert_refused(x, "trail_what_if", "not_permitted");
	ask(x, OPERATOR, "operator", &query);
	assert_answered(x);
	what_if.subject = subject;
	ask(x, OPERATOR, "operator", &query);
	assert_refused(x, "trail_what_if", "not_permitted");
}

static void a_question_about_another_agency_is_marked(void **state)
{
	Throughcare__V1__ConsentCheckQuery check = THROUGHCARE__V1__CONSENT_CHECK_QUERY__INIT;
	Throughcare__V1__TrailFindQuery find = THROUGHCARE__V1__TRAIL_FIND_QUERY__INIT;
	asked_query query = THROUGHCARE__V1__QUERY__INIT;
	char own[] = "parole", other[] = "treatment";
	struct exchange *x = *state;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_CHECK;
	query.consent_check = &check;
	check.from = other;
	ask(x, AGENCY, "parole", &query);
	assert_refused(x, "consent_check", "not_permitted");
	check.from = own;
	ask(x, AGENCY, "parole", &query);
	assert_answered(x);
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_FIND;
	query.trail_find = &find;
	ask(x, AGENCY, "parole", &query);
	assert_answered(x);
	find.agency = other;
	ask(x, AGENCY, "parole", &query);
	assert_refused(x, "trail_find", "not_permitted");
}

static void a_question_of_a_suspended_agency_says_why_it_was_refused(void **state)
{
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	asked_query query = THROUGHCARE__V1__QUERY__INIT;
	struct exchange *x = *state;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	exchange_suspend(x, "parole", "PAROLE");
	ask(x, AGENCY, "parole", &query);
	assert_refused(x, "agency_list", "agency_suspended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_question_that_its_asker_may_not_ask_is_marked),
		TEST(a_question_about_another_agency_is_marked),
		TEST(a_question_of_a_suspended_agency_says_why_it_was_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
