#include "simulation/county.h"

#include <time.h>

#include "base/clock.h"

/* Each county's clocks: UTC plus so many minutes in winter, an hour more in summer. */
static const struct county {
	const char *name;
	int winter_minutes;
	const char *holidays[3]; /* month and day, every year */
} counties[] = {
	{"west", -480, {"01-01", "07-04", "12-25"}},
	{"east", -300, {"01-01", "05-30", "12-25"}},
};

const char *county_name(unsigned index)
{
	return counties[index].name;
}

static int64_t ms_of(int year, int month, int day, int hour)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour};

	return (int64_t)timegm(&tm) * 1000;
}

/* The n-th Sunday of a month, at two o'clock local time. */
static int64_t sunday_ms(int year, int month, int nth, int minutes)
{
	time_t first = (time_t)(ms_of(year, month, 1, 0) / 1000);
	struct tm tm;

	gmtime_r(&first, &tm);
	return ms_of(year, month, 1 + (7 - tm.tm_wday) % 7 + 7 * (nth - 1), 2) -
	       minutes * INT64_C(60000);
}

static int minutes_at(const struct county *county, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	int year;

	gmtime_r(&seconds, &tm);
	year = tm.tm_year + 1900;
	if (ms >= sunday_ms(year, 3, 2, county->winter_minutes) &&
	    ms < sunday_ms(year, 11, 1, county->winter_minutes + 60))
		return county->winter_minutes + 60;
	return county->winter_minutes;
}

void county_calendar(struct exchange *x, unsigned index, unsigned version)
{
	const struct county *county = &counties[index];
	char text[8192];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text),
			       "{\"jurisdiction\":\"%s\",\"version\":%u,\"offsets\":["
			       "{\"from\":\"2026-01-01T00:00:00Z\",\"minutes\":%d}",
			       county->name, version, county->winter_minutes);
	for (int year = 2026; year < 2032; year++) {
		for (int summer = 1; summer >= 0; summer--) {
			int before = county->winter_minutes + (summer ? 0 : 60);
			char at[TC_TIME_TEXT_BYTES];

			tc_time_format(sunday_ms(year, summer ? 3 : 11, summer ? 2 : 1, before),
				       at);
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						",{\"from\":\"%s\",\"minutes\":%d}", at,
						county->winter_minutes + (summer ? 60 : 0));
		}
	}
	len += (size_t)snprintf(text + len, sizeof(text) - len, "],\"holidays\":[");
	for (int year = 2026; year < 2032; year++)
		for (unsigned i = 0; i < (version > 3 ? 3 : version); i++)
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "%s{\"date\":\"%d-%s\"}",
				year == 2026 && i == 0 ? "" : ",", year, county->holidays[i]);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "]}");
	MUST(len < sizeof(text));
	exchange_say(x, "operator", "clerk-1", "CalendarEntry", (struct tc_id){{0}}, text);
	exchange_settle_down(x);
}

int64_t county_local_ms(unsigned index, int64_t ms)
{
	return ms + minutes_at(&counties[index], ms) * INT64_C(60000);
}
