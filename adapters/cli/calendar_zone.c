#include "cli/calendar_zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S INT64_C(86400)

/* An unknown zone would silently be UTC. */
static bool zone_known(const char *zone)
{
	const char *folder = getenv("TZDIR");
	char path[512];
	int len;

	if (*zone == '\0' || *zone == '/' || *zone == ':' || strstr(zone, "..") != NULL)
		return false;
	if (folder == NULL)
		folder = "/usr/share/zoneinfo";
	len = snprintf(path, sizeof(path), "%s/%s", folder, zone);
	return len > 0 && (size_t)len < sizeof(path) && access(path, R_OK) == 0;
}

static int32_t minutes_at(int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm = {0};

	(void)localtime_r(&at, &tm);
	return (int32_t)(tm.tm_gmtoff / 60);
}

/* The second from which it is as at `high`; at `low` it is not. */
static int64_t change_between(int64_t low, int64_t high)
{
	int32_t minutes = minutes_at(high);

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (minutes_at(middle) == minutes)
			high = middle;
		else
			low = middle;
	}
	return high;
}

static int look(int64_t from_s, int64_t to_s, struct tc_calendar_change *ret, size_t *ret_count)
{
	size_t count = 0;

	ret[count++] = (struct tc_calendar_change){from_s * 1000, minutes_at(from_s)};
	for (int64_t at = from_s + DAY_S; at <= to_s; at += DAY_S) {
		if (minutes_at(at) == ret[count - 1].minutes)
			continue;
		if (count == TC_CALENDAR_CHANGES_MAX)
			return TC_CALENDAR_ZONE_RESTLESS;
		ret[count] = (struct tc_calendar_change){change_between(at - DAY_S, at) * 1000,
							 minutes_at(at)};
		count++;
	}
	*ret_count = count;
	return 0;
}

int tc_calendar_zone(const char *zone, int64_t from_ms, int64_t to_ms,
		     struct tc_calendar_change ret[TC_CALENDAR_CHANGES_MAX], size_t *ret_count)
{
	const char *before = getenv("TZ");
	char *kept = before != NULL ? strdup(before) : NULL;
	int r = TC_CALENDAR_ZONE_UNKNOWN;

	if (before != NULL && kept == NULL)
		return TC_ENOMEM;
	if (zone_known(zone) && setenv("TZ", zone, 1) == 0) {
		tzset();
		r = look(from_ms / 1000, to_ms / 1000, ret, ret_count);
		if (kept != NULL)
			(void)setenv("TZ", kept, 1);
		else
			(void)unsetenv("TZ");
		tzset();
	}
	free(kept);
	return r;
}
