#include "unit/consent/matrix_release.h"

#include <string.h>

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

static void assert_answer(const struct matrix_rule *rule, const struct decision *decision,
			  enum decision_kind kind, enum tc_refusal_code code)
{
	if (decision->kind != kind || decision->code != code)
		fail_msg("%s: %s %s, not %s %s", rule->section, decision_kind_name(decision->kind),
			 tc_refusal_name(decision->code), decision_kind_name(kind),
			 tc_refusal_name(code));
}

void matrix_walk(struct fixture *f, const struct matrix_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct matrix_rule *rule = &rules[i];
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
