/* Who gets what, on what basis: the rules of release, one test a rule. */
#include "unit/consent/consent_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define ATTENDANCE ((uint8_t)CATEGORY(ATTENDANCE))
#define DRUG_TEST  ((uint8_t)CATEGORY(DRUG_TEST))
#define HOUSING    ((uint8_t)CATEGORY(HOUSING))

static void a_grant_permits_what_it_names(void **state)
{
	struct decision decision;

	record_done(*state, consent_json());
	decision = ask(*state, (struct question){.grant = GRANT});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	assert_string_equal(decision.basis, GRANT);
	assert_int_equal(decision.grant_count, 1);
	assert_int_equal(decision.rule_version, policy_version(((struct fixture *)*state)->policy));
	decision = ask(*state, (struct question){0});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	assert_string_equal(decision.basis, GRANT);
}

/* Everything that differs in one respect from what the grant names is held as if it did not exist.
 */
static void what_a_grant_does_not_name_is_held(void **state)
{
	const struct question questions[] = {
		{.to = "housing-b"},
		{.from = "treatment-b"},
		{.from = "parole", .to = "treatment-a", .categories = {DRUG_TEST}},
		{.subject = OTHER},
		{.purpose = (uint32_t)PURPOSE(RESEARCH)},
		{.purpose = 31},
		{.purpose = 4000},
		{.categories = {DRUG_TEST}},
		{.grant = GRANT_2},
		{.grant = GRANT, .to = "court"},
	};

	record_done(*state, consent_json());
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct decision decision = ask(*state, questions[i]);

		assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
		assert_string_equal(decision.basis, "none");
		assert_int_equal(decision.grant_count, 0);
	}
}

static void parts_that_no_grant_covers_are_withheld(void **state)
{
	struct decision decision;

	record_done(*state, consent_json());
	decision = ask(*state, (struct question){.categories = {DRUG_TEST, ATTENDANCE,
								CATEGORY(SUD_TREATMENT)}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_CONSENT_MISSING, 6);
}

static void two_grants_together_release_what_neither_does_alone(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_second_grant(consent);
	json_change(consent, "grants[1].categories", "[\"CATEGORY_DRUG_TEST\"]");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.categories = {ATTENDANCE, DRUG_TEST}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 3);
	assert_int_equal(decision.grant_count, 2);
	decision = ask(*state,
		       (struct question){.grant = GRANT_2, .categories = {ATTENDANCE, DRUG_TEST}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_CONSENT_MISSING, 2);
}

static void a_grant_permits_only_within_its_time(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].valid_from", "\"2026-12-10T00:00:00Z\"");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.grant = GRANT});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_NOT_YET_VALID, 0);
	assert_int_equal(decision.recheck_ms, INT64_C(1796860800000));
	decision = ask(*state, (struct question){.grant = GRANT, .now_ms = decision.recheck_ms});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.grant = GRANT, .now_ms = EXPIRES_MS - 1});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.grant = GRANT, .now_ms = EXPIRES_MS});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_EXPIRED, 0);
}

static void another_proceeding_is_denied(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.grant = GRANT, .proceeding = "case-1"});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.grant = GRANT, .proceeding = "case-2"});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_CONSENT_OTHER_PROCEEDING, 0);
	decision = ask(*state, (struct question){.grant = GRANT});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_CONSENT_OTHER_PROCEEDING, 0);
	decision = ask(*state, (struct question){0});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_CONSENT_OTHER_PROCEEDING, 0);
	/* a part that is free does not make up for it */
	decision =
		ask(*state, (struct question){.grant = GRANT,
					      .proceeding = "case-2",
					      .categories = {CATEGORY(SUD_TREATMENT), ATTENDANCE}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_CONSENT_OTHER_PROCEEDING, 0);
}

/* An old case's grant says nothing about a new one: a consent to come may cover it. */
static void a_grant_that_is_over_denies_nothing(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.now_ms = EXPIRES_MS});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_EXPIRED, 0);
	assert_int_equal(take_back(*state, NULL, NULL, NOW_MS), 0);
	decision = ask(*state, (struct question){0});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
	decision = ask(*state, (struct question){.grant = GRANT, .proceeding = "case-2"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
}

/* The header tells its type: without that part nothing of the message goes. */
static void a_message_goes_only_with_its_leading_part(void **state)
{
	const struct question held[] = {
		{.message = true, .categories = {DRUG_TEST, ATTENDANCE}},
		{.message = true, .categories = {DRUG_TEST, CATEGORY(EXCHANGE)}},
	};
	const struct question denied[] = {
		{.message = true, .categories = {CATEGORY(VICTIM_INFO), ATTENDANCE}},
		{.message = true,
		 .legal = LEGAL(NON_PART2_OPERATIONAL),
		 .categories = {ATTENDANCE, CATEGORY(IDENTITY)}},
	};
	struct decision decision;

	record_done(*state, consent_json());
	for (size_t i = 0; i < 2; i++) {
		decision = ask(*state, held[i]);
		assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
		assert_int_equal(decision.grant_count, 0);
		assert_string_equal(decision.basis, "none");
		decision = ask(*state, denied[i]);
		assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
	}
	decision = ask(*state,
		       (struct question){.message = true, .categories = {ATTENDANCE, DRUG_TEST}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_CONSENT_MISSING, 1);
}

static void a_two_way_grant_permits_the_way_back(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].direction", "\"GRANT_DIRECTION_TWO_WAY\"");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.from = "parole",
						 .to = "treatment-a",
						 .categories = {CATEGORY(SUD_TREATMENT)}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.from = "parole",
						 .to = "housing-b",
						 .categories = {CATEGORY(SUD_TREATMENT)}});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

static void a_role_is_reached_only_as_that_role(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients",
		    "[{\"kind\":\"PARTY_KIND_ROLE_IN_AGENCY\",\"agency\":\"parole\","
		    "\"role\":\"drug-court-team\"},"
		    "{\"kind\":\"PARTY_KIND_PERSON\",\"agency\":\"parole\",\"person\":\"w-7\"}]");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.role = "drug-court-team"});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.person = "w-7"});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.role = "front-desk", .person = "w-7"});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.role = "w-7"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	decision = ask(*state, (struct question){.person = "w-77"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	decision = ask(*state, (struct question){.role = "drug-court"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	decision = ask(*state, (struct question){0});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

static void a_class_reaches_treating_providers_and_nobody_else(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.to = "treatment-b"});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.to = "treatment-b", .grant = GRANT});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.to = "parole"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	decision = ask(*state, (struct question){.to = "court", .grant = GRANT});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

static void a_class_of_disclosers_speaks_for_its_members(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].disclosers", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	record_done(*state, consent);
	decision = ask(*state, (struct question){.from = "treatment-c"});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.from = "housing-b",
						 .categories = {CATEGORY(SUD_TREATMENT)}});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

static void victim_information_never_goes_by_consent(void **state)
{
	struct decision decision;

	record_done(*state, consent_json());
	decision = ask(*state, (struct question){.categories = {CATEGORY(VICTIM_INFO)}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
	decision =
		ask(*state, (struct question){.grant = GRANT,
					      .categories = {CATEGORY(VICTIM_INFO), ATTENDANCE}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_BASIS_INSUFFICIENT, 2);
	decision = ask(*state, (struct question){.from = "parole",
						 .to = "police",
						 .legal = LEGAL(NON_PART2_OPERATIONAL),
						 .categories = {CATEGORY(VICTIM_INFO)}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
}

static void a_legal_basis_releases_what_it_covers(void **state)
{
	static const struct {
		struct question question;
		enum decision_kind kind;
		uint64_t parts;
	} rows[] = {
		/* housing may tell attendance without a consent, treatment may not */
		{{.from = "housing-b", .legal = LEGAL(NON_PART2_OPERATIONAL)}, DECISION_PERMIT, 1},
		{{.legal = LEGAL(NON_PART2_OPERATIONAL)}, DECISION_DENY, 0},
		{{.legal = LEGAL(NON_PART2_OPERATIONAL),
		  .categories = {CATEGORY(IDENTITY), ATTENDANCE}},
		 DECISION_PERMIT_PARTS,
		 1},
		{{.from = "parole",
		  .legal = LEGAL(NON_PART2_OPERATIONAL),
		  .categories = {DRUG_TEST}},
		 DECISION_DENY,
		 0},
		/* an order, a citation or a report has its number */
		{{.legal = LEGAL(COURT_ORDER), .reference = "order-7"}, DECISION_PERMIT, 1},
		{{.legal = LEGAL(COURT_ORDER)}, DECISION_DENY, 0},
		{{.from = "parole", .legal = LEGAL(STATUTE), .reference = "12 X 3"},
		 DECISION_PERMIT,
		 1},
		{{.from = "parole", .legal = LEGAL(STATUTE)}, DECISION_DENY, 0},
		{{.to = "police", .legal = LEGAL(MANDATORY_REPORT)}, DECISION_DENY, 0},
		{{.to = "police", .legal = LEGAL(MANDATORY_REPORT), .reference = "r-1"},
		 DECISION_PERMIT,
		 1},
		/* no authority that takes reports */
		{{.to = "housing", .legal = LEGAL(MANDATORY_REPORT), .reference = "r-1"},
		 DECISION_DENY,
		 0},
		{{.legal = LEGAL(COURT_ORDER),
		  .reference = "order-7",
		  .categories = {CATEGORY(SUD_COUNSELLING_NOTES)}},
		 DECISION_PERMIT,
		 1},
		{{.legal = LEGAL(STATUTE),
		  .reference = "12 X 3",
		  .categories = {CATEGORY(SUD_COUNSELLING_NOTES)}},
		 DECISION_DENY,
		 0},
		{{.legal = LEGAL(STATUTE),
		  .reference = "12 X 3",
		  .to = "police",
		  .categories = {CATEGORY(VICTIM_INFO)}},
		 DECISION_PERMIT,
		 1},
		/* an emergency reaches those who treat (2.51) */
		{{.to = "treatment-b",
		  .legal = LEGAL(MEDICAL_EMERGENCY),
		  .categories = {CATEGORY(MEDICATION)}},
		 DECISION_PERMIT,
		 1},
		{{.to = "parole",
		  .legal = LEGAL(MEDICAL_EMERGENCY),
		  .categories = {CATEGORY(MEDICATION)}},
		 DECISION_DENY,
		 0},
		/* and somebody answers for it */
		{{.to = "treatment-b",
		  .actor = "",
		  .legal = LEGAL(MEDICAL_EMERGENCY),
		  .categories = {CATEGORY(MEDICATION)}},
		 DECISION_DENY,
		 0},
		{{.legal = 77}, DECISION_DENY, 0},
	};

	/* a consent on record does not help a basis that is named */
	record_done(*state, consent_json());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decision decision = ask(*state, rows[i].question);
		enum tc_refusal_code code = rows[i].kind == DECISION_PERMIT
						    ? TC_REFUSAL_NONE
						    : TC_REFUSAL_BASIS_INSUFFICIENT;

		assert_decision(&decision, rows[i].kind, code, rows[i].parts);
	}
}

/* 2.12(c)(6): who saw it reports it, not who was told in confidence. */
static void a_report_is_no_way_around_the_rule_that_a_part_came_with(void **state)
{
	struct decision decision = ask(*state, (struct question){.to = "police",
								 .legal = LEGAL(MANDATORY_REPORT),
								 .reference = "r-1",
								 .forbidden = 1});

	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_REDISCLOSURE_FORBIDDEN, 0);
}

static void the_exchanges_own_business_needs_no_decision(void **state)
{
	struct decision decision;

	decision = ask(*state, (struct question){.categories = {CATEGORY(EXCHANGE)}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.categories = {CATEGORY(EXCHANGE), HOUSING}});
	assert_decision(&decision, DECISION_PERMIT_PARTS, TC_REFUSAL_CONSENT_MISSING, 1);
}

static void test_content_is_for_synthetic_persons_only(void **state)
{
	struct decision decision;

	decision = ask(*state, (struct question){.subject = "00000000-0000-7000-8000-000000000001",
						 .categories = {CATEGORY(TEST)}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	decision = ask(*state, (struct question){.categories = {CATEGORY(TEST)}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
	/* a synthetic person's other content needs its consent as anybody's */
	decision =
		ask(*state, (struct question){.subject = "00000000-0000-7000-8000-000000000001"});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

static void an_unknown_category_goes_nowhere(void **state)
{
	struct decision decision;

	record_done(*state, consent_json());
	decision = ask(*state, (struct question){.categories = {200}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
	decision = ask(*state, (struct question){.legal = LEGAL(COURT_ORDER),
						 .reference = "order-7",
						 .categories = {60}});
	assert_decision(&decision, DECISION_DENY, TC_REFUSAL_BASIS_INSUFFICIENT, 0);
}

static void a_part_2_release_carries_its_notices(void **state)
{
	const char *codes[POLICY_NOTICES_MAX];
	struct fixture *f = *state;
	struct notice notice;
	struct decision decision;
	json_t *consent;

	record_done(*state, consent_json());
	decision = ask(*state, (struct question){0});
	assert_int_equal(policy_notice_codes(f->policy, decision.obligations, codes), 3);
	assert_string_equal(codes[0], "42cfr2.32-1");
	assert_string_equal(codes[1], "consent-scope");
	assert_string_equal(codes[2], "redisclose-none");
	assert_true(policy_notice(f->policy, NOTICE_PART2_LONG, NULL, &notice));
	assert_non_null(strstr(notice.text, "2.12(c)(5)"));

	consent = consent_json();
	json_change(consent, "version", "2");
	json_change(consent, "grants[0].attach",
		    "[\"ATTACHMENT_NOTICE_2\",\"ATTACHMENT_CONSENT_COPY\"]");
	json_change(consent, "grants[0].redisclosure", "\"REDISCLOSURE_RULE_OFFICIAL_DUTY_CASE\"");
	record_done(*state, consent);
	decision = ask(*state, (struct question){0});
	assert_int_equal(policy_notice_codes(f->policy, decision.obligations, codes), 3);
	assert_string_equal(codes[0], "42cfr2.32-2");
	assert_string_equal(codes[1], "consent-copy");
	assert_string_equal(codes[2], "redisclose-official-duty");
	decision = ask(*state, (struct question){.categories = {DRUG_TEST}});
	assert_int_equal(decision.obligations, 0);
}

/* Not a benchmark: prints what a decision costs, and fails only when it is absurd. */
static void fifty_grants_of_a_person_are_weighed_quickly(void **state)
{
	struct fixture *f = *state;
	const int rounds = 20000;
	int64_t start, spent;

	for (unsigned i = 0; i < 50; i++) {
		json_t *consent = consent_json();
		char text[64];

		snprintf(text, sizeof(text), "\"00000000-0000-7000-9000-0000000010%02u\"", i);
		json_change(consent, "consent_id", text);
		snprintf(text, sizeof(text), "\"00000000-0000-7000-9000-0000000020%02u\"", i);
		json_change(consent, "grants[0].grant_id", text);
		if (i >= 10) {
			snprintf(text, sizeof(text), "\"housing-%u\"", i);
			json_change(consent, "grants[0].recipients[0].agency", text);
		}
		record_done(f, consent);
	}
	start = tc_clock_monotonic_us();
	for (int i = 0; i < rounds; i++) {
		struct decision decision = ask(f, (struct question){0});

		assert_int_equal(decision.kind, DECISION_PERMIT);
	}
	spent = tc_clock_monotonic_us() - start;
	print_message("%lld ns a decision, 10 of 50 grants between the two\n",
		      (long long)(spent * 1000 / rounds));
	assert_true(spent / rounds < 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_grant_permits_what_it_names),
		TEST(what_a_grant_does_not_name_is_held),
		TEST(parts_that_no_grant_covers_are_withheld),
		TEST(two_grants_together_release_what_neither_does_alone),
		TEST(a_grant_permits_only_within_its_time),
		TEST(another_proceeding_is_denied),
		TEST(a_grant_that_is_over_denies_nothing),
		TEST(a_message_goes_only_with_its_leading_part),
		TEST(a_two_way_grant_permits_the_way_back),
		TEST(a_role_is_reached_only_as_that_role),
		TEST(a_class_reaches_treating_providers_and_nobody_else),
		TEST(a_class_of_disclosers_speaks_for_its_members),
		TEST(victim_information_never_goes_by_consent),
		TEST(a_legal_basis_releases_what_it_covers),
		TEST(a_report_is_no_way_around_the_rule_that_a_part_came_with),
		TEST(the_exchanges_own_business_needs_no_decision),
		TEST(test_content_is_for_synthetic_persons_only),
		TEST(an_unknown_category_goes_nowhere),
		TEST(a_part_2_release_carries_its_notices),
		TEST(fifty_grants_of_a_person_are_weighed_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
