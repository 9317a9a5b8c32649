/* What happens to a referral, message by message. */
#include "unit/referral/referral_fixture.h"

#include <string.h>

#include "referral/calendar.h"
#include "referral/referral_former.h"

#define S "source"
#define T "target"
#define K "court"

#define RESPONSE(actor, value, ...)                                                                \
	((struct sent){.sender = actor, .type = "ReferralResponse", .status = value, __VA_ARGS__})
#define MESSAGE(actor, name, ...) ((struct sent){.sender = actor, .type = name, __VA_ARGS__})

static void a_referral_goes_from_request_to_closed_loop(void **state)
{
	struct fixture *f = *state;
	struct referral_step step;
	struct referral referral;

	assert_moves(f, MESSAGE(S, "Referral", .occurred_ms = 0), REFERRAL_REQUESTED);
	assert_string_equal(present(f).service, "a-service");
	assert_string_equal(referral_next_move(&(struct referral){.next_move = 0}), "");
	f->now_ms += DAY;
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w-1"), REFERRAL_RECEIVED);
	assert_moves(f, RESPONSE(T, "ACCEPTED", .occurred_ms = MONDAY + 1), REFERRAL_ACCEPTED);
	assert_moves(f, MESSAGE(T, "AppointmentScheduled", .status = NULL), REFERRAL_SCHEDULED);
	assert_moves(f, MESSAGE(T, "AttendanceRecord", .status = "DID_NOT_ATTEND"),
		     REFERRAL_ACCEPTED);
	assert_moves(f, MESSAGE(T, "AttendanceRecord", .status = "ATTENDED"), REFERRAL_IN_PROGRESS);
	assert_stays(f, MESSAGE(T, "AttendanceRecord", .status = "ATTENDED"));
	assert_stays(f, MESSAGE(T, "ProgressReport", .status = NULL));
	assert_stays(f, MESSAGE(T, "DrugTestResult", .status = NULL));
	assert_moves(f, MESSAGE(T, "OutcomeReport", .status = "COMPLETED"), REFERRAL_COMPLETED);
	referral = present(f);
	assert_string_equal(referral_next_move(&referral), "source");
	assert_int_equal(referral.clock, CLOCK_ACKNOWLEDGE);
	assert_int_equal(referral.due_ms, calendar_after(NULL, f->now_ms, 5));
	assert_moves(f, MESSAGE(S, "LoopClosed", .status = "ACCEPTED"), REFERRAL_COMPLETED);
	assert_true(f->change.loop_closed);
	referral = present(f);
	assert_int_equal(referral.loop_closed_ms, f->now_ms);
	assert_string_equal(referral_next_move(&referral), "");
	assert_int_equal(referral.due_ms, 0);
	assert_int_equal(f->change.alarm_ms, 0);
	assert_int_equal(referral.version, 8);

	assert_int_equal(referral_step_find(f->txn, &f->tables, f->referral, 3, &step), 0);
	assert_int_equal(step.from, REFERRAL_RECEIVED);
	assert_int_equal(step.to, REFERRAL_ACCEPTED);
	assert_string_equal(step.by, "target");
	assert_string_equal(step.type, "ReferralResponse");
	assert_int_equal(step.at_ms, MONDAY + DAY);
	assert_int_equal(step.occurred_ms, MONDAY + 1);
	assert_int_equal(referral_step_find(f->txn, &f->tables, f->referral, 9, &step),
			 REFERRAL_UNKNOWN);
}

static void who_moves_it_tells_the_other_party(void **state)
{
	struct fixture *f = *state;

	assert_moves(f, MESSAGE(S, "Referral", .occurred_ms = 0), REFERRAL_REQUESTED);
	assert_refused(f, RESPONSE(T, "RECEIVED", .worker = "w-1", .aside = true),
		       TC_REFUSAL_FIELD_INVALID, "recipients");
	assert_refused(f, MESSAGE(S, "ReferralCancel", .reason = "other", .aside = true),
		       TC_REFUSAL_FIELD_INVALID, "recipients");
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w-1"), REFERRAL_RECEIVED);
	assert_moves(f, RESPONSE(T, "ACCEPTED", .worker = "w-1"), REFERRAL_ACCEPTED);
	assert_refused(f, MESSAGE(T, "AttendanceRecord", .status = "ATTENDED", .aside = true),
		       TC_REFUSAL_FIELD_INVALID, "recipients");
	assert_moves(f, MESSAGE(T, "AttendanceRecord", .status = "ATTENDED"), REFERRAL_IN_PROGRESS);
	assert_stays(f, MESSAGE(T, "ProgressReport", .aside = true));
	assert_moves(f, MESSAGE(K, "CourtOrder", .ordered = true, .order = "o-1", .aside = true),
		     REFERRAL_CANCELLED);
}

static void an_agency_that_is_no_party_learns_nothing(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, MESSAGE("stranger", "ProgressReport", .status = NULL),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	bring_to(f, REFERRAL_IN_PROGRESS);
	assert_refused(f, MESSAGE("stranger", "ProgressReport", .status = NULL),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	assert_refused(f, MESSAGE("stranger", "LoopClosed", .expected_version = 77),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	/* a court without an order to give is no party either */
	assert_refused(f, MESSAGE(K, "HearingNotice", .status = NULL), TC_REFUSAL_UNKNOWN_REFERRAL,
		       "referral_id");
	assert_refused(
		f, MESSAGE(K, "CourtOrder", .ordered = true, .order = "o-1", .other_subject = true),
		TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
}

static void before_it_is_handed_over_the_target_is_a_stranger(void **state)
{
	const tc_agency target = {"target"};
	struct fixture *f = *state;
	struct referral_change shown;
	struct tc_id message = numbered_id((uint8_t)(200 + f->sequence % 50));

	assert_int_equal(tell(f, MESSAGE("source", "Referral", .status = NULL, .held = true)), 0);
	assert_refused(f,
		       MESSAGE("target", "ReferralResponse", .status = "RECEIVED", .worker = "w"),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	assert_refused(f, MESSAGE("target", "ProgressReport", .status = NULL),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "referral_id");
	assert_int_equal(referral_told(f->txn, &f->tables, f->referral, numbered_id(9), true,
				       &target, &shown),
			 0);
	assert_false(present(f).shown); /* that was another message */
	assert_int_equal(
		referral_told(f->txn, &f->tables, f->referral, message, true, &target, &shown), 0);
	assert_moves(f, MESSAGE("target", "ReferralResponse", .status = "RECEIVED", .worker = "w"),
		     REFERRAL_RECEIVED);
	assert_true(present(f).shown);
}

static void the_target_knows_of_a_risk_what_was_handed_to_it(void **state)
{
	const tc_agency target = {"target"};
	struct fixture *f = *state;
	struct referral_change told;
	struct tc_id amendment;

	assert_int_equal(tell(f, MESSAGE("source", "Referral", .status = NULL, .urgency = 1)), 0);
	assert_int_equal(present(f).known.urgency, 1);
	assert_int_equal(tell(f, MESSAGE("source", "ReferralAmend", .status = "AMEND", .urgency = 3,
					 .held = true)),
			 0);
	assert_int_equal(present(f).risk.urgency, 3);
	assert_int_equal(present(f).known.urgency, 1);
	amendment = present(f).risk_message;
	assert_int_equal(
		referral_told(f->txn, &f->tables, f->referral, amendment, false, &target, &told),
		0);
	assert_int_equal(present(f).known.urgency, 1); /* without the part that says so */
	assert_int_equal(
		referral_told(f->txn, &f->tables, f->referral, amendment, true, &target, &told), 0);
	assert_int_equal(present(f).known.urgency, 3);
}

static void a_new_source_that_may_not_know_does_not_know_of_the_risk(void **state)
{
	const tc_agency second = {"second"}, third = {"third"};
	struct fixture *f = *state;
	struct referral_change change;

	assert_int_equal(tell(f, MESSAGE("source", "Referral", .status = NULL, .urgency = 3)), 0);
	assert_int_equal(
		referral_transfer(f->txn, &f->tables, f->referral, &second, true, MONDAY, &change),
		0);
	assert_int_equal(present(f).risk.urgency, 3);
	assert_int_equal(
		referral_transfer(f->txn, &f->tables, f->referral, &third, false, MONDAY, &change),
		0);
	assert_int_equal(present(f).risk.urgency, 0);
	assert_int_equal(present(f).known.urgency, 3);
}

static void each_side_has_its_own_moves(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_REQUESTED);
	assert_refused(f, RESPONSE(S, "RECEIVED", .worker = "w-1"), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "state REQUESTED; yours now: ReferralCancel");
	assert_refused(f, RESPONSE(T, "ACCEPTED", .worker = "w-1"), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "state REQUESTED; yours now: ReferralResponse RECEIVED");
	assert_refused(f, MESSAGE(T, "ReferralCancel", .reason = "other"),
		       TC_REFUSAL_ILLEGAL_TRANSITION, "REQUESTED");
	assert_refused(f, MESSAGE(T, "OutcomeReport", .status = "COMPLETED"),
		       TC_REFUSAL_ILLEGAL_TRANSITION, "REQUESTED");
	assert_refused(f, RESPONSE(T, "NO_SUCH_STATUS", .worker = "w-1"),
		       TC_REFUSAL_ILLEGAL_TRANSITION, "REQUESTED");
}

static void a_rule_gets_what_it_needs(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_REQUESTED);
	assert_refused(f, RESPONSE(T, "RECEIVED", .reason = NULL), TC_REFUSAL_FIELD_MISSING,
		       "worker.id");
	bring_to(*state, REFERRAL_NONE);
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w-1"), REFERRAL_RECEIVED);
	assert_refused(f, RESPONSE(T, "DECLINED", .reason = NULL), TC_REFUSAL_FIELD_MISSING,
		       "reason_code");
	assert_refused(f, RESPONSE(T, "REROUTED", .reason = NULL), TC_REFUSAL_FIELD_MISSING,
		       "successor_id");
	assert_refused(f, RESPONSE(T, "OFFERED", .reason = NULL), TC_REFUSAL_FIELD_MISSING,
		       "offer.expires");
	assert_refused(f, RESPONSE(T, "OFFERED", .offer_expires_ms = MONDAY - 1),
		       TC_REFUSAL_FIELD_INVALID, "in the past");
	assert_refused(f, RESPONSE(T, "ENTERED_IN_ERROR", .actor = "w-1", .worker = "w-1"),
		       TC_REFUSAL_SECOND_PERSON, "second person");
	assert_refused(f, RESPONSE(T, "ENTERED_IN_ERROR", .actor = "w-1", .worker = " W-1"),
		       TC_REFUSAL_SECOND_PERSON, "second person");
	assert_moves(f, RESPONSE(T, "ENTERED_IN_ERROR", .actor = "w-1", .worker = "w-2"),
		     REFERRAL_ENTERED_IN_ERROR);
}

static void a_stale_version_is_refused(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_RECEIVED);
	assert_refused(f, RESPONSE(T, "ACCEPTED", .expected_version = 1), TC_REFUSAL_STALE_VERSION,
		       "version 2");
	assert_moves(f, RESPONSE(T, "ACCEPTED", .expected_version = 2), REFERRAL_ACCEPTED);
}

static void a_referral_id_is_used_once(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_REQUESTED);
	assert_refused(f, MESSAGE(S, "Referral", .status = NULL), TC_REFUSAL_REFERRAL_EXISTS,
		       "referral_id");
}

static void a_message_about_another_person_is_refused(void **state)
{
	bring_to(*state, REFERRAL_IN_PROGRESS);
	assert_refused(*state, MESSAGE(T, "ProgressReport", .other_subject = true),
		       TC_REFUSAL_FIELD_INVALID, "header.subject");
}

static void an_offer_is_taken_in_time_or_lapses(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_OFFERED);
	assert_int_equal(present(f).due_ms, MONDAY + DAY);
	f->now_ms = MONDAY + DAY;
	assert_refused(f, RESPONSE(S, "ACCEPTED", .reason = NULL), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "offer has expired");
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 99, f->now_ms, &f->change),
			 0);
	assert_true(f->change.moved);
	assert_int_equal(f->change.to, REFERRAL_RECEIVED);
	assert_int_equal(present(f).offer_expires_ms, 0);
	assert_moves(f, RESPONSE(T, "OFFERED", .offer_expires_ms = f->now_ms + DAY),
		     REFERRAL_OFFERED);
	assert_moves(f, RESPONSE(S, "ACCEPTED", .reason = NULL), REFERRAL_ACCEPTED);
}

static void withdrawal_during_care_waits_for_the_target(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_ON_HOLD);
	assert_refused(f, MESSAGE(S, "ReferralCancel", .reason = NULL), TC_REFUSAL_FIELD_MISSING,
		       "reason_code");
	assert_moves(f, MESSAGE(S, "ReferralCancel", .reason = "moved"), REFERRAL_CANCEL_REQUESTED);
	assert_refused(f, RESPONSE(T, "CANCEL_REJECTED", .reason = NULL), TC_REFUSAL_FIELD_MISSING,
		       "reason_code");
	assert_moves(f, RESPONSE(T, "CANCEL_REJECTED", .reason = "conflict"), REFERRAL_ON_HOLD);
	assert_moves(f, MESSAGE(S, "ReferralCancel", .reason = "moved"), REFERRAL_CANCEL_REQUESTED);
	assert_moves(f, RESPONSE(T, "CANCEL_CONFIRMED", .reason = NULL), REFERRAL_CANCELLED);
}

static void silence_about_a_withdrawal_cancels(void **state)
{
	struct fixture *f = *state;
	int64_t due_ms;

	bring_to(f, REFERRAL_CANCEL_REQUESTED);
	due_ms = present(f).due_ms;
	assert_int_equal(due_ms, calendar_after(NULL, MONDAY, 5));
	assert_int_equal(
		referral_clock(f->txn, &f->tables, f->referral, 99, due_ms - 1, &f->change), 0);
	assert_false(f->change.moved);
	assert_int_equal(f->change.due_ms, due_ms);
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 99, due_ms, &f->change),
			 0);
	assert_int_equal(f->change.to, REFERRAL_CANCELLED);
	assert_true(f->change.ended);
	assert_int_equal(present(f).clock, CLOCK_ACKNOWLEDGE);
}

static void a_court_order_ends_care_at_once(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_IN_PROGRESS);
	/* an order that is not about this referral moves nothing */
	assert_stays(f, MESSAGE(K, "CourtOrder", .order = "o-1"));
	/* the source cannot borrow the court's word */
	assert_moves(f,
		     MESSAGE(S, "ReferralCancel", .status = "BY_ORDER", .order = "o-1",
			     .reason = "acquitted"),
		     REFERRAL_CANCEL_REQUESTED);
	assert_moves(f, RESPONSE(T, "CANCEL_REJECTED", .reason = "conflict"), REFERRAL_IN_PROGRESS);
	assert_refused(f, MESSAGE(K, "CourtOrder", .ordered = true), TC_REFUSAL_FIELD_MISSING,
		       "order_id");
	assert_moves(f, MESSAGE(K, "CourtOrder", .ordered = true, .order = "o-1"),
		     REFERRAL_CANCELLED);
}

static void the_end_needs_an_outcome_report(void **state)
{
	bring_to(*state, REFERRAL_IN_PROGRESS);
	assert_refused(*state, MESSAGE(S, "LoopClosed", .status = "ACCEPTED"),
		       TC_REFUSAL_OUTCOME_MISSING, "target");
}

static void late_news_is_taken_and_reopens_nothing(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_ENDED_EARLY);
	assert_stays(f, MESSAGE(T, "AttendanceRecord", .status = "ATTENDED",
				.occurred_ms = MONDAY - 3 * DAY));
	assert_stays(f, MESSAGE(T, "OutcomeReport", .status = "COMPLETED"));
	assert_stays(f, MESSAGE(S, "CourtReport", .status = NULL));
	assert_refused(f, RESPONSE(T, "ACCEPTED", .worker = "w-1"), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "state ENDED_EARLY; yours now: ReferralResponse ENTERED_IN_ERROR");
	assert_refused(f, MESSAGE(T, "PlanProposed", .status = NULL), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "ENDED_EARLY");
}

static void a_disputed_outcome_keeps_the_loop_open(void **state)
{
	struct fixture *f = *state;
	struct referral referral;

	bring_to(f, REFERRAL_COMPLETED);
	assert_refused(f, MESSAGE(S, "LoopClosed", .status = "DISPUTED"), TC_REFUSAL_FIELD_MISSING,
		       "reason_code");
	assert_moves(f, MESSAGE(S, "LoopClosed", .status = "DISPUTED", .reason = "conflict"),
		     REFERRAL_COMPLETED);
	assert_false(f->change.loop_closed);
	referral = present(f);
	assert_string_equal(referral_next_move(&referral), "target");
	assert_stays(f, MESSAGE(T, "OutcomeReport", .status = "COMPLETED"));
	referral = present(f);
	assert_string_equal(referral_next_move(&referral), "source");
	assert_moves(f, MESSAGE(S, "LoopClosed", .status = "ACCEPTED"), REFERRAL_COMPLETED);
	assert_refused(f, MESSAGE(S, "LoopClosed", .status = "ACCEPTED"),
		       TC_REFUSAL_ILLEGAL_TRANSITION, "loop is closed");
}

static void an_unread_referral_warns_and_then_expires(void **state)
{
	struct fixture *f = *state;
	int64_t first_ms, second_ms;

	bring_to(f, REFERRAL_REQUESTED);
	first_ms = present(f).due_ms;
	assert_int_equal(first_ms, calendar_after(NULL, MONDAY, 2));
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 90, first_ms, &f->change),
			 0);
	assert_false(f->change.moved);
	assert_true(f->change.overdue);
	second_ms = f->change.due_ms;
	assert_int_equal(second_ms, calendar_after(NULL, first_ms, 5));
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 91, second_ms, &f->change),
			 0);
	assert_true(f->change.moved);
	assert_int_equal(f->change.to, REFERRAL_EXPIRED);
}

static void the_source_extends_the_clock_once(void **state)
{
	struct fixture *f = *state;
	const int64_t until_ms = MONDAY + 20 * DAY;

	bring_to(f, REFERRAL_RECEIVED);
	assert_refused(
		f, MESSAGE(S, "ReferralAmend", .status = "EXTEND", .respond_by_ms = MONDAY - DAY),
		TC_REFUSAL_FIELD_INVALID, "respond_by");
	assert_stays(f, MESSAGE(S, "ReferralAmend", .status = "EXTEND", .respond_by_ms = until_ms));
	assert_int_equal(present(f).due_ms, until_ms);
	assert_refused(
		f, MESSAGE(S, "ReferralAmend", .status = "EXTEND", .respond_by_ms = until_ms + DAY),
		TC_REFUSAL_ILLEGAL_TRANSITION, "extended before");
	assert_stays(f, MESSAGE(S, "ReferralAmend", .status = "AMEND"));
	assert_int_equal(present(f).due_ms, until_ms);
}

static void care_without_news_is_overdue_again_and_again(void **state)
{
	struct fixture *f = *state;
	int64_t due_ms;

	bring_to(f, REFERRAL_IN_PROGRESS);
	due_ms = present(f).due_ms;
	assert_int_equal(due_ms, calendar_after(NULL, MONDAY, 30));
	f->now_ms = MONDAY + DAY;
	assert_stays(f, MESSAGE(T, "ProgressReport", .status = NULL));
	assert_int_equal(f->change.alarm_before_ms, calendar_before(NULL, due_ms, 1));
	due_ms = calendar_after(NULL, MONDAY + DAY, 30);
	assert_int_equal(f->change.due_ms, due_ms);
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 90, due_ms, &f->change),
			 0);
	assert_true(f->change.overdue);
	assert_false(f->change.moved);
	assert_int_equal(f->change.alarm_ms, calendar_after(NULL, due_ms, 30));
}

static void an_undelivered_referral_is_told_to_its_source(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_REQUESTED);
	assert_int_equal(referral_undelivered(f->txn, &f->tables, f->referral, numbered_id(9), 90,
					      MONDAY, &f->change),
			 0);
	assert_false(f->change.moved);
	assert_int_equal(referral_undelivered(f->txn, &f->tables, f->referral, present(f).message,
					      90, MONDAY, &f->change),
			 0);
	assert_int_equal(f->change.to, REFERRAL_UNDELIVERABLE);
	assert_int_equal(referral_undelivered(f->txn, &f->tables, numbered_id(77), numbered_id(9),
					      90, MONDAY, &f->change),
			 0);
	assert_false(f->change.moved);
}

static void lists_page_through_an_agencys_referrals(void **state)
{
	struct fixture *f = *state;
	const tc_agency source = {"source"}, target = {"target"}, stranger = {"stranger"};
	struct referral_filter filter = {.agency = &target};
	struct referral found[4];
	size_t count;
	bool more;

	for (uint8_t i = 1; i <= 5; i++) {
		f->referral = numbered_id(i);
		bring_to(f, i == 2 ? REFERRAL_CANCELLED : REFERRAL_RECEIVED);
	}
	assert_int_equal(referral_list(f->txn, &f->tables, &filter, found, 4, &count, &more), 0);
	assert_int_equal(count, 4);
	assert_true(more);
	filter.after = found[3].id;
	assert_int_equal(referral_list(f->txn, &f->tables, &filter, found, 4, &count, &more), 0);
	assert_int_equal(count, 1);
	assert_false(more);
	filter = (struct referral_filter){.agency = &source, .open_only = true};
	assert_int_equal(referral_list(f->txn, &f->tables, &filter, found, 4, &count, &more), 0);
	assert_int_equal(count, 4);
	assert_false(more);
	assert_true(tc_id_equal(found[1].id, numbered_id(3)));
	filter = (struct referral_filter){.subject = f->subject, .state = REFERRAL_CANCELLED};
	assert_int_equal(referral_list(f->txn, &f->tables, &filter, found, 4, &count, &more), 0);
	assert_int_equal(count, 1);
	filter = (struct referral_filter){.agency = &stranger, .subject = f->subject};
	assert_int_equal(referral_list(f->txn, &f->tables, &filter, found, 4, &count, &more), 0);
	assert_int_equal(count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_referral_goes_from_request_to_closed_loop),
		TEST(who_moves_it_tells_the_other_party),
		TEST(an_agency_that_is_no_party_learns_nothing),
		TEST(before_it_is_handed_over_the_target_is_a_stranger),
		TEST(the_target_knows_of_a_risk_what_was_handed_to_it),
		TEST(a_new_source_that_may_not_know_does_not_know_of_the_risk),
		TEST(each_side_has_its_own_moves),
		TEST(a_rule_gets_what_it_needs),
		TEST(a_stale_version_is_refused),
		TEST(a_referral_id_is_used_once),
		TEST(a_message_about_another_person_is_refused),
		TEST(an_offer_is_taken_in_time_or_lapses),
		TEST(withdrawal_during_care_waits_for_the_target),
		TEST(silence_about_a_withdrawal_cancels),
		TEST(a_court_order_ends_care_at_once),
		TEST(the_end_needs_an_outcome_report),
		TEST(late_news_is_taken_and_reopens_nothing),
		TEST(a_disputed_outcome_keeps_the_loop_open),
		TEST(an_unread_referral_warns_and_then_expires),
		TEST(the_source_extends_the_clock_once),
		TEST(care_without_news_is_overdue_again_and_again),
		TEST(an_undelivered_referral_is_told_to_its_source),
		TEST(lists_page_through_an_agencys_referrals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
