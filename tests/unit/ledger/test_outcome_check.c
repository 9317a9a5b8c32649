#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/outcome_check.h"
#include "ledger/task.h"
#include "unit/ledger/case_fixture.h"

#define DAY_MS (86400LL * 1000)

struct said {
	const char *by, *status;
	unsigned days;
	struct tc_id supersedes;
};

/* One side says whether it still holds; returns the message's id. */
static struct tc_id verify(struct exchange *x, const struct message *referral,
			   const struct said *said)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = case_message(x, referral, said->by, "HousingVerification", &claim);
	char supersedes[TC_ID_TEXT_BYTES];

	claim.status = (char *)(uintptr_t)said->status;
	claim.has_after_days = 1;
	claim.after_days = said->days;
	tc_id_format(said->supersedes, supersedes);
	if (!tc_id_is_none(said->supersedes))
		claim.supersedes = supersedes;
	exchange_send(x, &message);
	return message.id;
}

/* A referral that treatment has reported a housing outcome of. */
static struct message housed(struct exchange *x)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message referral = case_referral(x), report;

	exchange_send(x, &referral);
	case_begin(x, &referral);
	report = case_message(x, &referral, "treatment", "OutcomeReport", &claim);
	claim.status = (char *)(uintptr_t) "COMPLETED";
	report.second = CONTACT;
	report.second_type = "HousingOutcome";
	exchange_send(x, &report);
	assert_string_equal(exchange_answer(x), "accepted");
	return referral;
}

static void check_of(struct exchange *x, const struct message *referral, unsigned n,
		     struct outcome_check *ret)
{
	struct ledger_view *view;
	uint64_t next;

	assert_int_equal(ledger_commit(x->ledger), 0);
	assert_int_equal(ledger_view_open(&view, x->ledger), 0);
	assert_int_equal(ledger_view_renew(view, &next), 0);
	assert_int_equal(outcome_check_find(ledger_view_txn(view),
					    ledger_view_table(view, LEDGER_TABLE_OUTCOME_CHECK),
					    referral->referral, n, ret),
			 0);
	ledger_view_close(&view);
}

static void an_outcome_is_asked_about_after_30_90_and_180_days(void **state)
{
	struct exchange *x = *state;
	struct message referral;
	struct said said = {.by = "treatment", .status = "YES", .days = 30};
	struct outcome_check check;

	collector(x, "treatment", 50);
	referral = housed(x);
	exchange_tick(x, x->now_ms + 29 * DAY_MS);
	assert_int_equal(exchange_own(x, "OutcomeCheck"), 0);
	exchange_tick(x, x->now_ms + DAY_MS);
	assert_int_equal(exchange_own(x, "OutcomeCheck"), 1);
	assert_int_equal(exchange_facts(x, "task"), 1);
	verify(x, &referral, &said);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "task_done"), 1);
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_ANSWERED);
	exchange_tick(x, x->now_ms + 60 * DAY_MS);
	assert_int_equal(exchange_facts(x, "outcome_check"), 1);
	exchange_tick(x, x->now_ms + 90 * DAY_MS);
	assert_int_equal(exchange_facts(x, "outcome_check"), 1);
	exchange_tick(x, x->now_ms + 400 * DAY_MS);
	assert_int_equal(exchange_facts(x, "outcome_check"), 0);
}

static void what_was_said_unasked_is_not_asked(void **state)
{
	struct exchange *x = *state;
	struct said said = {.by = "treatment", .status = "NO", .days = 30};
	struct message referral;

	collector(x, "treatment", 50);
	referral = housed(x);
	verify(x, &referral, &said);
	exchange_tick(x, x->now_ms + 31 * DAY_MS);
	assert_int_equal(exchange_facts(x, "outcome_check"), 0);
}

static void a_report_without_such_a_part_is_not_asked_about(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct exchange *x = *state;
	struct message referral = case_referral(x), report;

	collector(x, "treatment", 50);
	exchange_send(x, &referral);
	case_begin(x, &referral);
	report = case_message(x, &referral, "treatment", "OutcomeReport", &claim);
	claim.status = (char *)(uintptr_t) "COMPLETED";
	exchange_send(x, &report);
	assert_string_equal(exchange_answer(x), "accepted");
	exchange_tick(x, x->now_ms + 200 * DAY_MS);
	assert_int_equal(exchange_facts(x, "outcome_check"), 0);
}

static void silence_is_an_answer_that_nobody_knows(void **state)
{
	struct exchange *x = *state;
	struct said late = {.by = "treatment", .status = "YES", .days = 30};
	struct outcome_check check;
	struct message referral;

	collector(x, "treatment", 50);
	referral = housed(x);
	exchange_tick(x, x->now_ms + 30 * DAY_MS);
	exchange_tick(x, x->now_ms + 20 * DAY_MS);
	assert_int_equal(exchange_facts(x, "task_overdue"), 1);
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_UNANSWERED);
	verify(x, &referral, &late);
	assert_string_equal(exchange_answer(x), "accepted");
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_ANSWERED);
}

/* Reads and acknowledges all that waits for an agency, so that its lanes go on. */
static void read_all(struct exchange *x, const char *who)
{
	uint64_t connection = collector(x, who, 50);
	size_t read = 0;

	x->keep = true;
	for (const struct effect *effect; (effect = exchange_effect(x, EFFECT_DELIVER, read));
	     read++)
		exchange_settle(x, connection, effect->delivery_id, ACK, 0);
	x->keep = false;
	exchange_logoff(x, connection, "goodbye");
}

static void two_that_say_different_things_are_asked_to_find_out(void **state)
{
	struct exchange *x = *state;
	struct said yes = {.by = "treatment", .status = "YES", .days = 30};
	struct said no = {.by = "parole", .status = "NO", .days = 30};
	struct outcome_check check;
	struct message referral;

	read_all(x, "treatment");
	referral = case_referral(x);
	exchange_send(x, &referral);
	read_all(x, "treatment");
	yes.supersedes = verify(x, &referral, &yes);
	no.supersedes = verify(x, &referral, &no);
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_ANSWERED); /* neither knows what the other said */
	read_all(x, "parole");
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_ANSWERED);
	read_all(x, "treatment");
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_DISCREPANT);
	collector(x, "parole", 50);
	assert_int_equal(exchange_own(x, "DiscrepancyNotice"), 1);
	no.status = "YES"; /* parole has looked again */
	verify(x, &referral, &no);
	assert_string_equal(exchange_answer(x), "accepted");
	assert_int_equal(exchange_facts(x, "task_done"), 0);
	read_all(x, "treatment");
	check_of(x, &referral, 0, &check);
	assert_int_equal(check.state, OUTCOME_SETTLED);
}

static void what_stands_must_be_named_to_be_superseded(void **state)
{
	struct exchange *x = *state;
	struct said said = {.by = "treatment", .status = "YES", .days = 30}, odd = said;
	struct message referral = case_referral(x);
	struct tc_id first;

	collector(x, "treatment", 50);
	exchange_send(x, &referral);
	odd.days = 31;
	verify(x, &referral, &odd);
	assert_string_equal(exchange_answer(x), "field_invalid");
	odd.days = 30;
	odd.supersedes = exchange_id(x);
	verify(x, &referral, &odd);
	assert_string_equal(exchange_answer(x), "field_invalid");
	first = verify(x, &referral, &said);
	assert_string_equal(exchange_answer(x), "accepted");
	verify(x, &referral, &said);
	assert_string_equal(exchange_answer(x), "field_invalid");
	said.supersedes = first;
	verify(x, &referral, &said);
	assert_string_equal(exchange_answer(x), "accepted");
}

static void who_is_no_party_learns_nothing_from_a_verification(void **state)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct exchange *x = *state;
	struct message referral = case_referral(x), stranger;

	collector(x, "treatment", 50);
	exchange_send(x, &referral);
	stranger = case_message(x, &referral, "parole", "HousingVerification", &claim);
	stranger.from = "court";
	claim.has_after_days = 1;
	claim.after_days = 31;
	exchange_send(x, &stranger);
	assert_string_equal(exchange_answer(x), "unknown_referral");
	stranger.id = exchange_id(x);
	stranger.referral = exchange_id(x);
	exchange_send(x, &stranger);
	assert_string_equal(exchange_answer(x), "unknown_referral");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_outcome_is_asked_about_after_30_90_and_180_days),
		TEST(what_was_said_unasked_is_not_asked),
		TEST(a_report_without_such_a_part_is_not_asked_about),
		TEST(silence_is_an_answer_that_nobody_knows),
		TEST(two_that_say_different_things_are_asked_to_find_out),
		TEST(what_stands_must_be_named_to_be_superseded),
		TEST(who_is_no_party_learns_nothing_from_a_verification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
