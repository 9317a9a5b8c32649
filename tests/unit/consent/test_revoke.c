/* Taking consent back: at once, for one party, and when 42 CFR 2.35 lets it. */
#include "unit/consent/consent_fixture.h"

#include <string.h>

#include "consent/consent_row.h"
#include "store/store_cursor.h"

static const char *status_of(struct fixture *f, const char *grant, int64_t now_ms)
{
	struct grant_view view;

	assert_int_equal(grant_find(f->txn, &f->tables, id_of(grant), &view), 0);
	return grant_status_at(&view, now_ms);
}

static const char *consent_status(struct fixture *f, int64_t now_ms)
{
	struct consent_view view;
	const char *status;

	assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view), 0);
	assert_int_equal(consent_status_at(f->txn, &f->tables, &view, now_ms, &status), 0);
	return status;
}

static void assert_held(struct fixture *f, struct question question, enum tc_refusal_code code)
{
	struct decision decision = ask(f, question);

	assert_decision(&decision, DECISION_HOLD, code, 0);
}

static void assert_permitted(struct fixture *f, struct question question)
{
	struct decision decision = ask(f, question);

	assert_int_equal(decision.kind, DECISION_PERMIT);
}

static void a_revoked_consent_permits_nothing_from_that_moment(void **state)
{
	struct fixture *f = *state;

	record_done(f, consent_json());
	assert_permitted(f, (struct question){0});
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_int_equal(f->changes.count, 1);
	assert_true(f->changes.rows[0].effective);
	assert_true(tc_id_equal(f->changes.rows[0].grant, id_of(GRANT)));
	assert_true(tc_id_equal(f->changes.rows[0].subject, id_of(PERSON)));
	assert_held(f, (struct question){0}, TC_REFUSAL_CONSENT_REVOKED);
	assert_held(f, (struct question){.grant = GRANT}, TC_REFUSAL_CONSENT_REVOKED);
	assert_string_equal(status_of(f, GRANT, NOW_MS), "revoked");
	assert_string_equal(consent_status(f, NOW_MS), "revoked");
	/* again: done, and nothing changes */
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	assert_int_equal(f->changes.count, 0);
}

static void one_grant_is_revoked_and_the_others_stay(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	json_second_grant(consent);
	record_done(f, consent);
	assert_int_equal(take_back(f, GRANT, NULL, NOW_MS), 0);
	assert_int_equal(f->changes.count, 1);
	assert_held(f, (struct question){.grant = GRANT}, TC_REFUSAL_CONSENT_REVOKED);
	assert_permitted(f, (struct question){.grant = GRANT_2});
	assert_permitted(f, (struct question){0});
	assert_string_equal(consent_status(f, NOW_MS), "partly_revoked");
}

static void revoked_for_one_party_it_stays_for_the_rest(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients",
		    "[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"parole\"},"
		    "{\"kind\":\"PARTY_KIND_COURT\",\"agency\":\"court\"}]");
	json_change(consent, "grants[0].direction", "\"GRANT_DIRECTION_TWO_WAY\"");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, "parole", NOW_MS), 0);
	assert_int_equal(f->changes.count, 1);
	assert_held(f, (struct question){0}, TC_REFUSAL_CONSENT_REVOKED);
	assert_held(f, (struct question){.from = "parole", .to = "treatment-a"},
		    TC_REFUSAL_CONSENT_REVOKED);
	assert_permitted(f, (struct question){.to = "court"});
	assert_permitted(f, (struct question){.from = "court", .to = "treatment-a"});
	assert_string_equal(status_of(f, GRANT, NOW_MS), "partly_revoked");
	assert_int_equal(take_back(f, NULL, "court", NOW_MS), 0);
	assert_held(f, (struct question){.to = "court"}, TC_REFUSAL_CONSENT_REVOKED);
}

static void a_member_is_taken_out_of_a_class(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].recipients", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, "treatment-b", NOW_MS), 0);
	assert_held(f, (struct question){.to = "treatment-b"}, TC_REFUSAL_CONSENT_REVOKED);
	assert_held(f, (struct question){.to = "treatment-b", .grant = GRANT},
		    TC_REFUSAL_CONSENT_REVOKED);
	assert_permitted(f, (struct question){.to = "treatment-c"});
	assert_permitted(f, (struct question){.to = "treatment-c", .grant = GRANT});
}

/* Its row is found by the grant, not by looking through all that the person has signed. */
static void what_ends_a_grant_ends_the_rows_of_its_members_too(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();
	struct tc_slice key;
	struct pair_row row;
	struct store_key member;

	json_change(consent, "grants[0].recipients", "[{\"kind\":\"PARTY_KIND_CLASS_TREATING\"}]");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, "treatment-b", NOW_MS), 0);
	assert_int_equal(store_first(f->txn, f->tables.members, tc_slice(NULL, 0), &key, NULL), 0);
	consent = consent_json();
	json_change(consent, "version", "2");
	assert_int_equal(record(f, consent, NOW_MS + DAY), 0);
	member_key(&member, id_of(GRANT), 1, tc_slice_text("treatment-a"),
		   tc_slice_text("treatment-b"));
	assert_int_equal(member_row_find(f->txn, &f->tables, &member, &row), 0);
	assert_int_equal(row.ended_ms, NOW_MS + DAY);
}

static void what_does_not_exist_or_is_anothers_cannot_be_revoked(void **state)
{
	struct fixture *f = *state;
	struct tc_id none = {{0}};

	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), REVOKE_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_CONSENT);
	record_done(f, consent_json());
	assert_int_equal(take_back(f, GRANT_2, NULL, NOW_MS), REVOKE_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_CONSENT);
	/* Nobody of that name: whoever recorded it is told so, */
	assert_int_equal(take_back(f, GRANT, "paroel", NOW_MS), REVOKE_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_RECIPIENT);
	assert_int_equal(f->changes.count, 0);
	assert_string_equal(status_of(f, GRANT, NOW_MS), "active");
	/* whom it names as recipient learns of no other by trying. */
	f->desk = "parole";
	assert_int_equal(take_back(f, GRANT, "police", NOW_MS), 0);
	assert_int_equal(f->changes.count, 0);
	f->desk = NULL;
	assert_string_equal(status_of(f, GRANT, NOW_MS), "active");
	assert_int_equal(consent_revocation_due(f->txn, &f->tables, none, NOW_MS, &f->changes), 0);
	assert_int_equal(f->changes.count, 0);
}

/* A criminal-justice consent, revocable from a time or at the end of its proceeding. */
static json_t *cj_json(const char *revocable_from)
{
	json_t *consent = consent_json();

	json_change(consent, "regime", "\"CONSENT_REGIME_PART2_CJ\"");
	json_change(consent, "grants[0].proceeding_id", "\"case-1\"");
	json_change(consent, "grants[0].revocable_from", revocable_from);
	json_change(consent, "grants[0].imposing_authority", "\"District Court\"");
	json_change(consent, "grants[0].monitor_role", "\"officer\"");
	json_change(consent, "grants[0].duration_reason", "\"length of treatment\"");
	return consent;
}

static void a_revocation_before_its_time_waits_for_it(void **state)
{
	struct fixture *f = *state;
	const int64_t from_ms = INT64_C(1798761600000); /* 2027-01-01 */
	const struct question question = {.proceeding = "case-1"};
	struct question later = question;

	record_done(f, cj_json("{\"at\":\"2027-01-01T00:00:00Z\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_int_equal(f->changes.count, 1);
	assert_false(f->changes.rows[0].effective);
	assert_int_equal(f->changes.rows[0].effective_ms, from_ms);
	assert_permitted(f, question);
	assert_string_equal(status_of(f, GRANT, NOW_MS), "revocation_pending");

	/* effective by itself, also before anybody has looked */
	later.now_ms = from_ms;
	assert_held(f, later, TC_REFUSAL_CONSENT_REVOKED);
	assert_string_equal(status_of(f, GRANT, from_ms), "revoked");
	grant_changes_free(&f->changes);
	assert_int_equal(
		consent_revocation_due(f->txn, &f->tables, id_of(GRANT), from_ms - 1, &f->changes),
		0);
	assert_int_equal(f->changes.count, 0);
	assert_int_equal(
		consent_revocation_due(f->txn, &f->tables, id_of(GRANT), from_ms, &f->changes), 0);
	assert_int_equal(f->changes.count, 1);
	assert_true(f->changes.rows[0].effective);
}

static void a_revocation_after_its_time_is_effective_at_once(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"at\":\"2026-11-30T12:00:00Z\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_true(f->changes.rows[0].effective);
	assert_held(f, (struct question){.proceeding = "case-1"}, TC_REFUSAL_CONSENT_REVOKED);
}

static void a_revocation_waits_for_the_final_disposition_of_its_proceeding(void **state)
{
	struct fixture *f = *state;
	const struct question question = {.proceeding = "case-1"};

	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_false(f->changes.rows[0].effective);
	assert_int_equal(f->changes.rows[0].effective_ms, INT64_MAX);
	assert_permitted(f, question);

	grant_changes_free(&f->changes);
	happen(f, "final_disposition", "case-10", NULL, NOW_MS);
	happen(f, "final_disposition", "case-1", OTHER, NOW_MS);
	assert_int_equal(f->changes.count, 0);
	assert_permitted(f, question);
	happen(f, "final_disposition", "case-1", PERSON, NOW_MS);
	assert_int_equal(f->changes.count, 1);
	assert_held(f, question, TC_REFUSAL_CONSENT_REVOKED);
	assert_string_equal(status_of(f, GRANT, NOW_MS), "revoked");
}

static void the_final_disposition_makes_a_grant_revocable(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	happen(f, "final_disposition", "case-1", PERSON, NOW_MS);
	assert_int_equal(f->changes.count, 0);
	assert_permitted(f, (struct question){.proceeding = "case-1"});
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_true(f->changes.rows[0].effective);
}

static void a_grant_that_expires_with_its_proceeding_ends_then(void **state)
{
	struct fixture *f = *state;
	const struct question question = {.proceeding = "case-1"};
	json_t *consent = cj_json("{\"event_code\":\"final_disposition\"}");

	json_change(consent, "grants[0].expiry", "{\"event_code\":\"final_disposition\"}");
	record_done(f, consent);
	assert_permitted(f, question);
	happen(f, "final_disposition", "case-1", PERSON, NOW_MS);
	assert_int_equal(f->changes.count, 1);
	assert_held(f, question, TC_REFUSAL_CONSENT_EXPIRED);
	assert_string_equal(status_of(f, GRANT, NOW_MS), "expired");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_revoked_consent_permits_nothing_from_that_moment),
		TEST(one_grant_is_revoked_and_the_others_stay),
		TEST(revoked_for_one_party_it_stays_for_the_rest),
		TEST(a_member_is_taken_out_of_a_class),
		TEST(what_ends_a_grant_ends_the_rows_of_its_members_too),
		TEST(what_does_not_exist_or_is_anothers_cannot_be_revoked),
		TEST(a_revocation_before_its_time_waits_for_it),
		TEST(a_revocation_after_its_time_is_effective_at_once),
		TEST(a_revocation_waits_for_the_final_disposition_of_its_proceeding),
		TEST(the_final_disposition_makes_a_grant_revocable),
		TEST(a_grant_that_expires_with_its_proceeding_ends_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
