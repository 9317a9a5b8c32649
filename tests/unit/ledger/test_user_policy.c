/* Policies that users must accept: who is told, what counts as accepted, what is refused. */
#include <string.h>

#include "ledger/job.h"
#include "ledger/ledger_view.h"
#include "ledger/user_policy.h"
#include "unit/ledger/case_fixture.h"
#include "wire/base64.h"

static const char *publish(struct exchange *x, const char *who, const char *id, unsigned version,
			   const char *text)
{
	char json[512];

	(void)snprintf(json, sizeof(json),
		       "{\"policy_id\":\"%s\",\"version\":%u,\"title\":\"Use\",\"text\":\"%s\"}",
		       id, version, text);
	exchange_say(x, who, "w-1", "UserPolicy", (struct tc_id){{0}}, json);
	return exchange_answer(x);
}

static const char *accept_text(struct exchange *x, const char *who, const char *actor,
			       const char *id, unsigned version, const char *text)
{
	char json[512], base64[TC_BASE64_TEXT_BYTES(TC_SHA256_BYTES)];
	uint8_t digest[TC_SHA256_BYTES];

	assert_int_equal(tc_sha256(tc_slice_text(text), digest), 0);
	tc_base64_encode(tc_slice(digest, sizeof(digest)), base64);
	(void)snprintf(json, sizeof(json),
		       "{\"policy_id\":\"%s\",\"version\":%u,\"text_sha256\":\"%s\","
		       "\"accepted_at\":\"2026-01-01T00:00:00Z\"}",
		       id, version, base64);
	exchange_say(x, who, actor, "PolicyAck", (struct tc_id){{0}}, json);
	return exchange_answer(x);
}

/* The version that a person has accepted; 0: none. */
static uint32_t accepted(struct exchange *x, const char *who, const char *actor)
{
	struct acceptance row = {.version = 0};
	struct ledger_view *view;
	tc_agency agency = {{0}};
	uint64_t next;
	int r = 0;

	(void)snprintf(agency.name, sizeof(agency.name), "%s", who);
	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	do
		r = acceptance_next(ledger_view_txn(view),
				    ledger_view_table(view, LEDGER_TABLE_ACCEPTANCE), "use",
				    &agency, row.actor, &row);
	while (r == 0 && strcmp(row.actor, actor) != 0);
	ledger_view_close(&view);
	assert_true(r >= 0);
	return r == 0 ? row.version : 0;
}

static void every_active_agency_is_told_of_a_policy(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__PolicyNotice *notice;
	uint8_t digest[TC_SHA256_BYTES];

	collector(x, "parole", 10);
	collector(x, "treatment", 10);
	exchange_suspend(x, "court", "COURT");
	assert_string_equal(publish(x, "operator", "use", 1, "be good"), "accepted");
	assert_int_equal(exchange_facts(x, "policy_published"), 1);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 2);
	notice = (Throughcare__V1__PolicyNotice *)case_own(x, "PolicyNotice", 1);
	assert_non_null(notice);
	assert_int_equal(tc_sha256(tc_slice_text("be good"), digest), 0);
	assert_string_equal(notice->policy_id, "use");
	assert_string_equal(notice->title, "Use");
	assert_int_equal(notice->version, 1);
	assert_int_equal(notice->text_sha256.len, sizeof(digest));
	assert_memory_equal(notice->text_sha256.data, digest, sizeof(digest));
	throughcare__v1__policy_notice__free_unpacked(notice, NULL);
	/* That one waits for whoever was not there, and a suspended agency has none. */
	collector(x, "intake", 10);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 1);
	exchange_agency(x, "court", "COURT");
	collector(x, "court", 10);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 1);
}

static void many_agencies_are_told_in_slices(void **state)
{
	struct exchange *x = *state;
	char name[16];

	exchange_slices(x, 4); /* the others stand behind these */
	for (unsigned i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "agency-%u", i);
		exchange_agency(x, name, "HOUSING");
		collector(x, name, 10);
	}
	assert_string_equal(publish(x, "operator", "use", 1, "be good"), "accepted");
	assert_int_equal(exchange_own(x, "PolicyNotice"), 4);
	exchange_settle_down(x);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 6);
}

static void a_newer_version_ends_what_is_still_said_of_the_older(void **state)
{
	struct exchange *x = *state;

	exchange_slices(x, 1);
	assert_string_equal(publish(x, "operator", "use", 1, "be good"), "accepted");
	exchange_slices(x, JOB_SLICE_DEFAULT);
	assert_string_equal(publish(x, "operator", "use", 2, "be better"), "accepted");
	exchange_settle_down(x);
	collector(x, "treatment", 10);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 1);
}

static void a_late_agency_is_told_of_the_newest_of_each(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__PolicyNotice *notice;

	publish(x, "operator", "use", 1, "be good");
	publish(x, "operator", "use", 3, "be better");
	publish(x, "operator", "privacy", 1, "be silent");
	exchange_agency(x, "housing", "HOUSING");
	exchange_agency(x, "housing", "HOUSING"); /* an entry again is no new agency */
	collector(x, "housing", 10);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 2);
	notice = (Throughcare__V1__PolicyNotice *)case_own(x, "PolicyNotice", 1);
	assert_non_null(notice);
	assert_string_equal(notice->policy_id, "use");
	assert_int_equal(notice->version, 3);
	throughcare__v1__policy_notice__free_unpacked(notice, NULL);
}

static void a_version_is_published_once_by_an_operator_and_only_rises(void **state)
{
	struct exchange *x = *state;

	assert_string_equal(publish(x, "parole", "use", 1, "be good"), "type_not_allowed");
	assert_string_equal(publish(x, "operator", "use", 0, "be good"), "field_invalid");
	assert_string_equal(publish(x, "operator", "use", 2, "be good"), "accepted");
	assert_string_equal(publish(x, "operator", "use", 2, "be bad"), "field_invalid");
	assert_string_equal(publish(x, "operator", "use", 1, "be bad"), "field_invalid");
	assert_string_equal(publish(x, "operator", "use", UINT32_MAX, "be bad"), "accepted");
	assert_string_equal(publish(x, "operator", "privacy", 1, "be silent"), "accepted");
	exchange_agency(x, "housing", "HOUSING");
	collector(x, "housing", 10);
	assert_int_equal(exchange_own(x, "PolicyNotice"), 2);
}

static void there_are_only_so_many_policies(void **state)
{
	struct exchange *x = *state;
	char id[16];

	for (unsigned i = 0; i < USER_POLICIES_MAX; i++) {
		(void)snprintf(id, sizeof(id), "use-%u", i);
		assert_string_equal(publish(x, "operator", id, 1, "be good"), "accepted");
	}
	assert_string_equal(publish(x, "operator", "more", 1, "be good"), "limit_reached");
	assert_string_equal(publish(x, "operator", "use-0", 2, "be better"), "accepted");
}

static void an_acceptance_names_what_was_published(void **state)
{
	struct exchange *x = *state;

	publish(x, "operator", "use", 1, "be good");
	assert_string_equal(accept_text(x, "parole", "w-1", "other", 1, "be good"),
			    "unknown_user_policy");
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 2, "be good"),
			    "unknown_user_policy");
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 0, "be good"),
			    "unknown_user_policy");
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 1, "be bad"),
			    "unknown_user_policy");
	assert_string_equal(accept_text(x, "operator", "w-1", "use", 1, "be good"),
			    "type_not_allowed");
	assert_string_equal(accept_text(x, "parole", " ", "use", 1, "be good"), "field_missing");
	assert_int_equal(accepted(x, "parole", "w-1"), 0);
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 1, "be good"), "accepted");
	assert_int_equal(exchange_facts(x, "policy_accepted"), 1);
	assert_int_equal(accepted(x, "parole", "w-1"), 1);
	assert_int_equal(accepted(x, "parole", "w-2"), 0);
	assert_int_equal(accepted(x, "treatment", "w-1"), 0);
}

static void accepting_again_changes_nothing_and_an_older_one_takes_nothing_back(void **state)
{
	struct exchange *x = *state;

	publish(x, "operator", "use", 1, "be good");
	publish(x, "operator", "use", 2, "be better");
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 1, "be good"), "accepted");
	assert_int_equal(accepted(x, "parole", "w-1"), 1);
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 2, "be better"), "accepted");
	assert_int_equal(accepted(x, "parole", "w-1"), 2);
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 2, "be better"), "accepted");
	assert_int_equal(exchange_facts(x, "policy_accepted"), 0);
	assert_string_equal(accept_text(x, "parole", "w-1", "use", 1, "be good"), "accepted");
	assert_int_equal(accepted(x, "parole", "w-1"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_active_agency_is_told_of_a_policy),
		TEST(many_agencies_are_told_in_slices),
		TEST(a_newer_version_ends_what_is_still_said_of_the_older),
		TEST(a_late_agency_is_told_of_the_newest_of_each),
		TEST(a_version_is_published_once_by_an_operator_and_only_rises),
		TEST(there_are_only_so_many_policies),
		TEST(an_acceptance_names_what_was_published),
		TEST(accepting_again_changes_nothing_and_an_older_one_takes_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
