/*
 * clock - Unix milliseconds, real or virtual, and RFC 3339 text.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define TC_TIME_TEXT_BYTES 25 /* "2026-11-21T10:20:30.123Z" with the final NUL */

struct tc_clock {
	/* NULL: the real clocks. */
	int64_t (*now_ms)(void *context);
	void *context;
};

extern const struct tc_clock tc_clock_real;

/* Unix time. Steps with the machine's clock. */
int64_t tc_clock_now_ms(const struct tc_clock *clock);
/* For deadlines and measuring: never steps, no relation to the calendar. */
int64_t tc_clock_monotonic_us(void);

/* UTC with milliseconds. Times outside the years 0001 to 9999 are clamped. */
void tc_time_format(int64_t ms, char to[TC_TIME_TEXT_BYTES]);
/* RFC 3339 with any offset and up to nine fractional digits (cut to milliseconds), or a date
 * alone (midnight UTC). False otherwise. */
bool tc_time_parse(struct tc_slice text, int64_t *ret_ms);

#endif
