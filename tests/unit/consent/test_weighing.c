/* Many grants at once: which of them a release relies on, and what goes along. */
#include "unit/consent/consent_fixture.h"

#include <string.h>

#include "consent/consent_row.h"
#include "store/store_cursor.h"

#define ATTENDANCE ((uint8_t)CATEGORY(ATTENDANCE))
#define DRUG_TEST  ((uint8_t)CATEGORY(DRUG_TEST))
#define HOUSING    ((uint8_t)CATEGORY(HOUSING))

/* The fixture's document as the i-th consent and grant. */
static json_t *numbered(unsigned i)
{
	json_t *consent = consent_json();
	char text[64];

	snprintf(text, sizeof(text), "\"00000000-0000-7000-9000-0000000010%02u\"", i);
	json_change(consent, "consent_id", text);
	snprintf(text, sizeof(text), "\"00000000-0000-7000-9000-0000000020%02u\"", i);
	json_change(consent, "grants[0].grant_id", text);
	return consent;
}

static void no_number_of_grants_hides_the_one_that_permits(void **state)
{
	struct decision decision;
	json_t *consent = numbered(99);

	for (unsigned i = 0; i < 60; i++)
		record_done(*state, numbered(i));
	json_change(consent, "grants[0].categories", "[\"CATEGORY_DRUG_TEST\"]");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.categories = {ATTENDANCE, DRUG_TEST}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 3);
	assert_int_equal(decision.grant_count, 2);
	assert_string_equal(decision.basis, "00000000-0000-7000-9000-000000002000");
}

static void a_release_relies_on_as_many_grants_as_it_needs(void **state)
{
	static const char *const names[] = {"ATTENDANCE", "DRUG_TEST", "HOUSING", "HIV",
					    "MEDICATION", "FAMILY",    "IDENTITY"};
	struct question question = {.categories = {ATTENDANCE, DRUG_TEST, HOUSING, CATEGORY(HIV),
						   CATEGORY(MEDICATION), CATEGORY(FAMILY),
						   CATEGORY(IDENTITY)}};
	struct decision decision;
	char text[64];

	for (unsigned i = 0; i < 7; i++) {
		json_t *consent = numbered(i);

		snprintf(text, sizeof(text), "[\"CATEGORY_%s\"]", names[i]);
		json_change(consent, "grants[0].categories", text);
		record_done(*state, consent);
	}
	decision = ask(*state, question);
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 0x7f);
	assert_int_equal(decision.grant_count, 7);
}

static void the_grant_that_covers_most_is_relied_on(void **state)
{
	struct decision decision;
	json_t *consent = numbered(5);

	record_done(*state, numbered(1));
	json_change(consent, "grants[0].categories",
		    "[\"CATEGORY_ATTENDANCE\",\"CATEGORY_SUD_TREATMENT\",\"CATEGORY_HOUSING\"]");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.categories = {ATTENDANCE, HOUSING}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 3);
	assert_int_equal(decision.grant_count, 1);
	assert_string_equal(decision.basis, "00000000-0000-7000-9000-000000002005");
	decision = ask(*state, (struct question){.categories = {ATTENDANCE}});
	assert_string_equal(decision.basis, "00000000-0000-7000-9000-000000002001");
}

/* Each part is told for itself: an old grant for one says nothing about the other. */
static void the_code_is_that_of_the_parts_that_stay(void **state)
{
	struct decision decision;
	json_t *consent = numbered(2);

	record_done(*state, numbered(1));
	json_change(consent, "grants[0].categories", "[\"CATEGORY_DRUG_TEST\"]");
	json_change(consent, "grants[0].expiry.at", "\"2026-12-05T00:00:00Z\"");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.message = true,
						 .now_ms = NOW_MS + 30 * DAY,
						 .categories = {ATTENDANCE, DRUG_TEST}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_CONSENT_EXPIRED, 1);
	decision = ask(*state, (struct question){.message = true,
						 .now_ms = NOW_MS + 30 * DAY,
						 .categories = {ATTENDANCE, HOUSING}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_CONSENT_MISSING, 1);
	decision = ask(*state, (struct question){.message = true,
						 .now_ms = NOW_MS + 30 * DAY,
						 .categories = {HOUSING, DRUG_TEST}});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

static void a_part_that_may_not_be_passed_on_stays(void **state)
{
	struct decision decision;

	record_done(*state, consent_json());
	decision =
		ask(*state, (struct question){.message = true,
					      .forbidden = 2,
					      .categories = {ATTENDANCE, CATEGORY(SUD_TREATMENT)}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_REDISCLOSURE_FORBIDDEN, 1);
	decision =
		ask(*state, (struct question){.message = true,
					      .forbidden = 1,
					      .categories = {ATTENDANCE, CATEGORY(SUD_TREATMENT)}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_REDISCLOSURE_FORBIDDEN, 0);
}

static void without_a_person_only_the_exchanges_business_goes(void **state)
{
	const char *none = "00000000-0000-0000-0000-000000000000";
	struct decision decision;

	decision = ask(*state, (struct question){.subject = none});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
	decision = ask(*state, (struct question){.subject = none,
						 .legal = LEGAL(COURT_ORDER),
						 .reference = "o-1"});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
	decision = ask(*state, (struct question){.subject = none,
						 .categories = {CATEGORY(EXCHANGE), ATTENDANCE}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_BASIS_INSUFFICIENT, 1);
}

/* From treatment-b to treatment-a the member is out, too, when the class goes both ways. */
static void a_member_is_taken_out_of_a_class_both_ways(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	json_change(consent, "grants[0].direction", "\"GRANT_DIRECTION_TWO_WAY\"");
	record_done(f, consent);
	assert_int_equal(ask(f, (struct question){.from = "treatment-b", .to = "treatment-a"}).kind,
			 DECISION_PERMIT);
	assert_int_equal(take_back(f, NULL, "treatment-b", NOW_MS + DAY), 0);
	for (int back = 0; back < 2; back++) {
		struct question question = {.from = back ? "treatment-b" : "treatment-a",
					    .to = back ? "treatment-a" : "treatment-b",
					    .now_ms = NOW_MS + DAY};
		struct decision decision = ask(f, question);

		assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
		question.now_ms--;
		assert_int_equal(ask(f, question).kind, DECISION_PERMIT);
		question.now_ms++;
		question.from = back ? "treatment-c" : question.from;
		question.to = back ? question.to : "treatment-c";
		assert_int_equal(ask(f, question).kind, DECISION_PERMIT);
	}
}

/* Taken out of a class, an agency of another kind does not get in by its own row. */
static void a_row_of_a_former_member_permits_nothing(void **state)
{
	struct fixture *f = *state;
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, "police-x", NOW_MS + DAY), 0);
	decision = ask(f, (struct question){.to = "police-x"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	decision = ask(f, (struct question){.to = "police-x", .now_ms = NOW_MS + DAY});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

/* How many rows stand between treatment-a and parole. */
static unsigned rows_between(struct fixture *f, struct store_table table)
{
	struct store_cursor cursor;
	struct store_key prefix;
	unsigned count = 0;

	pair_key(&prefix, id_of(PERSON), tc_slice_text("treatment-a"), tc_slice_text("parole"));
	assert_int_equal(
		store_cursor_init(&cursor, f->txn, table, store_key_slice(&prefix), STORE_FORWARD),
		0);
	while (store_cursor_next(&cursor, NULL, NULL) == 0)
		count++;
	store_cursor_done(&cursor);
	return count;
}

/* Whoever records and ends again and again would make every later decision slow. */
static void a_decision_does_not_pass_by_what_is_over(void **state)
{
	struct fixture *f = *state;
	struct decision decision;
	char text[16];

	for (unsigned version = 1; version <= 50; version++) {
		json_t *consent = consent_json();

		snprintf(text, sizeof(text), "%u", version);
		json_change(consent, "version", text);
		assert_int_equal(record(f, consent, NOW_MS + version), 0);
	}
	assert_int_equal(rows_between(f, f->tables.pairs), 1);
	assert_int_equal(ask(f, (struct question){.now_ms = NOW_MS + 60}).kind, DECISION_PERMIT);
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + 70), 0);
	assert_int_equal(rows_between(f, f->tables.pairs), 0);
	assert_int_equal(rows_between(f, f->tables.over), 50);
	decision = ask(f, (struct question){.now_ms = NOW_MS + 70});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
	for (unsigned version = 1; version <= 50; version++) {
		decision = ask(f, (struct question){.now_ms = NOW_MS + version});
		assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
		assert_int_equal(decision.versions[0], version);
	}
}

static void a_reason_is_looked_for_among_the_newest_that_are_over(void **state)
{
	struct fixture *f = *state;
	struct question question = {.now_ms = NOW_MS + 2};
	struct decision decision;

	record_done(f, numbered(0));
	for (unsigned i = 1; i <= DECISION_OVER_MAX; i++) {
		json_t *consent = numbered(i);

		decision = ask(f, question);
		assert_int_equal(decision.code,
				 i == 1 ? TC_REFUSAL_NONE : TC_REFUSAL_CONSENT_REVOKED);
		json_change(consent, "grants[0].categories", "[\"CATEGORY_HOUSING\"]");
		record_done(f, json_deep_copy(consent));
		json_change(consent, "version", "2");
		json_change(consent, "status", "\"CONSENT_STATUS_ENTERED_IN_ERROR\"");
		assert_int_equal(record(f, consent, NOW_MS + 1), 0);
		if (i > 1)
			continue;
		consent = numbered(0);
		json_change(consent, "version", "2");
		json_change(consent, "status", "\"CONSENT_STATUS_ENTERED_IN_ERROR\"");
		assert_int_equal(record(f, consent, NOW_MS + 1), 0);
	}
	decision = ask(f, question);
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	question.grant = "00000000-0000-7000-9000-000000002000";
	decision = ask(f, question);
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
	question.grant = NULL;
	question.now_ms = NOW_MS;
	assert_int_equal(ask(f, question).kind, DECISION_PERMIT);
}

static unsigned notices(const struct fixture *f, const struct decision *decision,
			const char *codes[POLICY_NOTICES_MAX])
{
	return policy_notice_codes(f->policy, decision->obligations, codes);
}

/* 2.32: the regime's statement and the scope, unless the document attaches its own. */
static void a_regime_adds_what_the_document_does_not_attach(void **state)
{
	const char *codes[POLICY_NOTICES_MAX];
	struct fixture *f = *state;
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].redisclosure", "null");
	record_done(f, json_deep_copy(consent));
	decision = ask(f, (struct question){0});
	assert_int_equal(notices(f, &decision, codes), 3);
	assert_string_equal(codes[0], "42cfr2.32-1");
	assert_string_equal(codes[1], "consent-scope");
	assert_string_equal(codes[2], "redisclose-none");

	json_change(consent, "version", "2");
	json_change(consent, "regime", "\"CONSENT_REGIME_POLICY\"");
	record_done(f, consent);
	decision = ask(f, (struct question){0});
	assert_int_equal(notices(f, &decision, codes), 0);
}

static void every_part_says_which_rule_ruled_on_it(void **state)
{
	struct fixture *f = *state;
	struct decision decision;

	record_done(f, consent_json());
	decision = ask(f, (struct question){.categories = {ATTENDANCE, CATEGORY(VICTIM_INFO),
							   CATEGORY(EXCHANGE)}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_BASIS_INSUFFICIENT, 5);
	assert_string_equal(policy_rule_id(f->policy, decision.rules[0]), "operational-by-consent");
	assert_string_equal(policy_rule_id(f->policy, decision.rules[1]),
			    "victim-never-by-consent");
	assert_int_equal(decision.rules[2], -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_number_of_grants_hides_the_one_that_permits),
		TEST(a_release_relies_on_as_many_grants_as_it_needs),
		TEST(the_grant_that_covers_most_is_relied_on),
		TEST(the_code_is_that_of_the_parts_that_stay),
		TEST(a_part_that_may_not_be_passed_on_stays),
		TEST(without_a_person_only_the_exchanges_business_goes),
		TEST(a_member_is_taken_out_of_a_class_both_ways),
		TEST(a_row_of_a_former_member_permits_nothing),
		TEST(a_decision_does_not_pass_by_what_is_over),
		TEST(a_reason_is_looked_for_among_the_newest_that_are_over),
		TEST(a_regime_adds_what_the_document_does_not_attach),
		TEST(every_part_says_which_rule_ruled_on_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
