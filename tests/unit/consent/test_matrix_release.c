/*
 * Rule by rule: what a consent or another basis lets go. Each row cites its section and has a
 * question that must be answered with a release and one that must not, about the same documents.
 */
#include "unit/consent/consent_fixture.h"

#include <string.h>

#define FROM_MS INT64_C(1798761600000) /* 2027-01-01: from when the 2.35 consents are revocable */

enum document {
	PLAIN,       /* the fixture's: treatment-a tells parole attendance and sud_treatment */
	TWO_WAY,     /* the same, and back */
	TO_CLASS,    /* treatment-a tells "my treating providers" */
	DESKS,       /* one desk and one person of parole */
	TPO,         /* for treatment, to treatment-b, without an end */
	NOTES,       /* counselling notes alone */
	PROCEEDING,  /* for a legal proceeding, to the court, case-1 */
	CJ_TIME,     /* 2.35, revocable from FROM_MS, case-1 */
	CJ_EVENT,    /* 2.35, revocable with the final disposition of case-1 */
	UNTIL_EVENT, /* ends with the final disposition of case-1 */
	LATER,       /* valid from FROM_MS */
};

/* What happens after the document is recorded, a day before it is asked. */
enum event {
	NOTHING,
	REVOKED,
	REVOKED_FOR_PAROLE,
	REVOKED_FOR_B, /* treatment-b, of a class */
	DISPOSED,      /* the final disposition of case-1 */
	SUPERSEDED,
	IN_ERROR,
};

struct rule {
	const char *section;
	enum document document;
	enum event event;
	struct question yes; /* released whole */
	struct question no;
	enum decision_kind kind; /* of the second */
	enum tc_refusal_code code;
	enum event then; /* happens between the two questions */
};

#define HOLD    DECISION_HOLD
#define DENY    DECISION_DENY
#define MISSING TC_REFUSAL_CONSENT_MISSING
#define TAKEN   TC_REFUSAL_CONSENT_REVOKED
#define OVER    TC_REFUSAL_CONSENT_EXPIRED
#define BASIS   TC_REFUSAL_BASIS_INSUFFICIENT
#define ELSE    TC_REFUSAL_CONSENT_OTHER_PROCEEDING

#define DRUG_TEST                                                                                  \
	{                                                                                          \
		(uint8_t) CATEGORY(DRUG_TEST)                                                      \
	}
#define COUNSELLING                                                                                \
	{                                                                                          \
		(uint8_t) CATEGORY(SUD_COUNSELLING_NOTES)                                          \
	}
#define VICTIM                                                                                     \
	{                                                                                          \
		(uint8_t) CATEGORY(VICTIM_INFO)                                                    \
	}
#define CASE_1 .proceeding = "case-1"

static const struct rule rules[] = {
	{"42 CFR 2.13(a): no more than what the consent describes",
	 PLAIN,
	 NOTHING,
	 {.from = NULL},
	 {.categories = DRUG_TEST},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(2): by those who may disclose",
	 PLAIN,
	 NOTHING,
	 {.from = "treatment-a"},
	 {.from = "treatment-b"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(i): to those who are named",
	 PLAIN,
	 NOTHING,
	 {.to = "parole"},
	 {.to = "housing-b"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(i): one way, unless both are meant",
	 TWO_WAY,
	 NOTHING,
	 {.from = "parole", .to = "treatment-a"},
	 {.from = "parole", .to = "treatment-b"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(i): the desk that is named",
	 DESKS,
	 NOTHING,
	 {.role = "drug-court-team"},
	 {.role = "front-desk"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(i): the person who is named",
	 DESKS,
	 NOTHING,
	 {.person = "w-7"},
	 {.person = "w-8"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(i): a person is not the agency",
	 DESKS,
	 NOTHING,
	 {.role = "front-desk", .person = "w-7"},
	 {.from = NULL},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(ii)(B): a class reaches who treats",
	 TO_CLASS,
	 NOTHING,
	 {.to = "treatment-b"},
	 {.to = "parole"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(4)(ii)(B): and no court",
	 TO_CLASS,
	 NOTHING,
	 {.to = "treatment-c"},
	 {.to = "court"},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(5): for the purpose that is named",
	 PLAIN,
	 NOTHING,
	 {.purpose = (uint32_t)PURPOSE(REFERRAL_COORDINATION)},
	 {.purpose = (uint32_t)PURPOSE(RESEARCH)},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(7): until its time",
	 PLAIN,
	 NOTHING,
	 {.now_ms = EXPIRES_MS - 1},
	 {.now_ms = EXPIRES_MS},
	 HOLD,
	 OVER,
	 NOTHING},
	{"42 CFR 2.31(a)(7): until its event",
	 UNTIL_EVENT,
	 NOTHING,
	 {CASE_1},
	 {CASE_1},
	 HOLD,
	 OVER,
	 DISPOSED},
	{"42 CFR 2.31(a)(7): none for treatment",
	 TPO,
	 NOTHING,
	 {.to = "treatment-b",
	  .purpose = (uint32_t)PURPOSE(TREATMENT),
	  .now_ms = SIGNED_MS + 20 * 365 * DAY},
	 {.to = "treatment-b", .purpose = (uint32_t)PURPOSE(SUPERVISION_MONITORING)},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(a)(7): from when it is valid",
	 LATER,
	 NOTHING,
	 {.now_ms = FROM_MS},
	 {.now_ms = FROM_MS - 1},
	 HOLD,
	 TC_REFUSAL_CONSENT_NOT_YET_VALID,
	 NOTHING},
	{"42 CFR 2.31(a)(6), (c)(3): not once it is revoked",
	 PLAIN,
	 NOTHING,
	 {.from = NULL},
	 {.from = NULL},
	 HOLD,
	 TAKEN,
	 REVOKED},
	{"42 CFR 2.31(c)(3): revoked for one, it stays for the rest",
	 TWO_WAY,
	 REVOKED_FOR_PAROLE,
	 {.to = "court"},
	 {.to = "parole"},
	 HOLD,
	 TAKEN,
	 NOTHING},
	{"42 CFR 2.31(c)(3): of a class, too",
	 TO_CLASS,
	 REVOKED_FOR_B,
	 {.to = "treatment-c"},
	 {.to = "treatment-b"},
	 HOLD,
	 TAKEN,
	 NOTHING},
	{"42 CFR 2.31(c)(3): and both ways",
	 TWO_WAY,
	 REVOKED_FOR_PAROLE,
	 {.from = "court", .to = "treatment-a"},
	 {.from = "parole", .to = "treatment-a"},
	 HOLD,
	 TAKEN,
	 NOTHING},
	{"42 CFR 2.31(c)(2): not once it was entered in error",
	 PLAIN,
	 NOTHING,
	 {.from = NULL},
	 {.from = NULL},
	 HOLD,
	 TAKEN,
	 IN_ERROR},
	{"a consent that another takes the place of",
	 PLAIN,
	 SUPERSEDED,
	 {.categories = DRUG_TEST},
	 {.from = NULL},
	 HOLD,
	 TAKEN,
	 NOTHING},
	{"42 CFR 2.31(b): counselling notes by their own consent",
	 NOTES,
	 NOTHING,
	 {.categories = COUNSELLING},
	 {.from = NULL},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(b): and by no other",
	 PLAIN,
	 NOTHING,
	 {.from = NULL},
	 {.categories = COUNSELLING},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.31(d): a proceeding by its own consent",
	 PROCEEDING,
	 NOTHING,
	 {.to = "court", .purpose = (uint32_t)PURPOSE(LEGAL_PROCEEDING), CASE_1},
	 {.to = "court", .purpose = (uint32_t)PURPOSE(LEGAL_PROCEEDING), .proceeding = "case-2"},
	 DENY,
	 ELSE,
	 NOTHING},
	{"42 CFR 2.35(a): in the case that it is for",
	 CJ_TIME,
	 NOTHING,
	 {CASE_1},
	 {.proceeding = "case-2"},
	 DENY,
	 ELSE,
	 NOTHING},
	{"42 CFR 2.35(a): and not without naming it",
	 CJ_TIME,
	 NOTHING,
	 {CASE_1},
	 {.from = NULL},
	 DENY,
	 ELSE,
	 NOTHING},
	{"42 CFR 2.35(a)(1): to nobody else",
	 CJ_TIME,
	 NOTHING,
	 {CASE_1},
	 {.to = "police", CASE_1},
	 HOLD,
	 MISSING,
	 NOTHING},
	{"42 CFR 2.35(c): revoked early, until the time",
	 CJ_TIME,
	 REVOKED,
	 {.now_ms = FROM_MS - 1, CASE_1},
	 {.now_ms = FROM_MS, CASE_1},
	 HOLD,
	 TAKEN,
	 NOTHING},
	{"42 CFR 2.35(c): revoked early, until the event",
	 CJ_EVENT,
	 REVOKED,
	 {CASE_1},
	 {CASE_1},
	 HOLD,
	 TAKEN,
	 DISPOSED},
	{"42 CFR 2.35(c): no later than the final disposition",
	 CJ_TIME,
	 REVOKED,
	 {CASE_1},
	 {CASE_1},
	 HOLD,
	 TAKEN,
	 DISPOSED},
	{"42 CFR 2.35(c): after it, revocable at once",
	 CJ_TIME,
	 DISPOSED,
	 {CASE_1},
	 {CASE_1},
	 HOLD,
	 TAKEN,
	 REVOKED},
	{"42 CFR 2.35(c): another document does not end it sooner",
	 CJ_TIME,
	 SUPERSEDED,
	 {.now_ms = FROM_MS - 1, CASE_1},
	 {.now_ms = FROM_MS, CASE_1},
	 HOLD,
	 TAKEN,
	 NOTHING},
	{"42 CFR 2.35(c): nor does it keep it longer",
	 CJ_EVENT,
	 SUPERSEDED,
	 {CASE_1},
	 {CASE_1},
	 HOLD,
	 TAKEN,
	 DISPOSED},
	{"42 CFR 2.35(c): what was an error never held",
	 CJ_EVENT,
	 NOTHING,
	 {CASE_1},
	 {CASE_1},
	 HOLD,
	 TAKEN,
	 IN_ERROR},
	{"42 CFR 2.51: an emergency, to who treats",
	 PLAIN,
	 NOTHING,
	 {.to = "treatment-b", .legal = LEGAL(MEDICAL_EMERGENCY), .categories = DRUG_TEST},
	 {.to = "parole", .legal = LEGAL(MEDICAL_EMERGENCY), .categories = DRUG_TEST},
	 DENY,
	 BASIS,
	 NOTHING},
	{"42 CFR 2.61: an order that has its number",
	 PLAIN,
	 NOTHING,
	 {.to = "court", .legal = LEGAL(COURT_ORDER), .reference = "o-1", .categories = DRUG_TEST},
	 {.to = "court", .legal = LEGAL(COURT_ORDER), .categories = DRUG_TEST},
	 DENY,
	 BASIS,
	 NOTHING},
	{"42 CFR 2.12(c)(6): a report that has its number",
	 PLAIN,
	 NOTHING,
	 {.to = "police", .legal = LEGAL(MANDATORY_REPORT), .reference = "r-1"},
	 {.to = "police", .legal = LEGAL(MANDATORY_REPORT)},
	 DENY,
	 BASIS,
	 NOTHING},
	{"42 CFR 2.12: that somebody attends is treatment's to protect",
	 PLAIN,
	 NOTHING,
	 {.from = "housing-b", .legal = LEGAL(NON_PART2_OPERATIONAL)},
	 {.from = "treatment-a", .legal = LEGAL(NON_PART2_OPERATIONAL)},
	 DENY,
	 BASIS,
	 NOTHING},
	{"victim information by order, never by consent",
	 PLAIN,
	 NOTHING,
	 {.from = "parole",
	  .to = "police-x",
	  .legal = LEGAL(COURT_ORDER),
	  .reference = "o-1",
	  .categories = VICTIM},
	 {.from = "parole", .to = "police-x", .categories = VICTIM},
	 DENY,
	 BASIS,
	 NOTHING},
	{"42 CFR 2.33, 2.35(d): what may not be passed on",
	 PLAIN,
	 NOTHING,
	 {.forbidden = 2},
	 {.forbidden = 1},
	 DENY,
	 TC_REFUSAL_REDISCLOSURE_FORBIDDEN,
	 NOTHING},
	{"42 CFR 2.61: an order lifts that",
	 PLAIN,
	 NOTHING,
	 {.forbidden = 1, .legal = LEGAL(COURT_ORDER), .reference = "o-1"},
	 {.forbidden = 1, .legal = LEGAL(STATUTE), .reference = "s-1"},
	 DENY,
	 TC_REFUSAL_REDISCLOSURE_FORBIDDEN,
	 NOTHING},
};

/* ---- the documents ---- */

static void make_cj(json_t *consent, const char *revocable_from)
{
	json_change(consent, "regime", "\"CONSENT_REGIME_PART2_CJ\"");
	json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
	json_change(consent, "grants[0].revocable_from", revocable_from);
	json_change(consent, "grants[0].imposing_authority", "\"District Court\"");
	json_change(consent, "grants[0].monitor_role", "\"officer\"");
	json_change(consent, "grants[0].duration_reason", "\"length of treatment\"");
}

static json_t *make(enum document document)
{
	json_t *consent = consent_json();

	switch (document) {
	case PLAIN:
		break;
	case TWO_WAY:
		json_change(consent, "grants[0].direction", "\"GRANT_DIRECTION_TWO_WAY\"");
		json_change(consent, "grants[0].recipients",
			    "[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"parole\"},"
			    "{\"kind\":\"PARTY_KIND_COURT\",\"agency\":\"court\"}]");
		break;
	case TO_CLASS:
		json_change(consent, "grants[0].recipients",
			    "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
		break;
	case DESKS:
		json_change(consent, "grants[0].recipients",
			    "[{\"kind\":\"PARTY_KIND_ROLE_IN_AGENCY\",\"agency\":\"parole\","
			    "\"role\":\"drug-court-team\"},{\"kind\":\"PARTY_KIND_PERSON\","
			    "\"agency\":\"parole\",\"person\":\"w-7\"}]");
		break;
	case TPO:
		json_change(consent, "grants[0].recipients[0].agency", "\"treatment-b\"");
		json_change(consent, "grants[0].purposes", "[\"PURPOSE_TREATMENT\"]");
		json_change(consent, "grants[0].expiry", "{\"none_tpo\":true}");
		break;
	case NOTES:
		json_change(consent, "grants[0].categories",
			    "[\"CATEGORY_SUD_COUNSELLING_NOTES\"]");
		break;
	case PROCEEDING:
		json_change(consent, "grants[0].recipients[0].agency", "\"court\"");
		json_change(consent, "grants[0].purposes", "[\"PURPOSE_LEGAL_PROCEEDING\"]");
		json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
		break;
	case CJ_TIME:
		make_cj(consent, "{\"at\":\"2027-01-01T00:00:00Z\"}");
		break;
	case CJ_EVENT:
		make_cj(consent, "{\"event_code\":\"final_disposition\"}");
		break;
	case UNTIL_EVENT:
		json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
		json_change(consent, "grants[0].expiry", "{\"event_code\":\"final_disposition\"}");
		break;
	case LATER:
		json_change(consent, "grants[0].valid_from", "\"2027-01-01T00:00:00Z\"");
		break;
	}
	return consent;
}

/* ---- what happens ---- */

static void supersede(struct fixture *f)
{
	json_t *consent = consent_json();

	json_change(consent, "version", "2");
	json_change(consent, "grants[0].grant_id", "\"" GRANT_2 "\"");
	json_change(consent, "grants[0].categories", "[\"CATEGORY_DRUG_TEST\"]");
	record_done(f, consent);
}

static void enter_in_error(struct fixture *f)
{
	json_t *consent = json_pack("{s:s,s:i,s:s}", "consent_id", CONSENT, "version", 2, "status",
				    "CONSENT_STATUS_ENTERED_IN_ERROR");

	record_done(f, consent);
}

static void let_happen(struct fixture *f, enum event event)
{
	switch (event) {
	case NOTHING:
		break;
	case REVOKED:
		assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
		break;
	case REVOKED_FOR_PAROLE:
		assert_int_equal(take_back(f, NULL, "parole", NOW_MS), 0);
		break;
	case REVOKED_FOR_B:
		assert_int_equal(take_back(f, NULL, "treatment-b", NOW_MS), 0);
		break;
	case DISPOSED:
		happen(f, "final_disposition", "case-1", PERSON, NOW_MS);
		break;
	case SUPERSEDED:
		supersede(f);
		break;
	case IN_ERROR:
		enter_in_error(f);
		break;
	}
}

static void assert_answer(const struct rule *rule, const struct decision *decision,
			  enum decision_kind kind, enum tc_refusal_code code)
{
	if (decision->kind != kind || decision->code != code)
		fail_msg("%s: %s %s, not %s %s", rule->section, decision_kind_name(decision->kind),
			 tc_refusal_name(decision->code), decision_kind_name(kind),
			 tc_refusal_name(code));
}

static void what_a_rule_lets_go_goes_and_the_rest_stays(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		struct question yes = rule->yes;
		struct decision decision;

		store_abort(&f->txn);
		assert_int_equal(store_begin(f->store, &f->txn), 0);
		if (record(f, make(rule->document), NOW_MS) != 0)
			fail_msg("%s: %s", rule->section, f->refusal.detail);
		let_happen(f, rule->event);
		decision = ask(f, yes);
		assert_answer(rule, &decision, DECISION_PERMIT, TC_REFUSAL_NONE);
		let_happen(f, rule->then);
		decision = ask(f, rule->no);
		assert_answer(rule, &decision, rule->kind, rule->code);
		/* As of before anything of it was there, nobody had consented. */
		yes.now_ms = NOW_MS - 1;
		decision = ask(f, yes);
		if (yes.legal == 0)
			assert_answer(rule, &decision, DECISION_HOLD, TC_REFUSAL_CONSENT_MISSING);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_rule_lets_go_goes_and_the_rest_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
