#include "referral/calendar.h"

#include <string.h>

#include "base/clock.h"

#define DAY_MS        INT64_C(86400000)
#define MINUTE_MS     INT64_C(60000)
#define MONDAY_FRIDAY 0x3e
/* Nobody counts farther: a clock of 255 days is less than two years. */
#define BETWEEN_DAYS_MAX 4000

/* A time as the clocks on the wall show it. */
struct wall {
	int64_t day; /* since 1970-01-01 */
	int64_t into_day_ms;
};

/* ---- parsing ---- */

static int parse_weekdays(const Throughcare__V1__CalendarEntry *entry, struct calendar *ret,
			  struct tc_refusal *refusal)
{
	ret->weekdays = 0;
	for (size_t i = 0; i < entry->n_working_weekdays; i++) {
		uint32_t weekday = entry->working_weekdays[i];

		if (weekday < 1 || weekday > 7)
			return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID,
					 "working_weekdays[%zu]: not 1 (Monday) to 7 (Sunday)", i);
		ret->weekdays = (uint8_t)(ret->weekdays | 1u << weekday % 7);
	}
	if (ret->weekdays == 0)
		ret->weekdays = MONDAY_FRIDAY;
	return 0;
}

static int parse_offsets(const Throughcare__V1__CalendarEntry *entry, struct calendar *ret,
			 struct tc_refusal *refusal)
{
	if (entry->n_offsets > CALENDAR_OFFSETS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID, "offsets: more than %d",
				 CALENDAR_OFFSETS_MAX);
	for (size_t i = 0; i < entry->n_offsets; i++) {
		const Throughcare__V1__CalendarEntry__Offset *offset = entry->offsets[i];
		struct calendar_offset *to = &ret->offsets[i];

		if (offset->from == NULL || offset->minutes < -CALENDAR_OFFSET_MINUTES_MAX ||
		    offset->minutes > CALENDAR_OFFSET_MINUTES_MAX)
			return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID,
					 "offsets[%zu]: minutes from -%d to %d, from a time", i,
					 CALENDAR_OFFSET_MINUTES_MAX, CALENDAR_OFFSET_MINUTES_MAX);
		to->from_ms = offset->from->seconds * 1000 + offset->from->nanos / 1000000;
		to->minutes = offset->minutes;
		if (i > 0 && to->from_ms <= to[-1].from_ms)
			return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID,
					 "offsets[%zu].from: not after the one before", i);
	}
	ret->offset_count = (uint16_t)entry->n_offsets;
	return 0;
}

static int parse_holidays(const Throughcare__V1__CalendarEntry *entry, struct calendar *ret,
			  struct tc_refusal *refusal)
{
	if (entry->n_holidays > CALENDAR_HOLIDAYS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID, "holidays: more than %d",
				 CALENDAR_HOLIDAYS_MAX);
	for (size_t i = 0; i < entry->n_holidays; i++) {
		int64_t at_ms;

		if (!tc_time_parse(tc_slice_text(entry->holidays[i]->date), &at_ms) ||
		    at_ms % DAY_MS != 0)
			return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID,
					 "holidays[%zu].date: not a date", i);
		ret->holidays[i] = (int32_t)(at_ms / DAY_MS);
		if (i > 0 && ret->holidays[i] <= ret->holidays[i - 1])
			return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID,
					 "holidays[%zu].date: not after the one before", i);
	}
	ret->holiday_count = (uint16_t)entry->n_holidays;
	return 0;
}

int calendar_parse(const Throughcare__V1__CalendarEntry *entry, struct calendar *ret,
		   struct tc_refusal *refusal)
{
	uint32_t reminder =
		entry->has_reminder_days ? entry->reminder_days : CALENDAR_REMINDER_DAYS_DEFAULT;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (reminder > CALENDAR_REMINDER_DAYS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_CALENDAR_INVALID, "reminder_days: at most %d",
				 CALENDAR_REMINDER_DAYS_MAX);
	ret->version = entry->version;
	ret->reminder_days = (uint8_t)reminder;
	r = parse_weekdays(entry, ret, refusal);
	if (r == 0)
		r = parse_offsets(entry, ret, refusal);
	return r != 0 ? r : parse_holidays(entry, ret, refusal);
}

/* ---- local time ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

static struct wall wall_of(const struct calendar *calendar, int64_t ms)
{
	int64_t minutes = 0, day;
	unsigned at = 0;

	if (calendar != NULL && calendar->offset_count > 0) {
		while (at + 1 < calendar->offset_count && calendar->offsets[at + 1].from_ms <= ms)
			at++;
		minutes = calendar->offsets[at].minutes;
	}
	ms += minutes * MINUTE_MS;
	day = floor_div(ms, DAY_MS);
	return (struct wall){.day = day, .into_day_ms = ms - day * DAY_MS};
}

/* The first moment at which the clocks show this time or, when they leave it out, a later one. */
static int64_t wall_ms(const struct calendar *calendar, struct wall wall)
{
	int64_t local_ms = wall.day * DAY_MS + wall.into_day_ms;

	if (calendar == NULL)
		return local_ms;
	for (unsigned i = 0; i < calendar->offset_count; i++) {
		const struct calendar_offset *offset = &calendar->offsets[i];
		int64_t ms = local_ms - offset->minutes * MINUTE_MS;

		if (i + 1 == calendar->offset_count || ms < offset[1].from_ms)
			return i > 0 && ms < offset->from_ms ? offset->from_ms : ms;
	}
	return local_ms;
}

/* ---- working days ---- */

static bool is_holiday(const struct calendar *calendar, int64_t day)
{
	unsigned low = 0, high = calendar->holiday_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (calendar->holidays[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low < calendar->holiday_count && calendar->holidays[low] == day;
}

static bool is_working(const struct calendar *calendar, int64_t day)
{
	unsigned weekday = (unsigned)((day % 7 + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
	uint8_t weekdays = calendar != NULL ? calendar->weekdays : MONDAY_FRIDAY;

	return weekdays >> weekday & 1 && (calendar == NULL || !is_holiday(calendar, day));
}

static int64_t count_days(const struct calendar *calendar, int64_t from_ms, unsigned days,
			  int direction)
{
	struct wall wall = wall_of(calendar, from_ms);

	if (days == 0)
		return from_ms;
	while (days > 0) {
		wall.day += direction;
		if (is_working(calendar, wall.day))
			days--;
	}
	return wall_ms(calendar, wall);
}

int64_t calendar_after(const struct calendar *calendar, int64_t from_ms, unsigned days)
{
	return count_days(calendar, from_ms, days, 1);
}

int64_t calendar_before(const struct calendar *calendar, int64_t from_ms, unsigned days)
{
	return count_days(calendar, from_ms, days, -1);
}

unsigned calendar_between(const struct calendar *calendar, int64_t from_ms, int64_t to_ms)
{
	int64_t last = wall_of(calendar, to_ms).day;
	unsigned days = 0;

	for (int64_t day = wall_of(calendar, from_ms).day + 1;
	     day <= last && days < BETWEEN_DAYS_MAX; day++)
		if (is_working(calendar, day))
			days++;
	return days;
}

bool calendar_at_work(const struct calendar *calendar, int64_t ms, unsigned from_minute,
		      unsigned to_minute)
{
	struct wall wall = wall_of(calendar, ms);
	unsigned minute = (unsigned)(wall.into_day_ms / MINUTE_MS);

	if (from_minute <= to_minute)
		return minute >= from_minute && minute < to_minute &&
		       is_working(calendar, wall.day);
	if (minute < to_minute)
		return is_working(calendar, wall.day - 1);
	return minute >= from_minute && is_working(calendar, wall.day);
}

unsigned calendar_reminder_days(const struct calendar *calendar)
{
	return calendar != NULL ? calendar->reminder_days : CALENDAR_REMINDER_DAYS_DEFAULT;
}
