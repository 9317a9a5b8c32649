/* Who may act on a consent, and that nobody else learns that there is one. */
#include "unit/consent/consent_fixture.h"

#include <string.h>

static void revoked_by(struct fixture *f, const char *desk, int expected)
{
	f->desk = desk;
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), expected);
	if (expected == REVOKE_REFUSED) {
		assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_CONSENT);
		assert_string_equal(f->refusal.detail, "consent_id");
	}
	f->desk = NULL;
}

static void fresh(struct fixture *f, const char *recorder)
{
	store_abort(&f->txn);
	assert_int_equal(store_begin(f->store, &f->txn), 0);
	f->desk = recorder;
	record_done(f, consent_json());
	f->desk = NULL;
}

/* The discloser, the recipient, any consent desk and whoever recorded it. */
static void those_whom_it_concerns_may_revoke_it(void **state)
{
	static const char *const may[] = {"treatment-a", "parole", "intake-b", "housing-x"};

	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
		fresh(*state, "housing-x");
		revoked_by(*state, may[i], 0);
	}
}

static void to_everybody_else_there_is_no_such_consent(void **state)
{
	static const char *const may_not[] = {"treatment-b", "court", "housing-b", "police-x"};

	for (size_t i = 0; i < sizeof(may_not) / sizeof(may_not[0]); i++) {
		fresh(*state, "housing-x");
		revoked_by(*state, may_not[i], REVOKE_REFUSED);
	}
	store_abort(&((struct fixture *)*state)->txn);
	assert_int_equal(
		store_begin(((struct fixture *)*state)->store, &((struct fixture *)*state)->txn),
		0);
	revoked_by(*state, "intake-b", REVOKE_REFUSED); /* there is none */
}

static void another_persons_consent_cannot_be_revoked(void **state)
{
	struct fixture *f = *state;

	fresh(f, NULL);
	f->person = OTHER;
	revoked_by(f, "intake-b", REVOKE_REFUSED);
}

/* A recipient stops what flows, and puts nothing in its place. */
static void a_recipient_supersedes_nothing(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	fresh(f, "housing-x");
	json_change(consent, "consent_id", "\"00000000-0000-7000-9000-0000000000c2\"");
	json_change(consent, "grants[0].grant_id", "\"" GRANT_2 "\"");
	json_change(consent, "supersedes", "\"" CONSENT "\"");
	f->desk = "parole";
	assert_refused(f, json_deep_copy(consent), TC_REFUSAL_UNKNOWN_CONSENT, "supersedes");
	f->desk = "treatment-a";
	record_done(f, json_deep_copy(consent));
	fresh(f, "housing-x");
	f->desk = "intake-b";
	record_done(f, consent);
}

static json_t *error_json(int version)
{
	return json_pack("{s:s,s:i,s:s}", "consent_id", CONSENT, "version", version, "status",
			 "CONSENT_STATUS_ENTERED_IN_ERROR");
}

static void only_who_recorded_it_says_that_it_was_an_error(void **state)
{
	static const char *const may_not[] = {"parole", "treatment-a", "intake-b", "police-x"};
	struct fixture *f = *state;
	struct decision decision;

	fresh(f, "housing-x");
	for (size_t i = 0; i < sizeof(may_not) / sizeof(may_not[0]); i++) {
		f->desk = may_not[i];
		assert_refused(f, error_json(2), TC_REFUSAL_UNKNOWN_CONSENT, "consent_id");
	}
	f->desk = "housing-x";
	assert_refused(f, error_json(1), TC_REFUSAL_ID_CONFLICT, "version");
	record_done(f, error_json(2));
	assert_int_equal(f->changes.count, 1);
	assert_true(f->changes.rows[0].effective);
	decision = ask(f, (struct question){0});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
}

/* An error stays one: no later version makes it good, and revoking it changes nothing. */
static void what_was_entered_in_error_stays_so(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();
	struct consent_view view;
	struct grant_view grant;
	const char *status;

	fresh(f, "housing-x");
	f->desk = "housing-x";
	record_done(f, error_json(2));
	json_change(consent, "version", "3");
	assert_refused(f, consent, TC_REFUSAL_ID_CONFLICT, "consent_id");
	assert_refused(f, error_json(3), TC_REFUSAL_ID_CONFLICT, "version");
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	assert_int_equal(f->changes.count, 0);
	assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view), 0);
	assert_int_equal(consent_status_at(f->txn, &f->tables, &view, NOW_MS, &status), 0);
	assert_string_equal(status, "entered_in_error");
	assert_int_equal(grant_find(f->txn, &f->tables, id_of(GRANT), &grant), 0);
	assert_string_equal(grant_status_at(&grant, NOW_MS), "entered_in_error");
}

static void an_error_of_what_was_never_recorded_is_unknown(void **state)
{
	assert_refused(*state, error_json(1), TC_REFUSAL_UNKNOWN_CONSENT, "consent_id");
}

/* Two grants, both not yet revocable: parole learns of its own, and not that there is another. */
static void a_recipient_is_told_only_of_what_names_it(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	json_change(consent, "regime", "\"CONSENT_REGIME_PART2_CJ\"");
	json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
	json_change(consent, "grants[0].revocable_from", "{\"event_code\":\"final_disposition\"}");
	json_change(consent, "grants[0].imposing_authority", "\"District Court\"");
	json_change(consent, "grants[0].monitor_role", "\"officer\"");
	json_change(consent, "grants[0].duration_reason", "\"length of treatment\"");
	json_second_grant(consent);
	json_change(consent, "grants[1].recipients[0].agency", "\"probation-c\"");
	record_done(f, consent);
	f->desk = "parole";
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_int_equal(f->changes.count, 2);
	assert_int_equal(f->pending.count, 1);
	assert_true(tc_id_equal(f->pending.rows[0].grant, id_of(GRANT)));
	assert_string_equal(f->pending.rows[0].event, "final_disposition");
	f->desk = "intake-b";
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_int_equal(f->changes.count, 0);
	assert_int_equal(f->pending.count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(those_whom_it_concerns_may_revoke_it),
		TEST(to_everybody_else_there_is_no_such_consent),
		TEST(another_persons_consent_cannot_be_revoked),
		TEST(a_recipient_supersedes_nothing),
		TEST(only_who_recorded_it_says_that_it_was_an_error),
		TEST(what_was_entered_in_error_stays_so),
		TEST(an_error_of_what_was_never_recorded_is_unknown),
		TEST(a_recipient_is_told_only_of_what_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
