/* Hearings of a person: each stands by itself, the next one counts, and what a court says of one
 * reaches whom it binds. */
#include "unit/ledger/case_fixture.h"
#include "unit/ledger/order_fixture.h"

#include <string.h>

#include "ledger/state.h"

#define DAY_MS     INT64_C(86400000)
#define CONDITIONS THROUGHCARE__V1__CATEGORY__CATEGORY_SUPERVISION_CONDITIONS
#define MANY       70 /* agencies */

/* A word of a court about a hearing. */
struct word {
	const char *from, *to, *also; /* NULL: the court, to parole alone */
	const char *type, *id;        /* NULL: a notice of h-1 */
	struct tc_id subject;
	int64_t at_ms;     /* 0: none is set */
	int64_t report_ms; /* 0: none is due */
	bool consent;      /* it needs one */
};

static struct tc_id say(struct exchange *x, struct word word)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message message = contact(x);

	claim.hearing_id = (char *)(uintptr_t)(word.id ? word.id : "h-1");
	claim.has_start_ms = word.at_ms != 0;
	claim.start_ms = word.at_ms;
	claim.has_due_ms = word.report_ms != 0;
	claim.due_ms = word.report_ms;
	message.from = word.from ? word.from : "court";
	message.to = word.to ? word.to : "parole";
	message.also = word.also;
	message.type = word.type ? word.type : "HearingNotice";
	message.subject = word.subject;
	message.category = word.consent ? CONDITIONS : message.category;
	message.legal = word.consent ? 0 : message.legal;
	message.claim = &claim;
	exchange_send(x, &message);
	assert_string_equal(exchange_answer(x), "accepted");
	return message.id;
}

static void a_hearing_of_which_the_last_word_is_expunged_was_never_set(void **state)
{
	struct exchange *x = *state;
	struct message referral = case_referral(x);
	struct word word = {.subject = referral.subject, .at_ms = x->now_ms + 3 * DAY_MS};
	uint64_t first, count;

	collector(x, "parole", 100);
	exchange_send(x, &referral);
	first = ledger_next(x->ledger);
	(void)say(x, word);
	word.id = "h-2";
	word.at_ms += DAY_MS;
	(void)say(x, word);
	assert_int_equal(next_hearing(x, "parole", referral.subject), word.at_ms - DAY_MS);
	order_forgets(x, first, 1);
	assert_int_equal(next_hearing(x, "parole", referral.subject), word.at_ms);
	assert_int_equal(next_hearing(x, "court", referral.subject), word.at_ms);
	exchange_check_lists(x);
	order_forgets(x, first + 1, 1);
	assert_int_equal(next_hearing(x, "parole", referral.subject), 0);
	assert_int_equal(
		store_count(x->ledger->txn, x->ledger->table[LEDGER_TABLE_HEARING], &count), 0);
	assert_int_equal(count, 0);
	exchange_check_lists(x);
}

static void of_several_hearings_the_next_one_counts(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t soon = x->now_ms + 3 * DAY_MS, late = x->now_ms + 9 * DAY_MS;

	collector(x, "parole", 50);
	collector(x, "treatment", 50);
	say(x, (struct word){.subject = who, .id = "h-2", .at_ms = late});
	say(x, (struct word){.subject = who, .at_ms = soon});
	assert_int_equal(next_hearing(x, "parole", who), soon);
	assert_int_equal(next_hearing(x, "treatment", who), 0); /* it was not told */
	say(x, (struct word){.subject = who, .type = "HearingResult"});
	assert_int_equal(next_hearing(x, "parole", who), late);
	say(x, (struct word){.subject = who, .id = "h-2", .type = "HearingResult"});
	assert_int_equal(next_hearing(x, "parole", who), 0);
}

static void one_that_has_passed_gives_way_to_the_next(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t soon = x->now_ms + DAY_MS, late = x->now_ms + 5 * DAY_MS;

	collector(x, "parole", 50);
	say(x, (struct word){.subject = who, .at_ms = soon});
	say(x, (struct word){.subject = who, .id = "h-2", .at_ms = late});
	x->now_ms = soon + DAY_MS / 4;
	assert_int_equal(next_hearing(x, "parole", who), late);
	x->now_ms = late + DAY_MS / 4;
	assert_int_equal(next_hearing(x, "parole", who),
			 late); /* today's, and nothing else comes */
	x->now_ms = late + DAY_MS;
	assert_int_equal(next_hearing(x, "parole", who), 0);
}

static void a_hearing_that_is_set_anew_leaves_its_day(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t first = x->now_ms + 3 * DAY_MS, moved = x->now_ms + 6 * DAY_MS;

	collector(x, "parole", 50);
	say(x, (struct word){.subject = who, .at_ms = first});
	say(x, (struct word){.subject = who, .at_ms = moved});
	assert_int_equal(next_hearing(x, "parole", who), moved);
	say(x, (struct word){.subject = who, .type = "HearingResult", .at_ms = moved + DAY_MS});
	assert_int_equal(next_hearing(x, "parole", who), moved + DAY_MS); /* adjourned */
}

static void nobody_else_changes_a_courts_hearing(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t at = x->now_ms + 3 * DAY_MS;

	exchange_agency(x, "board", "COURT");
	collector(x, "parole", 50);
	say(x, (struct word){.subject = who, .at_ms = at});
	say(x, (struct word){.from = "board", .subject = who, .type = "HearingResult"});
	assert_int_equal(next_hearing(x, "parole", who), at);
}

static void the_latest_word_counts_in_whatever_order_they_are_read(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	struct consent given = grant(x, who);
	int64_t first = x->now_ms + 3 * DAY_MS, moved = x->now_ms + 6 * DAY_MS;

	collector(x, "parole", 50);
	say(x, (struct word){.subject = who, .at_ms = first, .consent = true}); /* it is held */
	say(x, (struct word){.subject = who, .at_ms = moved});
	given.from = "court";
	given.category = "SUPERVISION_CONDITIONS";
	exchange_consent(x, &given);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(next_hearing(x, "parole", who), moved);
}

static void what_a_hearing_waits_for_is_asked_once_and_withdrawn_with_it(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x), notice;
	struct word word = {.subject = who,
			    .at_ms = x->now_ms + 9 * DAY_MS,
			    .report_ms = x->now_ms + 6 * DAY_MS};

	collector(x, "parole", 50);
	notice = say(x, word);
	assert_int_equal(exchange_facts(x, "task"), 1);
	word.at_ms += DAY_MS;
	say(x, word);
	assert_int_equal(exchange_facts(x, "task"), 1);
	assert_int_equal(exchange_facts(x, "task_done"), 1); /* the one before is withdrawn */
	exchange_reply(x, "parole", notice, "w-104", "acknowledged");
	assert_string_equal(exchange_answer(x), "unknown_task");
	say(x, (struct word){.subject = who, .type = "HearingResult"});
	assert_int_equal(exchange_facts(x, "task_done"), 1);
}

static void the_report_that_a_hearing_waits_for_closes_its_task(void **state)
{
	struct exchange *x = *state;
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct message report = contact(x);

	collector(x, "parole", 50);
	collector(x, "court", 50);
	say(x, (struct word){.subject = report.subject,
			     .at_ms = x->now_ms + 9 * DAY_MS,
			     .report_ms = x->now_ms + 6 * DAY_MS});
	claim.hearing_id = (char *)(uintptr_t) "h-9";
	report.type = "CourtReport";
	report.to = "court";
	report.claim = &claim;
	exchange_send(x, &report);
	assert_int_equal(exchange_facts(x, "task_done"), 0); /* of another hearing */
	claim.hearing_id = (char *)(uintptr_t) "h-1";
	report.id = exchange_id(x);
	exchange_send(x, &report);
	assert_int_equal(exchange_facts(x, "task_done"), 1);
	assert_int_equal(exchange_evidence(x, EVIDENCE(ACKNOWLEDGED)), 1); /* to the court */
}

static void a_result_reaches_whoever_was_told_of_the_hearing(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t at = x->now_ms + 3 * DAY_MS;

	collector(x, "parole", 50);
	collector(x, "treatment", 50);
	collector(x, "court", 50);
	say(x, (struct word){.subject = who, .also = "treatment", .at_ms = at});
	assert_int_equal(next_hearing(x, "treatment", who), at);
	say(x, (struct word){.subject = who, .type = "HearingResult"}); /* to parole */
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 2);
	assert_int_equal(next_hearing(x, "treatment", who), 0);
	/* whom it binds besides, the court is not told */
	assert_int_equal(exchange_evidence(x, EVIDENCE(DELIVERED)), 0);
	say(x, (struct word){.subject = who, .at_ms = at}); /* and so does one that is set anew */
	assert_int_equal(next_hearing(x, "treatment", who), at);
}

static void it_reaches_them_however_many_they_are(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t at_ms = x->now_ms + 3 * DAY_MS;

	for (int i = 0; i < MANY; i++) {
		char name[32];

		snprintf(name, sizeof(name), "site-%03d", i);
		exchange_agency(x, name, "TREATMENT");
		collector(x, name, 2 * MANY);
		say(x, (struct word){.subject = who, .to = name, .at_ms = at_ms});
	}
	collector(x, "parole", 50);
	say(x, (struct word){.subject = who, .type = "HearingResult"}); /* to parole */
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), MANY + 1);
	assert_int_equal(next_hearing(x, "site-069", who), 0);
}

static void it_reaches_nobody_without_a_decision(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t at = x->now_ms + 3 * DAY_MS;
	struct consent given = grant(x, who);

	collector(x, "parole", 50);
	collector(x, "treatment", 50);
	say(x, (struct word){.subject = who, .also = "treatment", .at_ms = at});
	say(x, (struct word){.subject = who, .type = "HearingResult", .consent = true});
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 0);
	assert_int_equal(next_hearing(x, "treatment", who), at);
	given.from = "court";
	given.to = "treatment";
	given.category = "SUPERVISION_CONDITIONS";
	exchange_consent(x, &given);
	assert_int_equal(exchange_effects(x, EFFECT_DELIVER), 1);
	assert_int_equal(next_hearing(x, "treatment", who), 0);
	assert_int_equal(next_hearing(x, "parole", who), at); /* its own still waits */
}

/* A mailbox has room for that many messages. */
static void allow(struct exchange *x, uint32_t messages)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__BarrierRecord barrier = THROUGHCARE__V1__BARRIER_RECORD__INIT;
	Throughcare__V1__LedgerSettings settings = THROUGHCARE__V1__LEDGER_SETTINGS__INIT;

	settings.has_mailbox_messages_max = 1;
	settings.mailbox_messages_max = messages;
	barrier.has_boot = 1;
	barrier.boot = 2;
	barrier.settings = &settings;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	record.barrier = &barrier;
	exchange_append(x, &record, 0);
}

static void what_finds_a_full_mailbox_on_its_way_along_is_in_the_trail(void **state)
{
	struct exchange *x = *state;
	struct tc_id who = exchange_id(x);
	int64_t at_ms = x->now_ms + 3 * DAY_MS;
	uint64_t connection = collector(x, "parole", 1);

	say(x, (struct word){.subject = who, .at_ms = at_ms});
	assert_settled(x, connection, delivered(x), ACK, DONE);
	allow(x, 1);
	say(x, (struct word){.subject = who, .id = "h-2", .at_ms = at_ms}); /* it fills the box */
	say(x, (struct word){.subject = who, .to = "treatment", .at_ms = at_ms + DAY_MS});
	assert_int_equal(exchange_facts(x, "denied"), 1);
	assert_int_equal(next_hearing(x, "parole", who), at_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hearing_of_which_the_last_word_is_expunged_was_never_set),
		TEST(of_several_hearings_the_next_one_counts),
		TEST(one_that_has_passed_gives_way_to_the_next),
		TEST(a_hearing_that_is_set_anew_leaves_its_day),
		TEST(nobody_else_changes_a_courts_hearing),
		TEST(the_latest_word_counts_in_whatever_order_they_are_read),
		TEST(what_a_hearing_waits_for_is_asked_once_and_withdrawn_with_it),
		TEST(the_report_that_a_hearing_waits_for_closes_its_task),
		TEST(a_result_reaches_whoever_was_told_of_the_hearing),
		TEST(it_reaches_them_however_many_they_are),
		TEST(it_reaches_nobody_without_a_decision),
		TEST(what_finds_a_full_mailbox_on_its_way_along_is_in_the_trail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
