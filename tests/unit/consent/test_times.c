/* What has happened stands with its time: as of any time the answer is the one of then. */
#include "unit/consent/consent_fixture.h"

#include <string.h>

#include "throughcare/v1/policy.pb-c.h"

#define FROM_MS INT64_C(1798761600000) /* 2027-01-01 */
#define CASE_1  .proceeding = "case-1"

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

static const char *status(struct fixture *f, int64_t at_ms)
{
	struct grant_view grant;

	assert_int_equal(grant_find(f->txn, &f->tables, id_of(GRANT), &grant), 0);
	return grant_status_at(&grant, at_ms);
}

static void assert_at(struct fixture *f, int64_t at_ms, enum decision_kind kind,
		      enum tc_refusal_code code)
{
	struct decision decision = ask(f, (struct question){.now_ms = at_ms, CASE_1});

	if (decision.kind != kind || decision.code != code)
		fail_msg("day %lld: %s %s", (long long)((at_ms - NOW_MS) / DAY),
			 decision_kind_name(decision.kind), tc_refusal_name(decision.code));
}

static void permitted_at(struct fixture *f, int64_t at_ms)
{
	assert_at(f, at_ms, DECISION_PERMIT, TC_REFUSAL_NONE);
}

static void held_at(struct fixture *f, int64_t at_ms, enum tc_refusal_code code)
{
	assert_at(f, at_ms, DECISION_HOLD, code);
}

static void a_revocation_leaves_the_past_as_it_was(void **state)
{
	struct fixture *f = *state;

	record_done(f, consent_json());
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + 10 * DAY), 0);
	held_at(f, NOW_MS - 1, TC_REFUSAL_CONSENT_MISSING);
	permitted_at(f, NOW_MS);
	permitted_at(f, NOW_MS + 10 * DAY - 1);
	held_at(f, NOW_MS + 10 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	assert_string_equal(status(f, NOW_MS - 1), "not_recorded");
	assert_string_equal(status(f, NOW_MS + 10 * DAY - 1), "active");
	assert_string_equal(status(f, NOW_MS + 10 * DAY), "revoked");
}

static void each_version_counts_in_its_own_time(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();
	struct consent_view view;
	struct decision decision;

	record_done(f, consent_json());
	json_change(consent, "version", "2");
	json_change(consent, "grants[0].categories", "[\"CATEGORY_HOUSING\"]");
	assert_int_equal(record(f, consent, NOW_MS + 5 * DAY), 0);
	permitted_at(f, NOW_MS + 5 * DAY - 1);
	held_at(f, NOW_MS + 5 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	decision = ask(f, (struct question){.now_ms = NOW_MS + 5 * DAY,
					    .categories = {(uint8_t)CATEGORY(HOUSING)}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
	assert_int_equal(consent_find_at(f->txn, &f->tables, id_of(CONSENT), NOW_MS + DAY, &view),
			 0);
	assert_int_equal(view.version, 1);
	assert_int_equal(view.ended_ms, NOW_MS + 5 * DAY);
	assert_int_equal(consent_find(f->txn, &f->tables, id_of(CONSENT), &view), 0);
	assert_int_equal(view.version, 2);
	assert_int_equal(consent_find_at(f->txn, &f->tables, id_of(CONSENT), NOW_MS - 1, &view),
			 GRANT_UNKNOWN);
}

/* Superseded, and later found to be an error: it was out of force since the first of the two. */
static void an_error_found_later_ends_nothing_twice(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	record_done(f, consent_json());
	json_change(consent, "version", "2");
	json_change(consent, "grants[0].grant_id", "\"" GRANT_2 "\"");
	json_change(consent, "grants[0].categories", "[\"CATEGORY_HOUSING\"]");
	assert_int_equal(record(f, consent, NOW_MS + 5 * DAY), 0);
	assert_int_equal(record(f,
				json_pack("{s:s,s:i,s:s}", "consent_id", CONSENT, "version", 3,
					  "status", "CONSENT_STATUS_ENTERED_IN_ERROR"),
				NOW_MS + 9 * DAY),
			 0);
	assert_int_equal(f->changes.count, 1);
	assert_true(tc_id_equal(f->changes.rows[0].grant, id_of(GRANT_2)));
	held_at(f, NOW_MS + 6 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	assert_string_equal(status(f, NOW_MS + 6 * DAY), "superseded");
	assert_string_equal(status(f, NOW_MS + 9 * DAY), "superseded");
}

static void a_revocation_that_waits_is_seen_to_wait(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"at\":\"2027-01-01T00:00:00Z\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	assert_int_equal(f->pending.count, 1);
	assert_int_equal(f->pending.rows[0].effective_ms, FROM_MS);
	assert_string_equal(status(f, NOW_MS), "active");
	assert_string_equal(status(f, NOW_MS + DAY), "revocation_pending");
	assert_string_equal(status(f, FROM_MS), "revoked");
	permitted_at(f, FROM_MS - 1);
	held_at(f, FROM_MS, TC_REFUSAL_CONSENT_REVOKED);
}

/* Again, by whoever: the answer is the same, nothing changes, and it takes effect once. */
static void revoking_again_while_it_waits_changes_nothing(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"at\":\"2027-01-01T00:00:00Z\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	assert_int_equal(f->changes.count, 1);
	assert_int_equal(take_back(f, GRANT, "parole", NOW_MS + 2 * DAY), 0);
	assert_int_equal(f->changes.count, 0);
	assert_int_equal(f->pending.count, 1);
	assert_string_equal(status(f, NOW_MS + DAY), "revocation_pending");
	grant_changes_free(&f->changes);
	assert_int_equal(
		consent_revocation_due(f->txn, &f->tables, id_of(GRANT), FROM_MS, &f->changes), 0);
	assert_int_equal(f->changes.count, 1);
	assert_string_equal(f->changes.rows[0].recipient, "");
	grant_changes_free(&f->changes);
	assert_int_equal(
		consent_revocation_due(f->txn, &f->tables, id_of(GRANT), FROM_MS + 1, &f->changes),
		0);
	assert_int_equal(f->changes.count, 0);
}

/* Revoked early for one of two: only that one hears of it when it takes effect. */
static void a_partial_revocation_that_waits_concerns_one(void **state)
{
	struct fixture *f = *state;
	json_t *consent = cj_json("{\"at\":\"2027-01-01T00:00:00Z\"}");

	json_change(consent, "grants[0].recipients",
		    "[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"parole\"},"
		    "{\"kind\":\"PARTY_KIND_COURT\",\"agency\":\"court\"}]");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, "parole", NOW_MS + DAY), 0);
	assert_int_equal(f->pending.count, 1);
	assert_string_equal(f->changes.rows[0].recipient, "parole");
	assert_string_equal(status(f, NOW_MS + DAY), "revocation_pending");
	assert_string_equal(status(f, FROM_MS), "partly_revoked");
	grant_changes_free(&f->changes);
	assert_int_equal(
		consent_revocation_due(f->txn, &f->tables, id_of(GRANT), FROM_MS, &f->changes), 0);
	assert_int_equal(f->changes.count, 1);
	assert_string_equal(f->changes.rows[0].recipient, "parole");
	held_at(f, FROM_MS, TC_REFUSAL_CONSENT_REVOKED);
	assert_int_equal(ask(f, (struct question){.to = "court", .now_ms = FROM_MS, CASE_1}).kind,
			 DECISION_PERMIT);
	/* and then for the other */
	assert_int_equal(take_back(f, NULL, "court", FROM_MS + DAY), 0);
	assert_string_equal(status(f, FROM_MS + DAY), "revoked");
	assert_string_equal(status(f, FROM_MS), "partly_revoked");
}

static void the_final_disposition_ends_the_waiting_for_a_time(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"at\":\"2027-01-01T00:00:00Z\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	happen(f, "final_disposition", "case-1", NULL, NOW_MS + 3 * DAY);
	assert_int_equal(f->changes.count, 1);
	permitted_at(f, NOW_MS + 3 * DAY - 1);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	assert_string_equal(status(f, NOW_MS + 2 * DAY), "revocation_pending");
	/* what its time would have done is done */
	grant_changes_free(&f->changes);
	assert_int_equal(
		consent_revocation_due(f->txn, &f->tables, id_of(GRANT), FROM_MS, &f->changes), 0);
	assert_int_equal(f->changes.count, 0);
}

static void an_event_that_the_grant_does_not_name_does_nothing(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	happen(f, "sentence_served", "case-1", PERSON, NOW_MS);
	assert_int_equal(f->changes.count, 0);
	permitted_at(f, NOW_MS + DAY);
}

/* Signed before the hearing, recorded after it: nothing is left to wait for. */
static void an_event_between_signature_and_record_has_come(void **state)
{
	struct fixture *f = *state;
	json_t *consent = cj_json("{\"event_code\":\"final_disposition\"}");

	happen(f, "final_disposition", "case-1", PERSON, SIGNED_MS + 3600000);
	record_done(f, json_deep_copy(consent));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_int_equal(f->pending.count, 0);
	assert_true(f->changes.rows[0].effective);
	json_change(consent, "consent_id", "\"00000000-0000-7000-9000-0000000000c2\"");
	json_change(consent, "grants[0].grant_id", "\"" GRANT_2 "\"");
	json_change(consent, "grants[0].expiry", "{\"event_code\":\"final_disposition\"}");
	assert_refused(f, consent, TC_REFUSAL_CONSENT_EXPIRED, "grants[0].expiry.event_code");
}

/* The disposition of an earlier phase is not the one that a later consent waits for. */
static void final_says(struct fixture *f, const char *court, int64_t at_ms)
{
	f->court = court;
	happen(f, "final_disposition", "case-1", PERSON, at_ms);
}

/* 2.35(c): the court that imposed the condition, not any court. */
static void a_court_that_the_grant_does_not_name_ends_no_waiting(void **state)
{
	struct fixture *f = *state;
	json_t *consent = cj_json("{\"event_code\":\"final_disposition\"}");

	json_change(consent, "grants[0].imposing_authority", "\"court-a\"");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	final_says(f, "court-b", NOW_MS + 2 * DAY);
	permitted_at(f, NOW_MS + 2 * DAY);
	final_says(f, "court-a", NOW_MS + 3 * DAY);
	permitted_at(f, NOW_MS + 3 * DAY - 1);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
}

static void a_court_that_the_grant_names_as_recipient_is_believed(void **state)
{
	struct fixture *f = *state;
	json_t *consent = cj_json("{\"event_code\":\"final_disposition\"}");

	json_change(consent, "grants[0].recipients",
		    "[{\"kind\":\"PARTY_KIND_AGENCY\",\"agency\":\"parole\"},"
		    "{\"kind\":\"PARTY_KIND_COURT\",\"agency\":\"court-a\"}]");
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	final_says(f, "court-b", NOW_MS + 2 * DAY);
	permitted_at(f, NOW_MS + 2 * DAY);
	final_says(f, "court-a", NOW_MS + 3 * DAY);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
}

/* Where the form only says "District Court": the one that spoke first in it, about this person. */
static void where_no_court_is_named_the_one_that_has_the_proceeding_is_believed(void **state)
{
	struct fixture *f = *state;

	f->court = "court-a";
	happen(f, "hearing_set", "case-1", PERSON, NOW_MS);
	f->court = "court-b";
	happen(f, "hearing_set", "case-1", OTHER, NOW_MS);
	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	final_says(f, "court-b", NOW_MS + 2 * DAY);
	permitted_at(f, NOW_MS + 2 * DAY);
	final_says(f, "court-a", NOW_MS + 3 * DAY);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
}

/* What another court said between signature and record has not ended it either. */
static void what_another_court_said_before_is_not_the_final_disposition(void **state)
{
	struct fixture *f = *state;
	json_t *consent = cj_json("{\"event_code\":\"final_disposition\"}");

	json_change(consent, "grants[0].imposing_authority", "\"court-a\"");
	final_says(f, "court-b", SIGNED_MS + 1000);
	record_done(f, consent);
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	assert_int_equal(f->pending.count, 1);
	permitted_at(f, NOW_MS + 2 * DAY);
}

/* A proceeding with many grants: the event counts for those too that it has not reached. */
static void an_event_counts_before_it_has_reached_the_grant(void **state)
{
	struct fixture *f = *state;
	json_t *other = cj_json("{\"event_code\":\"final_disposition\"}");

	json_change(other, "consent_id", "\"00000000-0000-7000-9000-0000000000c0\"");
	json_change(other, "grants[0].grant_id", "\"00000000-0000-7000-9000-0000000000d0\"");
	json_change(other, "grants[0].categories", "[\"CATEGORY_HOUSING\"]");
	record_done(f, other);
	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	permitted_at(f, NOW_MS + 2 * DAY);
	happen_begin(f, "final_disposition", "case-1", PERSON, NOW_MS + 3 * DAY);
	permitted_at(f, NOW_MS + 3 * DAY - 1);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	assert_true(happen_step(f, 1));
	assert_int_equal(f->changes.count, 0);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	assert_false(happen_step(f, 1));
	assert_int_equal(f->changes.count, 1);
	held_at(f, NOW_MS + 3 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	permitted_at(f, NOW_MS + 3 * DAY - 1);
}

static void what_is_taken_back_before_the_event_has_reached_it_waits_for_nothing(void **state)
{
	struct fixture *f = *state;

	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	happen_begin(f, "final_disposition", "case-1", PERSON, NOW_MS + 3 * DAY);
	permitted_at(f, NOW_MS + 4 * DAY);
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + 4 * DAY), 0);
	assert_int_equal(f->pending.count, 0);
	assert_int_equal(f->changes.count, 1);
	assert_true(f->changes.rows[0].effective);
	permitted_at(f, NOW_MS + 4 * DAY - 1);
	held_at(f, NOW_MS + 4 * DAY, TC_REFUSAL_CONSENT_REVOKED);
	assert_false(happen_step(f, 1));
	assert_int_equal(f->changes.count, 1);
	permitted_at(f, NOW_MS + 4 * DAY - 1);
}

static void an_event_before_the_signature_is_another(void **state)
{
	struct fixture *f = *state;

	happen(f, "final_disposition", "case-1", PERSON, SIGNED_MS - 3600000);
	record_done(f, cj_json("{\"event_code\":\"final_disposition\"}"));
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
	assert_int_equal(f->pending.count, 1);
}

static void what_is_not_valid_yet_can_be_revoked(void **state)
{
	struct fixture *f = *state;
	json_t *consent = consent_json();

	json_change(consent, "grants[0].valid_from", "\"2027-01-01T00:00:00Z\"");
	record_done(f, consent);
	assert_string_equal(status(f, NOW_MS), "not_yet_valid");
	assert_int_equal(take_back(f, NULL, NULL, NOW_MS + DAY), 0);
	assert_true(f->changes.rows[0].effective);
	held_at(f, NOW_MS, TC_REFUSAL_CONSENT_NOT_YET_VALID);
	held_at(f, FROM_MS + DAY, TC_REFUSAL_CONSENT_REVOKED);
}

static void a_revocation_is_not_of_the_future_nor_undoes_the_past(void **state)
{
	struct fixture *f = *state;
	json_t *json = revoke_json(NULL, NULL);

	record_done(f, consent_json());
	json_change(json, "revoked_at", "\"2030-01-01T00:00:00Z\"");
	assert_int_equal(take_back_json(f, json, NOW_MS), REVOKE_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_TIME_ABSURD);
	json = revoke_json(NULL, NULL);
	json_change(json, "revoked_at", "\"2026-11-30T00:00:00Z\"");
	assert_int_equal(take_back_json(f, json, NOW_MS + DAY), 0);
	permitted_at(f, NOW_MS + DAY - 1);
	held_at(f, NOW_MS + DAY, TC_REFUSAL_CONSENT_REVOKED);
}

static void a_question_may_leave_a_grant_out(void **state)
{
	struct fixture *f = *state;
	struct decision decision;
	json_t *consent = consent_json();

	json_second_grant(consent);
	json_change(consent, "grants[1].categories", "[\"CATEGORY_DRUG_TEST\"]");
	record_done(f, consent);
	decision = ask(f, (struct question){.without = GRANT});
	assert_decision(&decision, DECISION_HOLD, TC_REFUSAL_CONSENT_REVOKED, 0);
	decision = ask(f, (struct question){.without = GRANT,
					    .categories = {(uint8_t)CATEGORY(DRUG_TEST)}});
	assert_decision(&decision, DECISION_PERMIT, TC_REFUSAL_NONE, 1);
}

/* Puts a policy in force that also knows the day on which a sentence is served. */
static void know_sentence_served(struct fixture *f)
{
	Throughcare__V1__ReleasePolicy__EventRule event =
		THROUGHCARE__V1__RELEASE_POLICY__EVENT_RULE__INIT;
	Throughcare__V1__ReleasePolicy__EventRule *events[8], **own;
	Throughcare__V1__AgencyKind from = THROUGHCARE__V1__AGENCY_KIND__AGENCY_KIND_PAROLE;
	Throughcare__V1__ReleasePolicy *policy;
	struct tc_slice packed = policy_default();
	uint8_t bytes[64 * 1024];

	policy = throughcare__v1__release_policy__unpack(NULL, packed.len, packed.data);
	assert_non_null(policy);
	assert_in_range(policy->n_events, 1, 7);
	event.event_code = (char *)(uintptr_t) "sentence_served";
	event.type = (char *)(uintptr_t) "SupervisionEvent";
	event.n_from = 1;
	event.from = &from;
	own = policy->events;
	memcpy(events, own, policy->n_events * sizeof(*events));
	events[policy->n_events++] = &event;
	policy->events = events;
	assert_true(throughcare__v1__release_policy__get_packed_size(policy) <= sizeof(bytes));
	packed = tc_slice(bytes, throughcare__v1__release_policy__pack(policy, bytes));
	policy->events = own;
	policy->n_events--;
	throughcare__v1__release_policy__free_unpacked(policy, NULL);
	policy_free(&f->policy);
	assert_int_equal(policy_compile(packed, &f->policy, &f->refusal), 0);
}

/* An event is data; whatever a grant waits for, the final disposition is the latest. */
static void an_event_of_the_policy_or_the_final_disposition_ends_the_waiting(void **state)
{
	struct fixture *f = *state;
	static const char *const codes[] = {"sentence_served", "final_disposition"};

	know_sentence_served(f);
	for (size_t i = 0; i < 2; i++) {
		store_abort(&f->txn);
		assert_int_equal(store_begin(f->store, &f->txn), 0);
		record_done(f, cj_json("{\"event_code\":\"sentence_served\"}"));
		assert_int_equal(take_back(f, NULL, NULL, NOW_MS), 0);
		assert_string_equal(f->pending.rows[0].event, "sentence_served");
		happen(f, codes[i], "case-2", NULL, NOW_MS + DAY);
		assert_int_equal(f->changes.count, 0);
		happen(f, codes[i], "case-1", NULL, NOW_MS + DAY);
		assert_int_equal(f->changes.count, 1);
		held_at(f, NOW_MS + DAY, TC_REFUSAL_CONSENT_REVOKED);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_revocation_leaves_the_past_as_it_was),
		TEST(each_version_counts_in_its_own_time),
		TEST(an_error_found_later_ends_nothing_twice),
		TEST(a_revocation_that_waits_is_seen_to_wait),
		TEST(revoking_again_while_it_waits_changes_nothing),
		TEST(a_partial_revocation_that_waits_concerns_one),
		TEST(the_final_disposition_ends_the_waiting_for_a_time),
		TEST(an_event_that_the_grant_does_not_name_does_nothing),
		TEST(an_event_of_the_policy_or_the_final_disposition_ends_the_waiting),
		TEST(an_event_between_signature_and_record_has_come),
		TEST(a_court_that_the_grant_does_not_name_ends_no_waiting),
		TEST(a_court_that_the_grant_names_as_recipient_is_believed),
		TEST(where_no_court_is_named_the_one_that_has_the_proceeding_is_believed),
		TEST(what_another_court_said_before_is_not_the_final_disposition),
		TEST(an_event_counts_before_it_has_reached_the_grant),
		TEST(what_is_taken_back_before_the_event_has_reached_it_waits_for_nothing),
		TEST(an_event_before_the_signature_is_another),
		TEST(what_is_not_valid_yet_can_be_revoked),
		TEST(a_revocation_is_not_of_the_future_nor_undoes_the_past),
		TEST(a_question_may_leave_a_grant_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
