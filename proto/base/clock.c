#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define TIME_MS_MIN (-62135596800000LL) /* 0001-01-01T00:00:00Z */
#define TIME_MS_MAX 253402300799999LL   /* 9999-12-31T23:59:59.999Z */

const struct tc_clock tc_clock_real;

int64_t tc_clock_now_ms(const struct tc_clock *clock)
{
	struct timespec now;

	if (clock && clock->now_ms)
		return clock->now_ms(clock->context);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t tc_clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void tc_time_format(int64_t ms, char to[TC_TIME_TEXT_BYTES])
{
	struct tm utc;
	time_t seconds;
	int64_t rest;

	if (ms < TIME_MS_MIN)
		ms = TIME_MS_MIN;
	if (ms > TIME_MS_MAX)
		ms = TIME_MS_MAX;
	rest = ms % 1000;
	seconds = (time_t)(ms / 1000);
	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &utc);
	snprintf(to, TC_TIME_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 (unsigned)(utc.tm_year + 1900) % 10000, (unsigned)(utc.tm_mon + 1) % 100,
		 (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100,
		 (unsigned)utc.tm_min % 100, (unsigned)utc.tm_sec % 100, (unsigned)rest % 1000);
}

/* Reads exactly `width` digits. */
static bool digits(struct tc_slice *text, size_t width, int *ret)
{
	int value = 0;

	if (text->len < width)
		return false;
	for (size_t i = 0; i < width; i++) {
		if (text->data[i] < '0' || text->data[i] > '9')
			return false;
		value = value * 10 + (text->data[i] - '0');
	}
	text->data += width;
	text->len -= width;
	*ret = value;
	return true;
}

static bool literal(struct tc_slice *text, char c)
{
	if (text->len == 0 || text->data[0] != (uint8_t)c)
		return false;
	text->data++;
	text->len--;
	return true;
}

static bool fraction(struct tc_slice *text, int64_t *ret_ms)
{
	int64_t ms = 0;
	int count = 0;

	while (text->len > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
		if (count < 3)
			ms = ms * 10 + (text->data[0] - '0');
		count++;
		text->data++;
		text->len--;
	}
	for (int i = count; i < 3; i++)
		ms *= 10;
	*ret_ms = ms;
	return count >= 1 && count <= 9;
}

static bool offset(struct tc_slice *text, int64_t *ret_ms)
{
	int hours, minutes, sign;

	*ret_ms = 0;
	if (literal(text, 'Z') || literal(text, 'z'))
		return true;
	sign = literal(text, '+') ? 1 : literal(text, '-') ? -1 : 0;
	if (sign == 0 || !digits(text, 2, &hours) || !literal(text, ':') ||
	    !digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_ms = sign * ((int64_t)hours * 60 + minutes) * 60000;
	return true;
}

static bool date(struct tc_slice *text, struct tm *ret)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;
	bool leap;

	if (!digits(text, 4, &year) || !literal(text, '-') || !digits(text, 2, &month) ||
	    !literal(text, '-') || !digits(text, 2, &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1] + (month == 2 && leap))
		return false;
	*ret = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	return true;
}

bool tc_time_parse(struct tc_slice text, int64_t *ret_ms)
{
	int64_t fraction_ms = 0;
	int64_t offset_ms = 0;
	struct tm utc;

	if (!date(&text, &utc))
		return false;
	if (text.len > 0) {
		if (!literal(&text, 'T') && !literal(&text, 't') && !literal(&text, ' '))
			return false;
		if (!digits(&text, 2, &utc.tm_hour) || !literal(&text, ':') ||
		    !digits(&text, 2, &utc.tm_min) || !literal(&text, ':') ||
		    !digits(&text, 2, &utc.tm_sec))
			return false;
		if (utc.tm_hour > 23 || utc.tm_min > 59 || utc.tm_sec > 60)
			return false;
		if (literal(&text, '.') && !fraction(&text, &fraction_ms))
			return false;
		if (!offset(&text, &offset_ms) || text.len > 0)
			return false;
	}
	*ret_ms = (int64_t)timegm(&utc) * 1000 + fraction_ms - offset_ms;
	return true;
}
