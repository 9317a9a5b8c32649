/* What 42 CFR 2.31 and 2.35 demand of a written consent, element by element. */
#include "unit/consent/consent_fixture.h"

#include <string.h>

/* Each change makes a good consent deficient in the element named. */
static const struct {
	const char *path, *value, *detail;
} lacks[] = {
	{"subject_name_as_signed", "null", "subject_name_as_signed"},
	{"subject_name_as_signed", "\"\"", "subject_name_as_signed"},
	{"regime", "null", "regime"},
	{"status", "\"CONSENT_STATUS_DRAFT\"", "status"},
	{"status", "\"CONSENT_STATUS_DECLINED\"", "status"},
	{"statements", "null", "statements.revocation_right"},
	{"statements.revocation_right", "false", "statements.revocation_right"},
	{"statements.how_to_revoke", "null", "statements.how_to_revoke"},
	{"signature", "null", "signature.signer"},
	{"signature.signer", "null", "signature.signer"},
	{"signature.capacity", "null", "signature.capacity"},
	{"signature.capacity", "\"SIGNER_CAPACITY_GUARDIAN\"", "signature.authority_ref"},
	{"signature.method", "null", "signature.method"},
	{"signature.signed_at", "null", "signature.signed_at"},
	{"signature.signed_at", "\"2030-01-01T00:00:00Z\"", "grants[0].expiry"},
	{"grants", "[]", "grants"},
	{"grants[0].disclosers", "[]", "grants[0].disclosers"},
	{"grants[0].disclosers[0].agency", "null", "grants[0].disclosers"},
	{"grants[0].disclosers[0].kind", "null", "grants[0].disclosers"},
	{"grants[0].recipients", "[]", "grants[0].recipients"},
	{"grants[0].recipients[0].kind", "\"PARTY_KIND_ROLE_IN_AGENCY\"", "grants[0].recipients"},
	{"grants[0].recipients[0].kind", "\"PARTY_KIND_PERSON\"", "grants[0].recipients"},
	{"grants[0].categories", "[]", "grants[0].categories"},
	{"grants[0].categories", "[\"CATEGORY_VICTIM_INFO\"]", "grants[0].categories"},
	{"grants[0].categories", "[\"CATEGORY_EXCHANGE\"]", "grants[0].categories"},
	{"grants[0].categories", "[\"CATEGORY_UNSPECIFIED\"]", "grants[0].categories"},
	{"grants[0].purposes", "[]", "grants[0].purposes"},
	{"grants[0].purposes", "[\"PURPOSE_UNSPECIFIED\"]", "grants[0].purposes"},
	{"grants[0].expiry", "null", "grants[0].expiry"},
	{"grants[0].expiry", "{}", "grants[0].expiry"},
	{"grants[0].expiry.none_tpo", "true", "grants[0].expiry"},
	{"grants[0].expiry", "{\"none_tpo\":true}", "grants[0].expiry"},
	{"grants[0].expiry", "{\"event_code\":\"final_disposition\"}", "grants[0].expiry"},
	{"grants[0].expiry", "{\"event_code\":\"end_of_the_world\"}", "grants[0].expiry"},
	{"grants[0].valid_from", "\"2030-01-01T00:00:00Z\"", "grants[0].expiry"},
	/* only 2.35 lets a consent be irrevocable for a time */
	{"grants[0].revocable_from", "{\"at\":\"2027-01-01T00:00:00Z\"}",
	 "grants[0].revocable_from"},
	{"regime", "\"CONSENT_REGIME_PART2_CJ\"", "grants[0].revocable_from"},
};

static void a_consent_without_a_required_element_is_deficient(void **state)
{
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		json_t *consent = consent_json();

		json_change(consent, lacks[i].path, lacks[i].value);
		assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, lacks[i].detail);
	}
}

static void a_consent_with_every_element_is_recorded(void **state)
{
	struct fixture *f = *state;
	struct consent_view view;
	struct grant_view grant;
	const char *status;

	record_done(f, consent_json());
	assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view), 0);
	assert_string_equal(view.sender.name, "intake");
	assert_int_equal(view.sequence, 7);
	assert_int_equal(consent_status_at(f->txn, &f->tables, &view, NOW_MS, &status), 0);
	assert_string_equal(status, "active");
	assert_int_equal(grant_find(f->txn, &f->tables, id_of(GRANT), &grant), 0);
	assert_string_equal(grant_status_at(&grant, NOW_MS), "active");
	assert_string_equal(grant_status_at(&grant, EXPIRES_MS), "expired");
	assert_int_equal(consent_find_either(f->txn, &f->tables, id_of(GRANT), &view), 0);
	assert_true(tc_id_equal(view.consent, id_of(CONSENT)));
	assert_int_equal(grant_find(f->txn, &f->tables, id_of(CONSENT), &grant), GRANT_UNKNOWN);
}

static void a_criminal_justice_consent_states_what_2_35_demands(void **state)
{
	static const char *const elements[][2] = {
		{"grants[0].revocable_from", "{\"event_code\":\"final_disposition\"}"},
		{"grants[0].imposing_authority", "\"District Court\""},
		{"grants[0].monitor_role", "\"probation officer\""},
		{"grants[0].duration_reason", "\"length of treatment\""},
	};

	for (size_t missing = 0; missing < 4; missing++) {
		json_t *consent = consent_json();

		json_change(consent, "regime", "\"CONSENT_REGIME_PART2_CJ\"");
		json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
		for (size_t i = 0; i < 4; i++)
			if (i != missing)
				json_change(consent, elements[i][0], elements[i][1]);
		assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, elements[missing][0]);
	}
}

static void a_criminal_justice_consent_reaches_only_those_who_monitor(void **state)
{
	json_t *consent = consent_json();

	json_change(consent, "regime", "\"CONSENT_REGIME_PART2_CJ\"");
	json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
	json_change(consent, "grants[0].revocable_from", "{\"at\":\"2027-01-01T00:00:00Z\"}");
	json_change(consent, "grants[0].imposing_authority", "\"District Court\"");
	json_change(consent, "grants[0].monitor_role", "\"officer\"");
	json_change(consent, "grants[0].duration_reason", "\"length of treatment\"");
	json_change(consent, "grants[0].recipients[0].agency", "\"housing-b\"");
	assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, "grants[0].recipients[0]");
}

static void a_class_of_treating_providers_never_names_another_kind(void **state)
{
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients[0].kind", "\"PARTY_KIND_CLASS_TREATING\"");
	assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, "not a treating provider");
	consent = consent_json();
	json_change(consent, "grants[0].recipients", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	json_change(consent, "grants[0].intermediary_named", "false");
	assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, "intermediary_named");
}

static void a_consent_for_treatment_payment_operations_warns_of_redisclosure(void **state)
{
	json_t *consent = consent_json();

	json_change(consent, "grants[0].purposes", "[\"PURPOSE_TREATMENT\"]");
	json_change(consent, "statements.redisclosure_warning", "false");
	assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, "redisclosure_warning");
	consent = consent_json();
	json_change(consent, "grants[0].purposes", "[\"PURPOSE_TREATMENT\"]");
	json_change(consent, "grants[0].expiry", "{\"none_tpo\":true}");
	record_done(*state, consent);
}

static void what_needs_a_consent_of_its_own_is_not_combined(void **state)
{
	static const char *const separate[] = {"CATEGORY_SUD_COUNSELLING_NOTES",
					       "CATEGORY_PSYCHOTHERAPY_NOTES",
					       "CATEGORY_COURT_PROCEEDING"};
	char text[128];

	for (size_t i = 0; i < 3; i++) {
		json_t *consent = consent_json();

		snprintf(text, sizeof(text), "[\"%s\",\"CATEGORY_ATTENDANCE\"]", separate[i]);
		json_change(consent, "grants[0].categories", text);
		assert_refused(*state, consent, TC_REFUSAL_CONSENT_COMBINED, "grants[0]");

		consent = consent_json();
		json_second_grant(consent);
		snprintf(text, sizeof(text), "[\"%s\"]", separate[i]);
		json_change(consent, "grants[1].categories", text);
		assert_refused(*state, consent, TC_REFUSAL_CONSENT_COMBINED, "grants[1]");
	}
	{
		json_t *consent = consent_json();

		json_change(consent, "grants[0].purposes",
			    "[\"PURPOSE_LEGAL_PROCEEDING\",\"PURPOSE_TREATMENT\"]");
		assert_refused(*state, consent, TC_REFUSAL_CONSENT_COMBINED, "grants[0]");
	}
}

static void counselling_notes_alone_are_recorded(void **state)
{
	json_t *consent = consent_json();

	json_change(consent, "grants[0].categories", "[\"CATEGORY_SUD_COUNSELLING_NOTES\"]");
	record_done(*state, consent);
}

static void a_consent_expired_on_arrival_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(record(f, consent_json(), EXPIRES_MS), GRANT_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_CONSENT_EXPIRED);
	assert_int_equal(record(f, consent_json(), SIGNED_MS - DAY), GRANT_REFUSED);
	assert_string_equal(f->refusal.detail, "signature.signed_at: in the future");
}

static void a_refused_consent_permits_nothing(void **state)
{
	struct decision decision;
	json_t *consent = consent_json();

	json_change(consent, "signature.signer", "null");
	assert_refused(*state, consent, TC_REFUSAL_CONSENT_DEFICIENT, "signature.signer");
	decision = ask(*state, (struct question){0});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
}

/* `count` grants, each for all that 16 agencies tell 16 others. */
static json_t *wide_json(int count)
{
	json_t *consent = consent_json();
	json_t *from = json_array(), *to = json_array();

	for (int i = 0; i < 16; i++) {
		json_array_append_new(from, json_pack("{s:s,s:o}", "kind", "PARTY_KIND_AGENCY",
						      "agency", json_sprintf("from-%d", i)));
		json_array_append_new(to, json_pack("{s:s,s:o}", "kind", "PARTY_KIND_AGENCY",
						    "agency", json_sprintf("to-%d", i)));
	}
	json_set(consent, "grants[0].disclosers", from);
	json_set(consent, "grants[0].recipients", to);
	for (int i = 1; i < count; i++)
		json_object_set_new(json_second_grant(consent), "grant_id",
				    json_sprintf("00000000-0000-7000-9000-0000000000e%d", i));
	return consent;
}

static void a_document_whose_grants_name_too_many_together_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, wide_json(5), TC_REFUSAL_CONSENT_DEFICIENT,
		       "grants[4].recipients: names too many");
	record_done(f, wide_json(4));
}

static void the_same_ids_again_conflict(void **state)
{
	struct fixture *f = *state;
	record_done(f, consent_json());
	assert_refused(f, consent_json(), TC_REFUSAL_ID_CONFLICT, "consent_id");
}

static void a_higher_version_takes_the_place_of_the_one_before(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();
	struct decision decision;
	struct consent_view view;

	record_done(f, consent_json());
	json_change(consent, "version", "2");
	json_change(consent, "grants[0].categories", "[\"CATEGORY_HOUSING\"]");
	record_done(f, consent);
	assert_int_equal(f->changes.count, 1);
	assert_true(f->changes.rows[0].effective);
	decision = ask(f, (struct question){.grant = GRANT});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
	decision = ask(f, (struct question){.grant = GRANT, .now_ms = NOW_MS - 1});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	decision = ask(f, (struct question){.grant = GRANT, .categories = {CATEGORY(HOUSING)}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view), 0);
	assert_int_equal(view.version, 2);
	assert_int_equal(view.ended_ms, GRANT_NEVER);
}

/* Else whoever learns of its id could put another document in its place. */
static void only_who_recorded_it_records_a_higher_version(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();
	struct decision decision;

	record_done(f, consent_json());
	f->desk = "housing-b";
	json_change(consent, "version", "2");
	json_change(consent, "grants[0].categories", "[\"CATEGORY_HOUSING\"]");
	assert_refused(f, consent, TC_REFUSAL_ID_CONFLICT, "consent_id");
	decision = ask(f, (struct question){0});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
}

static void a_consent_that_supersedes_another_ends_its_grants(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();
	struct decision decision;
	struct consent_view view;
	const char *status;

	record_done(f, consent_json());
	json_change(consent, "consent_id", "\"00000000-0000-7000-9000-0000000000c2\"");
	json_change(consent, "supersedes", "\"" CONSENT "\"");
	json_change(consent, "grants[0].grant_id", "\"" GRANT_2 "\"");
	record_done(f, consent);
	assert_int_equal(f->changes.count, 1);
	assert_true(tc_id_equal(f->changes.rows[0].grant, id_of(GRANT)));
	decision = ask(f, (struct question){.grant = GRANT});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
	decision = ask(f, (struct question){0});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	assert_string_equal(decision.basis, GRANT_2);
	assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view), 0);
	assert_int_equal(consent_status_at(f->txn, &f->tables, &view, NOW_MS, &status), 0);
	assert_string_equal(status, "superseded");
}

static void what_a_consent_supersedes_must_exist(void **state)
{
	json_t *consent = consent_json();

	json_change(consent, "supersedes", "\"" OTHER "\"");
	assert_refused(*state, consent, TC_REFUSAL_UNKNOWN_CONSENT, "supersedes");
}

static size_t list(struct fixture *f, const char *agency, const char *person, struct tc_id after,
		   struct tc_id found[2])
{
	tc_agency name;
	size_t count;

	if (agency)
		assert_true(tc_agency_parse(tc_slice_text(agency), &name));
	assert_int_equal(consent_list(f->txn, &f->tables, agency ? &name : NULL, id_of(person),
				      after, found, 2, &count),
			 0);
	return count;
}

static void record_numbered(struct fixture *f, unsigned i, const char *discloser,
			    const char *recipient)
{
	json_t *consent = consent_json();

	json_set(consent, "consent_id", json_sprintf("00000000-0000-7000-9000-0000000000f%u", i));
	json_set(consent, "grants[0].grant_id",
		 json_sprintf("00000000-0000-7000-9000-0000000000e%u", i));
	json_set(consent, "grants[0].disclosers[0].agency", json_string(discloser));
	if (recipient) {
		json_set(consent, "grants[0].recipients[0].agency", json_string(recipient));
		json_change(consent, "grants[0].direction", "\"GRANT_DIRECTION_TWO_WAY\"");
	}
	record_done(f, consent);
}

static void consents_of_a_person_are_listed_page_by_page(void **state)
{
	const struct tc_id none = {{0}};
	struct fixture *f = *state;
	struct tc_id found[2];

	for (unsigned i = 0; i < 3; i++)
		record_numbered(f, i, "treatment-a", NULL);
	for (int own = 0; own < 2; own++) {
		const char *agency = own ? "treatment-a" : NULL;

		assert_int_equal(list(f, agency, PERSON, none, found), 2);
		assert_int_equal(list(f, agency, PERSON, found[1], found), 1);
		assert_int_equal(found[0].bytes[15], 0xf2);
		assert_int_equal(list(f, agency, OTHER, none, found), 0);
	}
}

/* However many of others stand before it: they are not even passed by. */
static void an_agency_finds_its_own_consents_by_its_name(void **state)
{
	const struct tc_id none = {{0}};
	struct fixture *f = *state;
	struct tc_id found[2];

	record_numbered(f, 1, "treatment-a", NULL);
	record_numbered(f, 2, "treatment-b", NULL);
	record_numbered(f, 3, "treatment-c", "treatment-b");
	f->desk = "treatment-d";
	record_numbered(f, 4, "treatment-a", NULL);
	assert_int_equal(list(f, "treatment-b", PERSON, none, found), 2);
	assert_int_equal(found[0].bytes[15], 0xf2);
	assert_int_equal(found[1].bytes[15], 0xf3);
	assert_int_equal(list(f, "treatment-d", PERSON, none, found), 1);
	assert_int_equal(found[0].bytes[15], 0xf4);
	assert_int_equal(list(f, "parole", PERSON, none, found), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_consent_without_a_required_element_is_deficient),
		TEST(a_consent_with_every_element_is_recorded),
		TEST(a_criminal_justice_consent_states_what_2_35_demands),
		TEST(a_criminal_justice_consent_reaches_only_those_who_monitor),
		TEST(a_class_of_treating_providers_never_names_another_kind),
		TEST(a_consent_for_treatment_payment_operations_warns_of_redisclosure),
		TEST(what_needs_a_consent_of_its_own_is_not_combined),
		TEST(counselling_notes_alone_are_recorded),
		TEST(a_consent_expired_on_arrival_is_refused),
		TEST(a_refused_consent_permits_nothing),
		TEST(a_document_whose_grants_name_too_many_together_is_refused),
		TEST(the_same_ids_again_conflict),
		TEST(a_higher_version_takes_the_place_of_the_one_before),
		TEST(only_who_recorded_it_records_a_higher_version),
		TEST(a_consent_that_supersedes_another_ends_its_grants),
		TEST(what_a_consent_supersedes_must_exist),
		TEST(consents_of_a_person_are_listed_page_by_page),
		TEST(an_agency_finds_its_own_consents_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
