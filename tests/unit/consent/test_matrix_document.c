/*
 * Rule by rule: what a written consent must be. Each row cites its section and has a document that
 * must be recorded and one that must not, with the element that is named.
 *
 * A document is the fixture's, changed in a few places.
 */
#include "unit/consent/consent_fixture.h"

#include <string.h>

#include "consent/consent_check.h"

#define CHANGES_MAX 6

struct change {
	const char *path, *value;
};

struct rule {
	const char *section;
	struct change good[CHANGES_MAX]; /* none: the document as it is */
	struct change bad[CHANGES_MAX];
	enum tc_refusal_code code;
	const char *detail;
};

#define DEFICIENT TC_REFUSAL_CONSENT_DEFICIENT
#define COMBINED  TC_REFUSAL_CONSENT_COMBINED

#define RECIPIENTS "grants[0].recipients"
#define CLASS      "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]"

/* A criminal-justice consent; its last change is the row's. */
#define CJ                                                                                         \
	{"regime", "\"CONSENT_REGIME_PART2_CJ\""}, {"grants[0].proceeding_id", "\"case-1\""},      \
		{"grants[0].revocable_from", "{\"event_code\":\"final_disposition\"}"},            \
		{"grants[0].imposing_authority", "\"District Court\""},                            \
	{                                                                                          \
		"grants[0].monitor_role", "\"probation officer\""                                  \
	}

static const struct rule rules[] = {
	{"42 CFR 2.31(a)(1): the patient's name",
	 {{"subject_name_as_signed", "\"Another Name\""}},
	 {{"subject_name_as_signed", "\"\""}},
	 DEFICIENT,
	 "subject_name_as_signed"},
	{"42 CFR 2.31(a)(2): who may disclose, by name or class",
	 {{"grants[0].disclosers", CLASS}},
	 {{"grants[0].disclosers", "[]"}},
	 DEFICIENT,
	 "grants[0].disclosers"},
	{"42 CFR 2.31(a)(3): the information, in a specific and meaningful fashion",
	 {{"grants[0].description", "\"dates and times of sessions\""}},
	 {{"grants[0].description", "null"}},
	 DEFICIENT,
	 "grants[0].description"},
	{"42 CFR 2.31(a)(3): the information, as categories",
	 {{"grants[0].categories", "[\"CATEGORY_HIV\"]"}},
	 {{"grants[0].categories", "[]"}},
	 DEFICIENT,
	 "grants[0].categories"},
	{"42 CFR 2.31(a)(4)(i): the recipients' names",
	 {{RECIPIENTS "[0].agency", "\"housing-b\""}},
	 {{RECIPIENTS "[0].agency", "null"}},
	 DEFICIENT,
	 RECIPIENTS},
	{"42 CFR 2.31(a)(4)(i): a person by an id, not by a desk",
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_PERSON\""}, {RECIPIENTS "[0].person", "\"w-7\""}},
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_PERSON\""}, {RECIPIENTS "[0].role", "\"team\""}},
	 DEFICIENT,
	 RECIPIENTS},
	{"42 CFR 2.31(a)(4)(i): a desk by its role",
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_ROLE_IN_AGENCY\""},
	  {RECIPIENTS "[0].role", "\"team\""}},
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_ROLE_IN_AGENCY\""}},
	 DEFICIENT,
	 RECIPIENTS},
	{"42 CFR 2.31(a)(4)(i): an agency as such, and no desk beside it",
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_COURT\""}, {RECIPIENTS "[0].agency", "\"court\""}},
	 {{RECIPIENTS "[0].role", "\"team\""}},
	 DEFICIENT,
	 RECIPIENTS},
	{"42 CFR 2.31(a)(4)(ii)(A): the intermediary's name",
	 {{"grants[0].intermediary_named", "true"}},
	 {{"grants[0].intermediary_named", "false"}},
	 DEFICIENT,
	 "grants[0].intermediary_named"},
	{"42 CFR 2.31(a)(4)(ii)(B): a class of treating providers",
	 {{RECIPIENTS, CLASS}},
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_CLASS_TREATING\""},
	  {RECIPIENTS "[0].agency", "\"parole\""}},
	 DEFICIENT,
	 RECIPIENTS "[0]: not a treating provider"},
	{"42 CFR 2.31(a)(4)(ii)(B): no court in a class of treating providers",
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_COURT\""}, {RECIPIENTS "[0].agency", "\"court\""}},
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_CLASS_TREATING\""},
	  {RECIPIENTS "[0].agency", "\"court\""}},
	 DEFICIENT,
	 RECIPIENTS "[0]: not a treating provider"},
	{"42 CFR 2.31(a)(4)(ii)(B): no landlord in a class of treating providers",
	 {{RECIPIENTS "[0].agency", "\"housing-b\""}},
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_CLASS_TREATING\""},
	  {RECIPIENTS "[0].agency", "\"housing-b\""}},
	 DEFICIENT,
	 RECIPIENTS "[0]: not a treating provider"},
	{"42 CFR 2.31(a)(4)(ii)(B): a class is nobody in particular",
	 {{RECIPIENTS "[0].agency", "\"treatment-b\""}},
	 {{RECIPIENTS "[0].kind", "\"PARTY_KIND_CLASS_TREATING\""},
	  {RECIPIENTS "[0].agency", "\"treatment-b\""}},
	 DEFICIENT,
	 RECIPIENTS "[0]: a class names no agency"},
	{"42 CFR 2.31(a)(5): each purpose",
	 {{"grants[0].purposes", "[\"PURPOSE_RESEARCH\"]"}},
	 {{"grants[0].purposes", "[]"}},
	 DEFICIENT,
	 "grants[0].purposes"},
	{"42 CFR 2.31(a)(5)(iii): of a consent for treatment, what refusal means",
	 {{"grants[0].purposes", "[\"PURPOSE_TREATMENT\"]"}},
	 {{"grants[0].purposes", "[\"PURPOSE_TREATMENT\"]"},
	  {"statements.refusal_consequence", "null"}},
	 DEFICIENT,
	 "statements.refusal_consequence"},
	{"42 CFR 2.31(a)(6): the right to revoke in writing",
	 {{"statements.list_on_request", "true"}},
	 {{"statements.revocation_right", "false"}},
	 DEFICIENT,
	 "statements.revocation_right"},
	{"42 CFR 2.31(a)(6): how to revoke",
	 {{"statements.how_to_revoke", "\"a letter to the desk\""}},
	 {{"statements.how_to_revoke", "null"}},
	 DEFICIENT,
	 "statements.how_to_revoke"},
	{"42 CFR 2.31(a)(7): an end",
	 {{"grants[0].expiry", "{\"at\":\"2027-01-01T00:00:00Z\"}"}},
	 {{"grants[0].expiry", "null"}},
	 DEFICIENT,
	 "grants[0].expiry"},
	{"42 CFR 2.31(a)(7): one end, not two",
	 {{"grants[0].proceeding_id", "\"case-1\""},
	  {"grants[0].expiry", "{\"event_code\":\"final_disposition\"}"}},
	 {{"grants[0].proceeding_id", "\"case-1\""},
	  {"grants[0].expiry.event_code", "\"final_disposition\""}},
	 DEFICIENT,
	 "grants[0].expiry"},
	{"42 CFR 2.31(a)(7): an event that somebody can see",
	 {{"grants[0].proceeding_id", "\"case-1\""},
	  {"grants[0].expiry", "{\"event_code\":\"final_disposition\"}"}},
	 {{"grants[0].proceeding_id", "\"case-1\""},
	  {"grants[0].expiry", "{\"event_code\":\"when_all_is_well\"}"}},
	 DEFICIENT,
	 "grants[0].expiry"},
	{"42 CFR 2.31(a)(7): none, only for treatment, payment and operations",
	 {{"grants[0].purposes", "[\"PURPOSE_PAYMENT\",\"PURPOSE_OPERATIONS\"]"},
	  {"grants[0].expiry", "{\"none_tpo\":true}"}},
	 {{"grants[0].purposes", "[\"PURPOSE_PAYMENT\",\"PURPOSE_SUPERVISION_MONITORING\"]"},
	  {"grants[0].expiry", "{\"none_tpo\":true}"}},
	 DEFICIENT,
	 "grants[0].expiry"},
	{"42 CFR 2.31(a)(8): the signature",
	 {{"signature.method", "\"SIGNATURE_METHOD_ELECTRONIC\""}},
	 {{"signature.signer", "null"}},
	 DEFICIENT,
	 "signature.signer"},
	{"42 CFR 2.31(a)(8): a consent under part 2 is written",
	 {{"regime", "\"CONSENT_REGIME_POLICY\""},
	  {"signature.method", "\"SIGNATURE_METHOD_VERBAL_WITNESSED\""},
	  {"signature.witness", "\"A. Witness\""}},
	 {{"signature.method", "\"SIGNATURE_METHOD_VERBAL_WITNESSED\""},
	  {"signature.witness", "\"A. Witness\""}},
	 DEFICIENT,
	 "signature.method"},
	{"a spoken consent has its witness",
	 {{"regime", "\"CONSENT_REGIME_STATE\""},
	  {"signature.method", "\"SIGNATURE_METHOD_VERBAL_WITNESSED\""},
	  {"signature.witness", "\"A. Witness\""}},
	 {{"regime", "\"CONSENT_REGIME_STATE\""},
	  {"signature.method", "\"SIGNATURE_METHOD_VERBAL_WITNESSED\""}},
	 DEFICIENT,
	 "signature.witness"},
	{"42 CFR 2.31(a)(8), 2.14: a guardian signs by an authority",
	 {{"signature.capacity", "\"SIGNER_CAPACITY_GUARDIAN\""},
	  {"signature.authority_ref", "\"order 12\""}},
	 {{"signature.capacity", "\"SIGNER_CAPACITY_GUARDIAN\""}},
	 DEFICIENT,
	 "signature.authority_ref"},
	{"42 CFR 2.31(a)(8), 2.15: so does an attorney",
	 {{"signature.capacity", "\"SIGNER_CAPACITY_POWER_OF_ATTORNEY\""},
	  {"signature.authority_ref", "\"deed 7\""}},
	 {{"signature.capacity", "\"SIGNER_CAPACITY_POWER_OF_ATTORNEY\""}},
	 DEFICIENT,
	 "signature.authority_ref"},
	{"42 CFR 2.31(a)(8), 2.15: and a court",
	 {{"signature.capacity", "\"SIGNER_CAPACITY_COURT\""},
	  {"signature.authority_ref", "\"order 12\""}},
	 {{"signature.capacity", "\"SIGNER_CAPACITY_COURT\""}},
	 DEFICIENT,
	 "signature.authority_ref"},
	{"42 CFR 2.31(a)(9): the date",
	 {{"signature.signed_at", "\"2026-11-29T00:00:00Z\""}},
	 {{"signature.signed_at", "null"}},
	 DEFICIENT,
	 "signature.signed_at"},
	{"42 CFR 2.31(a)(10): of a consent for treatment, the warning of redisclosure",
	 {{"grants[0].purposes", "[\"PURPOSE_TREATMENT\"]"}},
	 {{"grants[0].purposes", "[\"PURPOSE_TREATMENT\"]"},
	  {"statements.redisclosure_warning", "false"}},
	 DEFICIENT,
	 "statements.redisclosure_warning"},
	{"42 CFR 2.31(b): counselling notes in a consent of their own",
	 {{"grants[0].categories", "[\"CATEGORY_SUD_COUNSELLING_NOTES\"]"}},
	 {{"grants[0].categories", "[\"CATEGORY_SUD_COUNSELLING_NOTES\",\"CATEGORY_ATTENDANCE\"]"}},
	 COMBINED,
	 "grants[0].categories"},
	{"45 CFR 164.508(b)(3)(ii): psychotherapy notes in a consent of their own",
	 {{"regime", "\"CONSENT_REGIME_HIPAA_AUTH\""},
	  {"grants[0].categories", "[\"CATEGORY_PSYCHOTHERAPY_NOTES\"]"}},
	 {{"regime", "\"CONSENT_REGIME_HIPAA_AUTH\""},
	  {"grants[0].categories",
	   "[\"CATEGORY_MENTAL_HEALTH\",\"CATEGORY_PSYCHOTHERAPY_NOTES\"]"}},
	 COMBINED,
	 "grants[0].categories"},
	{"42 CFR 2.31(c)(1): not expired",
	 {{"grants[0].expiry.at", "\"2026-12-02T00:00:00Z\""}},
	 {{"grants[0].expiry.at", "\"2026-11-30T12:00:00Z\""}},
	 TC_REFUSAL_CONSENT_EXPIRED,
	 "grants[0].expiry.at"},
	{"42 CFR 2.31(c)(2): not deficient on its face: its regime",
	 {{"regime", "\"CONSENT_REGIME_VA\""}},
	 {{"regime", "null"}},
	 DEFICIENT,
	 "regime"},
	{"42 CFR 2.31(c)(2): not deficient on its face: signed, not a draft",
	 {{"status", "\"CONSENT_STATUS_ACTIVE\""}},
	 {{"status", "\"CONSENT_STATUS_DRAFT\""}},
	 DEFICIENT,
	 "status"},
	{"42 CFR 2.31(c)(2): not deficient on its face: asked for",
	 {{"status", "\"CONSENT_STATUS_ACTIVE\""}},
	 {{"status", "\"CONSENT_STATUS_NOT_ASKED\""}},
	 DEFICIENT,
	 "status"},
	{"42 CFR 2.31(c)(3): not known to be refused",
	 {{"status", "\"CONSENT_STATUS_ACTIVE\""}},
	 {{"status", "\"CONSENT_STATUS_DECLINED\""}},
	 DEFICIENT,
	 "status"},
	{"42 CFR 2.31(c)(4): not known to be false: signed by now",
	 {{"signature.signed_at", "\"2026-12-01T00:00:00Z\""}},
	 {{"signature.signed_at", "\"2026-12-20T00:00:00Z\""}},
	 DEFICIENT,
	 "signature.signed_at"},
	{"42 CFR 2.31(c)(4): not known to be false: begins before it ends",
	 {{"grants[0].valid_from", "\"2026-12-20T00:00:00Z\""}},
	 {{"grants[0].valid_from", "\"2029-01-01T00:00:00Z\""}},
	 DEFICIENT,
	 "grants[0].expiry"},
	{"42 CFR 2.31(c)(4): not known to be false: written by now",
	 {{"created_at", "\"2026-12-01T00:00:00Z\""}},
	 {{"created_at", "\"2027-12-01T00:00:00Z\""}},
	 DEFICIENT,
	 "created_at"},
	{"42 CFR 2.31(c)(4): not known to be false: a digest is one",
	 {{"document.sha256", "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\""}},
	 {{"document.sha256", "\"AAAA\""}},
	 DEFICIENT,
	 "document.sha256"},
	{"42 CFR 2.31(d): use in a proceeding in a consent of its own",
	 {{"grants[0].purposes", "[\"PURPOSE_LEGAL_PROCEEDING\"]"}},
	 {{"grants[0].purposes", "[\"PURPOSE_LEGAL_PROCEEDING\",\"PURPOSE_AT_REQUEST\"]"}},
	 COMBINED,
	 "grants[0].purposes"},
	{"42 CFR 2.31(d): what is said in a proceeding, too",
	 {{"grants[0].categories", "[\"CATEGORY_COURT_PROCEEDING\"]"}},
	 {{"grants[0].categories", "[\"CATEGORY_COURT_PROCEEDING\",\"CATEGORY_PROGRESS\"]"}},
	 COMBINED,
	 "grants[0].categories"},
	{"victim information is not the subject's to release",
	 {{"grants[0].categories", "[\"CATEGORY_FAMILY\"]"}},
	 {{"grants[0].categories", "[\"CATEGORY_FAMILY\",\"CATEGORY_VICTIM_INFO\"]"}},
	 DEFICIENT,
	 "grants[0].categories"},
	{"45 CFR 164.508(c)(2): the warning of redisclosure, whatever the purpose",
	 {{"regime", "\"CONSENT_REGIME_HIPAA_AUTH\""}},
	 {{"regime", "\"CONSENT_REGIME_HIPAA_AUTH\""}, {"statements.redisclosure_warning", "null"}},
	 DEFICIENT,
	 "statements.redisclosure_warning"},
	{"42 CFR 2.35(a): an authority made it a condition",
	 {CJ, {"grants[0].duration_reason", "\"length of treatment\""}},
	 {CJ, {"grants[0].imposing_authority", "null"}},
	 DEFICIENT,
	 "grants[0].imposing_authority"},
	{"42 CFR 2.35(a)(1): those who need it to monitor",
	 {CJ, {"grants[0].duration_reason", "\"length of treatment\""}},
	 {CJ, {"grants[0].monitor_role", "null"}},
	 DEFICIENT,
	 "grants[0].monitor_role"},
	{"42 CFR 2.35(a)(1): and nobody else",
	 {CJ, {"grants[0].duration_reason", "\"need\""}},
	 {CJ, {RECIPIENTS "[0].agency", "\"housing-b\""}},
	 DEFICIENT,
	 RECIPIENTS "[0]: not an authority that can monitor"},
	{"42 CFR 2.35(a)(1): and by no class",
	 {CJ, {"grants[0].duration_reason", "\"need\""}},
	 {CJ, {RECIPIENTS, CLASS}},
	 DEFICIENT,
	 RECIPIENTS "[0]: not an authority that can monitor"},
	{"42 CFR 2.35(a)(1): who monitors tells nothing back by it",
	 {CJ, {"grants[0].direction", "\"GRANT_DIRECTION_ONE_WAY\""}},
	 {CJ, {"grants[0].direction", "\"GRANT_DIRECTION_TWO_WAY\""}},
	 DEFICIENT,
	 "grants[0].direction"},
	{"42 CFR 2.35(b): a reasonable duration",
	 {CJ, {"grants[0].duration_reason", "\"type of proceeding\""}},
	 {CJ, {"grants[0].duration_reason", "null"}},
	 DEFICIENT,
	 "grants[0].duration_reason"},
	{"42 CFR 2.35(c): from when it can be revoked",
	 {CJ, {"grants[0].duration_reason", "\"need\""}},
	 {CJ, {"grants[0].revocable_from", "null"}},
	 DEFICIENT,
	 "grants[0].revocable_from"},
	{"42 CFR 2.35(c): a time or an event, not both",
	 {CJ, {"grants[0].revocable_from", "{\"at\":\"2027-01-01T00:00:00Z\"}"}},
	 {CJ, {"grants[0].revocable_from.at", "\"2027-01-01T00:00:00Z\""}},
	 DEFICIENT,
	 "grants[0].revocable_from"},
	{"42 CFR 2.35(c): an event that can be ascertained",
	 {CJ, {"grants[0].duration_reason", "\"need\""}},
	 {CJ, {"grants[0].revocable_from", "{\"event_code\":\"some_day\"}"}},
	 DEFICIENT,
	 "grants[0].revocable_from"},
	{"42 CFR 2.35(c): irrevocable only under 2.35",
	 {CJ, {"grants[0].duration_reason", "\"need\""}},
	 {{"grants[0].revocable_from", "{\"at\":\"2027-01-01T00:00:00Z\"}"}},
	 DEFICIENT,
	 "grants[0].revocable_from"},
	{"42 CFR 2.35(c): of a proceeding that is named",
	 {CJ, {"grants[0].duration_reason", "\"need\""}},
	 {CJ, {"grants[0].proceeding_id", "null"}},
	 DEFICIENT,
	 "grants[0].revocable_from"},
	{"42 CFR 2.35(d): passed on for official duties about it, or not at all",
	 {CJ, {"grants[0].redisclosure", "\"REDISCLOSURE_RULE_OFFICIAL_DUTY_CASE\""}},
	 {CJ, {"grants[0].redisclosure", "\"REDISCLOSURE_RULE_HIPAA_TPO\""}},
	 DEFICIENT,
	 "grants[0].redisclosure"},
};

static json_t *document(const struct change *changes)
{
	json_t *consent = consent_json();

	/* What a row of 2.35 does not say itself. */
	if (changes[0].path && strstr(changes[0].value, "PART2_CJ"))
		json_change(consent, "grants[0].duration_reason", "\"length of treatment\"");
	for (size_t i = 0; i < CHANGES_MAX && changes[i].path; i++)
		json_change(consent, changes[i].path, changes[i].value);
	return consent;
}

static void what_a_rule_allows_is_recorded(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		store_abort(&f->txn);
		assert_int_equal(store_begin(f->store, &f->txn), 0);
		if (record(f, document(rules[i].good), NOW_MS) != 0)
			fail_msg("%s: refused, %s: %s", rules[i].section,
				 tc_refusal_name(f->refusal.code), f->refusal.detail);
	}
}

static void what_a_rule_forbids_is_refused_with_its_element(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (record(f, document(rule->bad), NOW_MS) != GRANT_REFUSED)
			fail_msg("%s: recorded", rule->section);
		if (f->refusal.code != rule->code || !strstr(f->refusal.detail, rule->detail))
			fail_msg("%s: refused with %s: %s", rule->section,
				 tc_refusal_name(f->refusal.code), f->refusal.detail);
	}
}

/* Nothing of what was refused is there, not even as a trace. */
static void what_was_refused_permits_nothing(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct decision decision;
		struct consent_view view;

		(void)record(f, document(rules[i].bad), NOW_MS);
		assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view),
				 GRANT_UNKNOWN);
		decision = ask(f, (struct question){.proceeding = "case-1"});
		assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING, 0);
	}
}

/* Every element that the policy asks a consent for is one that this looks for. */
static void every_element_that_the_policy_demands_is_known(void **state)
{
	const struct fixture *f = *state;

	for (uint32_t regime = 1; regime < POLICY_REGIME_COUNT; regime++) {
		const struct policy_regime *row = policy_regime(f->policy, regime);

		assert_non_null(row);
		for (size_t i = 0; i < row->required_count; i++)
			if (!consent_element_known(row->required[i]))
				fail_msg("%s: %s", row->name, row->required[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_rule_allows_is_recorded),
		TEST(what_a_rule_forbids_is_refused_with_its_element),
		TEST(what_was_refused_permits_nothing),
		TEST(every_element_that_the_policy_demands_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
