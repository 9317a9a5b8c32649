/*
 * calendar - the working days of one jurisdiction, by which clocks run.
 *
 * A clock counts working days and keeps the local time of day: what is due "in two days"
 * from Friday nine o'clock is due on Tuesday at nine, also when the place has moved its
 * clocks in between. Offsets from UTC stand in the calendar, so that the log alone says
 * when something is due (P10).
 *
 * Without a calendar (NULL): Monday to Friday, UTC.
 *
 * Owner: whoever parsed it; constant from then on. Blocks: never.
 */
#ifndef REFERRAL_CALENDAR_H
#define REFERRAL_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "throughcare/v1/registry.pb-c.h"
#include "wire/refusal.h"

#define CALENDAR_OFFSETS_MAX           128 /* two changes a year for half a century; as registry.proto */
#define CALENDAR_HOLIDAYS_MAX          512
#define CALENDAR_REMINDER_DAYS_DEFAULT 1
#define CALENDAR_REMINDER_DAYS_MAX     30
#define CALENDAR_OFFSET_MINUTES_MAX    840 /* UTC+14 is the farthest that there is */

enum calendar_outcome {
	CALENDAR_REFUSED = 1, /* see *refusal */
};

/* From `from_ms` on, local time is UTC plus `minutes`. */
struct calendar_offset {
	int64_t from_ms;
	int32_t minutes;
};

struct calendar {
	uint32_t version;
	uint8_t weekdays; /* bits: 1 << 0 Sunday ... 1 << 6 Saturday */
	uint8_t reminder_days;
	uint16_t offset_count, holiday_count;
	struct calendar_offset offsets[CALENDAR_OFFSETS_MAX]; /* ascending */
	int32_t holidays[CALENDAR_HOLIDAYS_MAX];              /* days since 1970-01-01, ascending */
};

/* 0, or CALENDAR_REFUSED with CALENDAR_INVALID. */
int calendar_parse(const Throughcare__V1__CalendarEntry *entry, struct calendar *ret,
		   struct tc_refusal *refusal) TC_MUST_CHECK;

/* The same local time of day on the `days`-th working day after (before). A local time that the
 * clocks leave out is the first one after it; one that comes twice is the first of the two. */
int64_t calendar_after(const struct calendar *calendar, int64_t from_ms, unsigned days);
int64_t calendar_before(const struct calendar *calendar, int64_t from_ms, unsigned days);
/* How many working days lie after the day of `from_ms`, up to that of `to_ms`. */
unsigned calendar_between(const struct calendar *calendar, int64_t from_ms, int64_t to_ms);
/* Is anybody at work at this time, on a working day between these minutes of the day? When they end
 * before they begin, work goes on over midnight, and what comes after belongs to the day before. */
bool calendar_at_work(const struct calendar *calendar, int64_t ms, unsigned from_minute,
		      unsigned to_minute);
/* How many working days before a clock runs out it reminds. */
unsigned calendar_reminder_days(const struct calendar *calendar);

#endif
