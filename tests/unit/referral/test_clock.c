/* When it is due, when it rings, and what that means. */
#include "unit/referral/referral_fixture.h"

#include <string.h>

#include "referral/calendar.h"

#define S "source"
#define T "target"

#define RESPONSE(actor, value, ...)                                                                \
	((struct sent){.sender = actor, .type = "ReferralResponse", .status = value, __VA_ARGS__})
#define MESSAGE(actor, name, ...) ((struct sent){.sender = actor, .type = name, __VA_ARGS__})

/* The target works from Sunday to Thursday, and is closed on Wednesday, 2 December 2026. */
static const struct calendar target_calendar = {
	.weekdays = 0x1f,
	.reminder_days = 2,
	.holiday_count = 1,
	.holidays = {20789},
};

static const struct calendar *find(void *context, const tc_agency *agency)
{
	(void)context;
	return strcmp(agency->name, T) == 0 ? &target_calendar : NULL;
}

static const struct clock_book book = {find, NULL};

static enum clock_ring ring(struct fixture *f, int64_t now_ms)
{
	f->now_ms = now_ms;
	assert_int_equal(referral_clock(f->txn, &f->tables, f->referral, 90, now_ms, &f->change),
			 0);
	return f->change.ring;
}

static void a_clock_reminds_and_then_is_late_and_stays_late(void **state)
{
	struct fixture *f = *state;
	int64_t due_ms;

	bring_to(f, REFERRAL_IN_PROGRESS);
	due_ms = present(f).due_ms;
	assert_int_equal(present(f).alarm_ms, calendar_before(NULL, due_ms, 1));
	assert_int_equal(ring(f, present(f).alarm_ms - 1), CLOCK_RINGS_NOT);
	assert_int_equal(ring(f, present(f).alarm_ms), CLOCK_REMINDS);
	assert_false(f->change.overdue);
	assert_int_equal(present(f).alarm_ms, due_ms);
	assert_int_equal(ring(f, due_ms), CLOCK_OVERDUE);
	assert_int_equal(f->change.rang, CLOCK_HEARTBEAT);
	assert_int_equal(f->change.late, REFERRAL_BY_TARGET);
	assert_int_equal(present(f).due_ms, due_ms);
	assert_int_equal(present(f).times, 1);
	assert_int_equal(present(f).alarm_ms, calendar_after(NULL, due_ms, 30));
	assert_int_equal(ring(f, present(f).alarm_ms), CLOCK_OVERDUE);
	assert_int_equal(present(f).times, 2);
	assert_int_equal(present(f).due_ms, due_ms);
	assert_stays(f, MESSAGE(T, "ProgressReport", .status = NULL));
	assert_false(present(f).overdue);
	assert_int_equal(present(f).times, 0);
	assert_int_equal(present(f).due_ms, calendar_after(NULL, f->now_ms, 30));
}

static void a_late_tick_leaves_the_reminder_out(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_IN_PROGRESS);
	assert_int_equal(ring(f, present(f).due_ms + DAY), CLOCK_OVERDUE);
	assert_false(present(f).reminded);
}

static void the_days_are_those_of_whose_move_it_is(void **state)
{
	struct fixture *f = *state;

	f->tables.book = &book;
	bring_to(f, REFERRAL_REQUESTED);
	/* Monday and two days, and Wednesday is none: Thursday; it reminds two before. */
	assert_int_equal(present(f).due_ms, MONDAY + 3 * DAY);
	assert_int_equal(present(f).alarm_ms, present(f).due_ms);
	bring_to(f, REFERRAL_NONE);
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w-1"), REFERRAL_RECEIVED);
	/* Tuesday, Thursday, Sunday, Monday, Tuesday. */
	assert_int_equal(present(f).due_ms, MONDAY + 8 * DAY);
	assert_int_equal(present(f).alarm_ms, MONDAY + 6 * DAY);
	assert_moves(f, MESSAGE(T, "InfoRequest", .status = NULL), REFERRAL_INFO_REQUESTED);
	/* The source knows no holiday: a week. */
	assert_int_equal(present(f).due_ms, MONDAY + 7 * DAY);
}

static void while_something_is_asked_for_the_days_to_decide_wait(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_RECEIVED);
	f->now_ms = MONDAY + 3 * DAY; /* Thursday: Friday and Monday are left */
	assert_moves(f, MESSAGE(T, "InfoRequest", .status = NULL), REFERRAL_INFO_REQUESTED);
	assert_int_equal(present(f).left_days, 2);
	assert_int_equal(present(f).due_ms, MONDAY + 10 * DAY);
	f->now_ms = MONDAY + 8 * DAY; /* Tuesday of the next week */
	assert_moves(f, MESSAGE(S, "InfoReply", .status = NULL), REFERRAL_RECEIVED);
	assert_int_equal(present(f).due_ms, MONDAY + 10 * DAY);
	f->now_ms = MONDAY + 10 * DAY - 1;
	assert_moves(f, MESSAGE(T, "InfoRequest", .status = NULL), REFERRAL_INFO_REQUESTED);
	assert_int_equal(present(f).left_days, 1);
	assert_moves(f, RESPONSE(T, "RECEIVED", .worker = "w-1"), REFERRAL_RECEIVED);
	assert_int_equal(present(f).due_ms, MONDAY + 11 * DAY - 1);
	assert_moves(f, RESPONSE(T, "WAITLISTED"), REFERRAL_WAITLISTED);
	assert_int_equal(present(f).left_days, 0);
}

static void an_extension_is_a_named_time_and_no_lateness(void **state)
{
	struct fixture *f = *state;
	const int64_t until_ms = MONDAY + 20 * DAY;

	bring_to(f, REFERRAL_REQUESTED);
	assert_int_equal(ring(f, present(f).due_ms), CLOCK_OVERDUE);
	assert_stays(f, MESSAGE(S, "ReferralAmend", .status = "EXTEND", .respond_by_ms = until_ms));
	assert_int_equal(present(f).due_ms, until_ms);
	assert_false(present(f).overdue);
	assert_true(present(f).named);
	assert_int_equal(ring(f, present(f).alarm_ms), CLOCK_REMINDS);
	assert_int_equal(ring(f, until_ms), CLOCK_MOVES);
	assert_int_equal(present(f).state, REFERRAL_EXPIRED);
}

static void an_offer_rings_when_its_place_is_no_longer_held(void **state)
{
	struct fixture *f = *state;

	bring_to(f, REFERRAL_OFFERED);
	assert_int_equal(present(f).due_ms, MONDAY + DAY);
	assert_int_equal(ring(f, MONDAY + DAY), CLOCK_MOVES);
	assert_int_equal(f->change.rang, CLOCK_OFFER);
	assert_int_equal(f->change.late, REFERRAL_BY_SOURCE);
	assert_int_equal(present(f).state, REFERRAL_RECEIVED);
}

static void a_new_calendar_changes_what_counts_days(void **state)
{
	struct fixture *f = *state;
	struct referral referral;

	bring_to(f, REFERRAL_RECEIVED);
	referral = present(f);
	assert_false(clock_recount(NULL, &referral, MONDAY));
	assert_true(clock_recount(&book, &referral, MONDAY));
	assert_int_equal(referral.due_ms, MONDAY + 8 * DAY);
	assert_int_equal(referral.alarm_ms, MONDAY + 6 * DAY);
	/* Back again, late: what is due already rings at the next tick. */
	assert_true(clock_recount(NULL, &referral, MONDAY + 8 * DAY));
	assert_int_equal(referral.due_ms, MONDAY + 7 * DAY);
	assert_int_equal(referral.alarm_ms, MONDAY + 7 * DAY);
}

static void a_named_time_and_what_is_late_stay_when_a_calendar_changes(void **state)
{
	struct fixture *f = *state;
	struct referral referral;

	bring_to(f, REFERRAL_OFFERED);
	referral = present(f);
	assert_false(clock_recount(&book, &referral, MONDAY));
	bring_to(f, REFERRAL_NONE);
	assert_moves(f, RESPONSE(S, "ACCEPTED"), REFERRAL_ACCEPTED);
	assert_int_equal(ring(f, present(f).due_ms), CLOCK_OVERDUE);
	referral = present(f);
	assert_false(clock_recount(&book, &referral, f->now_ms));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_clock_reminds_and_then_is_late_and_stays_late),
		TEST(a_late_tick_leaves_the_reminder_out),
		TEST(the_days_are_those_of_whose_move_it_is),
		TEST(while_something_is_asked_for_the_days_to_decide_wait),
		TEST(an_extension_is_a_named_time_and_no_lateness),
		TEST(an_offer_rings_when_its_place_is_no_longer_held),
		TEST(a_new_calendar_changes_what_counts_days),
		TEST(a_named_time_and_what_is_late_stay_when_a_calendar_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
