/*
 * calendar_zone - when a place changes its clocks, from the time zone files of this machine:
 * for a calendar that names its time zone and lists no changes itself.
 *
 * Owner:  the caller; sets TZ of the whole process while it looks. Blocks: on those files.
 */
#ifndef CLI_CALENDAR_ZONE_H
#define CLI_CALENDAR_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TC_CALENDAR_CHANGES_MAX 128 /* as CalendarEntry.offsets */

enum tc_calendar_zone_outcome {
	TC_CALENDAR_ZONE_UNKNOWN = 1, /* this machine has no such zone */
	TC_CALENDAR_ZONE_RESTLESS,    /* it changes more often than there is room for */
};

/* From then on local time is UTC plus so many minutes. */
struct tc_calendar_change {
	int64_t from_ms;
	int32_t minutes;
};

/* The changes from `from_ms` to `to_ms`, ascending; the first one says how it is at `from_ms`.
 * `zone` as in the tz database: "America/New_York". */
int tc_calendar_zone(const char *zone, int64_t from_ms, int64_t to_ms,
		     struct tc_calendar_change ret[TC_CALENDAR_CHANGES_MAX],
		     size_t *ret_count) TC_MUST_CHECK;

#endif
