/* Working days by a place's own week, holidays and clocks. */
#include "referral/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define OFFSETS  4
#define HOLIDAYS 3

/* New York over the winter of 2026 to 2027: clocks go back on 1 November at 06:00 UTC and forward
 * on 14 March at 07:00 UTC. */
struct entry {
	Throughcare__V1__CalendarEntry entry;
	Throughcare__V1__CalendarEntry__Offset offsets[OFFSETS], *offset_list[OFFSETS];
	Google__Protobuf__Timestamp from[OFFSETS];
	Throughcare__V1__CalendarEntry__Holiday holidays[HOLIDAYS], *holiday_list[HOLIDAYS];
	char dates[HOLIDAYS][11];
};

static int64_t at(const char *text)
{
	int64_t ms;

	assert_true(tc_time_parse(tc_slice_text(text), &ms));
	return ms;
}

static void entry_init(struct entry *e)
{
	static const struct {
		const char *from;
		int minutes;
	} offsets[OFFSETS] = {
		{"2026-01-01T00:00:00Z", -300},
		{"2026-03-08T07:00:00Z", -240},
		{"2026-11-01T06:00:00Z", -300},
		{"2027-03-14T07:00:00Z", -240},
	};
	static const char *const dates[HOLIDAYS] = {"2026-11-26", "2026-12-25", "2027-01-01"};

	throughcare__v1__calendar_entry__init(&e->entry);
	e->entry.has_version = 1;
	e->entry.version = 3;
	for (size_t i = 0; i < OFFSETS; i++) {
		throughcare__v1__calendar_entry__offset__init(&e->offsets[i]);
		google__protobuf__timestamp__init(&e->from[i]);
		e->from[i].seconds = at(offsets[i].from) / 1000;
		e->offsets[i].from = &e->from[i];
		e->offsets[i].has_minutes = 1;
		e->offsets[i].minutes = offsets[i].minutes;
		e->offset_list[i] = &e->offsets[i];
	}
	for (size_t i = 0; i < HOLIDAYS; i++) {
		throughcare__v1__calendar_entry__holiday__init(&e->holidays[i]);
		memcpy(e->dates[i], dates[i], sizeof(e->dates[i]));
		e->holidays[i].date = e->dates[i];
		e->holiday_list[i] = &e->holidays[i];
	}
	e->entry.offsets = e->offset_list;
	e->entry.n_offsets = OFFSETS;
	e->entry.holidays = e->holiday_list;
	e->entry.n_holidays = HOLIDAYS;
}

static void new_york(struct calendar *ret)
{
	struct tc_refusal refusal;
	struct entry e;

	entry_init(&e);
	assert_int_equal(calendar_parse(&e.entry, ret, &refusal), 0);
}

static void assert_after(const struct calendar *calendar, const char *from, unsigned days,
			 const char *to)
{
	char text[TC_TIME_TEXT_BYTES];

	tc_time_format(calendar_after(calendar, at(from), days), text);
	assert_string_equal(text, to);
}

static void without_a_calendar_monday_to_friday_count_in_utc(void **state)
{
	(void)state;
	assert_after(NULL, "2026-11-30T09:00:00Z", 0, "2026-11-30T09:00:00.000Z");
	assert_after(NULL, "2026-11-30T09:00:00Z", 2, "2026-12-02T09:00:00.000Z");
	assert_after(NULL, "2026-12-04T17:30:00Z", 1, "2026-12-07T17:30:00.000Z");
	assert_after(NULL, "2026-12-05T00:00:00Z", 1, "2026-12-07T00:00:00.000Z");
	assert_after(NULL, "2026-11-30T09:00:00Z", 30, "2027-01-11T09:00:00.000Z");
	assert_after(NULL, "1969-12-31T12:00:00Z", 1, "1970-01-01T12:00:00.000Z");
	assert_int_equal(calendar_reminder_days(NULL), 1);
}

static void holidays_do_not_count(void **state)
{
	struct calendar calendar;

	(void)state;
	new_york(&calendar);
	/* Wednesday before Thanksgiving: Friday is the first working day. */
	assert_after(&calendar, "2026-11-25T15:00:00Z", 1, "2026-11-27T15:00:00.000Z");
	assert_after(&calendar, "2026-11-25T15:00:00Z", 2, "2026-11-30T15:00:00.000Z");
	assert_after(&calendar, "2026-12-24T15:00:00Z", 5, "2027-01-04T15:00:00.000Z");
}

static void the_day_is_the_local_one(void **state)
{
	struct calendar calendar;

	(void)state;
	new_york(&calendar);
	/* Friday 22:00 in New York is Saturday 03:00 UTC, and one day on is Monday 22:00. */
	assert_after(&calendar, "2026-12-05T03:00:00Z", 1, "2026-12-08T03:00:00.000Z");
}

static void what_is_due_at_nine_is_due_at_nine_when_the_clocks_have_changed(void **state)
{
	struct calendar calendar;

	(void)state;
	new_york(&calendar);
	/* Friday 09:00 EDT, Monday 09:00 EST. */
	assert_after(&calendar, "2026-10-30T13:00:00Z", 1, "2026-11-02T14:00:00.000Z");
	assert_after(&calendar, "2027-03-12T14:00:00Z", 1, "2027-03-15T13:00:00.000Z");
	assert_int_equal(calendar_before(&calendar, at("2026-11-02T14:00:00Z"), 1),
			 at("2026-10-30T13:00:00Z"));
}

static void a_time_that_the_clocks_leave_out_is_the_first_one_after(void **state)
{
	struct calendar calendar;
	struct tc_refusal refusal;
	uint32_t every_day[] = {1, 2, 3, 4, 5, 6, 7};
	struct entry e;

	(void)state;
	entry_init(&e);
	e.entry.working_weekdays = every_day;
	e.entry.n_working_weekdays = 7;
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), 0);
	/* Saturday 02:30 EST; on Sunday 02:30 is left out: 03:00 EDT. */
	assert_after(&calendar, "2027-03-13T07:30:00Z", 1, "2027-03-14T07:00:00.000Z");
	/* Saturday 01:30 EDT; on Sunday it comes twice: the first one, still EDT. */
	assert_after(&calendar, "2026-10-31T05:30:00Z", 1, "2026-11-01T05:30:00.000Z");
}

static void days_between_are_those_that_after_counts(void **state)
{
	struct calendar calendar;

	(void)state;
	new_york(&calendar);
	for (int64_t from = at("2026-10-20T02:00:00Z"); from < at("2026-12-30T00:00:00Z");
	     from += 5 * 3600000) {
		for (unsigned days = 1; days < 12; days++) {
			int64_t to = calendar_after(&calendar, from, days);

			assert_int_equal(calendar_between(&calendar, from, to), days);
			assert_true(to > from);
		}
	}
	assert_int_equal(
		calendar_between(&calendar, at("2026-12-02T00:00:00Z"), at("2026-12-01T00:00:00Z")),
		0);
}

static void the_week_is_the_places_own(void **state)
{
	struct calendar calendar;
	struct tc_refusal refusal;
	uint32_t sunday_to_thursday[] = {7, 1, 2, 3, 4};
	struct entry e;

	(void)state;
	entry_init(&e);
	e.entry.working_weekdays = sunday_to_thursday;
	e.entry.n_working_weekdays = 5;
	e.entry.has_reminder_days = 1;
	e.entry.reminder_days = 2;
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), 0);
	assert_after(&calendar, "2026-12-03T15:00:00Z", 1, "2026-12-06T15:00:00.000Z");
	assert_int_equal(calendar_reminder_days(&calendar), 2);
}

static bool at_work(const struct calendar *calendar, const char *when, unsigned from, unsigned to)
{
	return calendar_at_work(calendar, at(when), from * 60, to * 60);
}

static void work_is_on_working_days_by_the_places_clocks(void **state)
{
	struct calendar calendar;

	(void)state;
	new_york(&calendar);
	assert_true(at_work(NULL, "2026-11-27T09:00:00Z", 9, 17));
	assert_false(at_work(NULL, "2026-11-27T08:59:59Z", 9, 17));
	assert_false(at_work(NULL, "2026-11-27T17:00:00Z", 9, 17));
	assert_false(at_work(NULL, "2026-11-28T09:00:00Z", 9, 17));
	assert_false(at_work(NULL, "2026-11-27T00:00:00Z", 0, 0));
	/* Nine o'clock there is 13:00 UTC in summer and 14:00 in winter. */
	assert_true(at_work(&calendar, "2026-10-30T13:00:00Z", 9, 17));
	assert_false(at_work(&calendar, "2026-11-02T13:59:00Z", 9, 17));
	assert_true(at_work(&calendar, "2026-11-02T14:00:00Z", 9, 17));
	assert_false(at_work(&calendar, "2026-11-26T15:00:00Z", 9, 17));
}

static void a_night_at_work_is_of_the_day_before(void **state)
{
	struct calendar calendar;

	(void)state;
	new_york(&calendar);
	assert_true(at_work(NULL, "2026-11-27T23:00:00Z", 22, 6));
	assert_false(at_work(NULL, "2026-11-27T12:00:00Z", 22, 6));
	assert_true(at_work(NULL, "2026-11-28T05:59:00Z", 22, 6));  /* Friday's night */
	assert_false(at_work(NULL, "2026-11-28T23:00:00Z", 22, 6)); /* Saturday's */
	assert_false(at_work(NULL, "2026-11-30T05:00:00Z", 22, 6)); /* Sunday's */
	assert_true(at_work(&calendar, "2026-11-26T04:00:00Z", 22, 6));
	assert_false(at_work(&calendar, "2026-11-27T10:00:00Z", 22, 6)); /* a holiday's */
}

static void what_cannot_be_counted_by_is_refused(void **state)
{
	struct calendar calendar;
	struct tc_refusal refusal;
	uint32_t eighth = 8;
	struct entry e;

	(void)state;
	entry_init(&e);
	e.entry.working_weekdays = &eighth;
	e.entry.n_working_weekdays = 1;
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), CALENDAR_REFUSED);
	assert_int_equal(refusal.code, TC_REFUSAL_CALENDAR_INVALID);

	entry_init(&e);
	e.offsets[1].minutes = 841;
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), CALENDAR_REFUSED);

	entry_init(&e);
	e.from[2].seconds = e.from[1].seconds;
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), CALENDAR_REFUSED);
	assert_string_equal(refusal.detail, "offsets[2].from: not after the one before");

	entry_init(&e);
	memcpy(e.dates[1], "2026-11-26", sizeof(e.dates[1]));
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), CALENDAR_REFUSED);
	assert_string_equal(refusal.detail, "holidays[1].date: not after the one before");

	entry_init(&e);
	memcpy(e.dates[1], "2026-13-26", sizeof(e.dates[1]));
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), CALENDAR_REFUSED);

	entry_init(&e);
	e.entry.has_reminder_days = 1;
	e.entry.reminder_days = 31;
	assert_int_equal(calendar_parse(&e.entry, &calendar, &refusal), CALENDAR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_calendar_monday_to_friday_count_in_utc),
		cmocka_unit_test(holidays_do_not_count),
		cmocka_unit_test(the_day_is_the_local_one),
		cmocka_unit_test(what_is_due_at_nine_is_due_at_nine_when_the_clocks_have_changed),
		cmocka_unit_test(a_time_that_the_clocks_leave_out_is_the_first_one_after),
		cmocka_unit_test(days_between_are_those_that_after_counts),
		cmocka_unit_test(the_week_is_the_places_own),
		cmocka_unit_test(work_is_on_working_days_by_the_places_clocks),
		cmocka_unit_test(a_night_at_work_is_of_the_day_before),
		cmocka_unit_test(what_cannot_be_counted_by_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
