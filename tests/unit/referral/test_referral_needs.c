/* What a move needs, what it leaves, and what a refusal may tell. */
#include "unit/referral/referral_fixture.h"

#define S "source"
#define T "target"

#define RESPONSE(actor, value, ...)                                                                \
	((struct sent){.sender = actor, .type = "ReferralResponse", .status = value, __VA_ARGS__})
#define MESSAGE(actor, name, ...) ((struct sent){.sender = actor, .type = name, __VA_ARGS__})

static void what_is_asked_for_is_answered_item_by_item(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_RECEIVED);
	assert_moves(f, MESSAGE(T, "InfoRequest", .code = "address", .second_code = "income"),
		     REFERRAL_INFO_REQUESTED);
	assert_refused(f, MESSAGE(S, "InfoReply", .code = "shoe_size"), TC_REFUSAL_ITEMS_UNKNOWN,
		       "answers");
	assert_stays(f, MESSAGE(S, "InfoReply", .code = "income"));
	assert_refused(f, MESSAGE(S, "InfoReply", .code = "income"), TC_REFUSAL_ITEMS_UNKNOWN,
		       "answers");
	assert_moves(f, MESSAGE(S, "InfoReply", .code = "address"), REFERRAL_RECEIVED);
	assert_moves(f, MESSAGE(T, "InfoRequest", .code = "address"), REFERRAL_INFO_REQUESTED);
	/* the target does without; what is asked for next time stands alone */
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w"), REFERRAL_RECEIVED);
	assert_moves(f, MESSAGE(T, "InfoRequest", .code = "income"), REFERRAL_INFO_REQUESTED);
	assert_moves(f, MESSAGE(S, "InfoReply", .code = "income"), REFERRAL_RECEIVED);
}

static void what_is_asked_for_later_is_asked_for_too(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_RECEIVED);
	assert_moves(f, MESSAGE(T, "InfoRequest", .code = "address"), REFERRAL_INFO_REQUESTED);
	assert_stays(f, MESSAGE(T, "InfoRequest", .code = "income"));
	assert_stays(f, MESSAGE(S, "InfoReply", .code = "address"));
	assert_refused(f, MESSAGE(S, "InfoRequest", .code = "income"),
		       TC_REFUSAL_ILLEGAL_TRANSITION, "state INFO_REQUESTED");
	assert_moves(f, MESSAGE(S, "InfoReply", .code = "income"), REFERRAL_RECEIVED);
}

static void an_end_scores_what_was_asked_for(void **state)
{
	struct fixture *f = *state;

	assert_moves(f, MESSAGE(S, "Referral", .code = "housing", .second_code = "work"),
		     REFERRAL_REQUESTED);
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w"), REFERRAL_RECEIVED);
	assert_moves(f, RESPONSE(T, "ACCEPTED", .worker = "w"), REFERRAL_ACCEPTED);
	assert_moves(f, RESPONSE(T, "IN_PROGRESS", .worker = "w"), REFERRAL_IN_PROGRESS);
	assert_refused(f, MESSAGE(T, "OutcomeReport", .status = "COMPLETED", .code = "work"),
		       TC_REFUSAL_OUTCOMES_UNSCORED, "missing");
	assert_refused(f, MESSAGE(T, "OutcomeReport", .status = "COMPLETED"),
		       TC_REFUSAL_OUTCOMES_UNSCORED, "missing");
	assert_refused(f, MESSAGE(T, "OutcomeReport", .status = "ENDED_EARLY", .code = "money"),
		       TC_REFUSAL_OUTCOMES_UNSCORED, "not asked for");
	assert_moves(f,
		     MESSAGE(T, "OutcomeReport", .status = "COMPLETED", .code = "work",
			     .second_code = "housing"),
		     REFERRAL_COMPLETED);
}

static void an_early_end_scores_what_there_is(void **state)
{
	struct fixture *f = *state;

	assert_moves(f, MESSAGE(S, "Referral", .code = "housing", .second_code = "work"),
		     REFERRAL_REQUESTED);
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w"), REFERRAL_RECEIVED);
	assert_moves(f, RESPONSE(T, "ACCEPTED", .worker = "w"), REFERRAL_ACCEPTED);
	assert_moves(f, MESSAGE(T, "OutcomeReport", .status = "ENDED_EARLY", .code = "work"),
		     REFERRAL_ENDED_EARLY);
}

/* Ids of this fixture as texts. */
static const char *id_text(uint8_t number)
{
	static char text[2][TC_ID_TEXT_BYTES];
	static unsigned turn;

	turn = !turn;
	tc_id_format(numbered_id(number), text[turn]);
	return text[turn];
}

static void a_reroute_names_a_referral_that_follows_it(void **state)
{
	struct fixture *f = *state;

	f->referral = numbered_id(2);
	bring_to(f, REFERRAL_REQUESTED); /* another one of the person, that follows nothing */
	f->referral = numbered_id(1);
	bring_to(f, REFERRAL_RECEIVED);
	assert_refused(f, RESPONSE(T, "REROUTED", .about = "no id"), TC_REFUSAL_SUCCESSOR_UNFIT,
		       "successor_id");
	assert_refused(f, RESPONSE(T, "REROUTED", .about = id_text(3)), TC_REFUSAL_SUCCESSOR_UNFIT,
		       "successor_id");
	assert_refused(f, RESPONSE(T, "REROUTED", .about = id_text(2)), TC_REFUSAL_SUCCESSOR_UNFIT,
		       "successor_id");
	f->referral = numbered_id(3);
	assert_refused(f, MESSAGE("stranger", "Referral", .predecessor = id_text(1)),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "predecessor_id");
	assert_refused(f, MESSAGE(S, "Referral", .predecessor = id_text(1), .other_subject = true),
		       TC_REFUSAL_UNKNOWN_REFERRAL, "predecessor_id");
	assert_moves(f, MESSAGE(S, "Referral", .predecessor = id_text(1)), REFERRAL_REQUESTED);
	assert_true(tc_id_equal(present(f).predecessor, numbered_id(1)));
	f->referral = numbered_id(1);
	assert_true(tc_id_is_none(present(f).successor));
	assert_moves(f, RESPONSE(T, "REROUTED", .about = id_text(3)), REFERRAL_REROUTED);
	assert_true(tc_id_equal(present(f).successor, numbered_id(3)));
}

static void what_is_over_is_followed_and_not_reopened(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_EXPIRED);
	f->referral = numbered_id(2);
	assert_moves(f, MESSAGE(S, "Referral", .predecessor = id_text(1)), REFERRAL_REQUESTED);
	f->referral = numbered_id(1);
	assert_true(tc_id_equal(present(f).successor, numbered_id(2)));
	assert_int_equal(present(f).state, REFERRAL_EXPIRED);
}

static void late_news_of_a_missed_meeting_moves_nothing_back(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_ACCEPTED);
	f->now_ms += 3 * DAY;
	assert_moves(f, MESSAGE(T, "AppointmentScheduled", .status = NULL), REFERRAL_SCHEDULED);
	assert_stays(f, MESSAGE(T, "AttendanceRecord", .status = "DID_NOT_ATTEND",
				.occurred_ms = MONDAY + DAY));
	assert_moves(f,
		     MESSAGE(T, "AttendanceRecord", .status = "DID_NOT_ATTEND",
			     .occurred_ms = f->now_ms),
		     REFERRAL_ACCEPTED);
}

static void an_error_is_found_after_the_end_too_and_opens_the_loop(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_COMPLETED);
	assert_moves(f, MESSAGE(S, "LoopClosed", .status = "ACCEPTED"), REFERRAL_COMPLETED);
	assert_moves(f, RESPONSE(T, "ENTERED_IN_ERROR", .actor = "a", .worker = "b"),
		     REFERRAL_ENTERED_IN_ERROR);
	assert_false(f->change.ended); /* it had before */
	assert_int_equal(present(f).loop_closed_ms, 0);
	assert_int_equal(present(f).next_move, REFERRAL_BY_SOURCE);
	assert_refused(f, RESPONSE(T, "ENTERED_IN_ERROR", .actor = "a", .worker = "b"),
		       TC_REFUSAL_ILLEGAL_TRANSITION, "ENTERED_IN_ERROR");
	assert_moves(f, MESSAGE(S, "LoopClosed", .status = "ACCEPTED"), REFERRAL_ENTERED_IN_ERROR);
}

/* The target's step waits for a consent: the source must not learn of it by asking. */
static void a_refusal_tells_no_more_than_was_told(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_ACCEPTED); /* version 3 */
	assert_moves(f, MESSAGE(T, "AttendanceRecord", .status = "ATTENDED", .held = true),
		     REFERRAL_IN_PROGRESS);
	assert_int_equal(present(f).side[REFERRAL_SOURCE].told, 3);
	assert_int_equal(present(f).side[REFERRAL_TARGET].told, 4);
	assert_refused(f, MESSAGE(S, "InfoReply", .status = NULL), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "state ACCEPTED");
	assert_string_equal(f->refusal.state, "ACCEPTED");
	assert_int_equal(f->refusal.version, 3);
	assert_int_equal(f->refusal.legal_count, 2);
	assert_string_equal(f->refusal.legal[0], "ReferralCancel");
	assert_refused(f, MESSAGE(S, "ReferralCancel", .reason = "moved", .expected_version = 2),
		       TC_REFUSAL_STALE_VERSION, "version 3");
	assert_int_equal(f->refusal.version, 3);
	assert_refused(f, MESSAGE(T, "InfoRequest", .status = NULL), TC_REFUSAL_ILLEGAL_TRANSITION,
		       "state IN_PROGRESS");
	/* and what it was told is what it may hold on to */
	assert_moves(f, MESSAGE(S, "ReferralCancel", .reason = "moved", .expected_version = 3),
		     REFERRAL_CANCEL_REQUESTED);
}

static void custody_pauses_care_and_ends_the_pause_that_it_made(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_ON_HOLD); /* in hospital, say */
	assert_int_equal(
		referral_custody(f->txn, &f->tables, f->referral, false, 90, f->now_ms, &f->change),
		0);
	assert_false(f->change.moved);
	assert_moves(f, RESPONSE(T, "RESUMED", .worker = "w"), REFERRAL_IN_PROGRESS);
	assert_int_equal(
		referral_custody(f->txn, &f->tables, f->referral, true, 91, f->now_ms, &f->change),
		0);
	assert_int_equal(f->change.to, REFERRAL_ON_HOLD);
	assert_string_equal(f->change.by, "exchange");
	/* a withdrawal that the target rejects in between changes nothing about why it is paused */
	assert_moves(f, MESSAGE(S, "ReferralCancel", .reason = "moved"), REFERRAL_CANCEL_REQUESTED);
	assert_moves(f, RESPONSE(T, "CANCEL_REJECTED", .reason = "conflict"), REFERRAL_ON_HOLD);
	assert_int_equal(
		referral_custody(f->txn, &f->tables, f->referral, false, 92, f->now_ms, &f->change),
		0);
	assert_int_equal(f->change.to, REFERRAL_IN_PROGRESS);
}

static void a_waitlisted_referral_asks_its_source_and_then_expires(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_WAITLISTED);
	f->now_ms = present(f).due_ms;
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 90, f->now_ms, &f->change),
			 0);
	assert_true(f->change.overdue);
	assert_int_equal(present(f).next_move, REFERRAL_BY_SOURCE);
	/* that the target waits on is no answer */
	assert_stays(f, RESPONSE(T, "WAITLISTED", .worker = "w"));
	assert_int_equal(present(f).next_move, REFERRAL_BY_SOURCE);
	assert_stays(f, RESPONSE(S, "STILL_WANTED", .worker = NULL));
	assert_int_equal(present(f).next_move, REFERRAL_BY_TARGET);
	assert_false(present(f).overdue);
	ring_out(f);
	assert_int_equal(present(f).state, REFERRAL_EXPIRED);
}

static void who_works_on_it_and_what_it_puts_at_risk_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_moves(f, MESSAGE(S, "Referral", .actor = "o-1"), REFERRAL_REQUESTED);
	assert_string_equal(present(f).side[REFERRAL_SOURCE].officer, "o-1");
	assert_true(f->change.reassigned);
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w-1", .actor = "clerk"),
		     REFERRAL_RECEIVED);
	assert_string_equal(present(f).side[REFERRAL_TARGET].officer, "w-1");
	assert_moves(f, RESPONSE(T, "WAITLISTED", .actor = "clerk"), REFERRAL_WAITLISTED);
	assert_string_equal(present(f).side[REFERRAL_TARGET].officer, "w-1");
	assert_false(f->change.reassigned);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_for_is_answered_item_by_item),
		TEST(what_is_asked_for_later_is_asked_for_too),
		TEST(an_end_scores_what_was_asked_for),
		TEST(an_early_end_scores_what_there_is),
		TEST(a_reroute_names_a_referral_that_follows_it),
		TEST(what_is_over_is_followed_and_not_reopened),
		TEST(late_news_of_a_missed_meeting_moves_nothing_back),
		TEST(an_error_is_found_after_the_end_too_and_opens_the_loop),
		TEST(a_refusal_tells_no_more_than_was_told),
		TEST(custody_pauses_care_and_ends_the_pause_that_it_made),
		TEST(a_waitlisted_referral_asks_its_source_and_then_expires),
		TEST(who_works_on_it_and_what_it_puts_at_risk_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
