#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"

struct event_row {
	int level;
	const char *name;
};

#define EVENT(name, level, text, meaning) {level, text},
static const struct event_row events[] = {
#include "base/events.def"
};
#undef EVENT

static atomic_int level_max = 6;

void log_set_level(int level)
{
	atomic_store(&level_max, level);
}

void log_event(enum tc_log_event event, const tc_agency *agency, const struct tc_id *message,
	       int64_t detail)
{
	char id[TC_ID_TEXT_BYTES] = "";
	char line[256];
	int len;

	TC_CHECK(event < EV_COUNT);
	if (events[event].level > atomic_load(&level_max))
		return;
	if (message)
		tc_id_format(*message, id);
	len = snprintf(line, sizeof(line), "<%d>%s%s%s%s%s detail=%" PRId64 "\n",
		       events[event].level, events[event].name, agency ? " agency=" : "",
		       agency ? agency->name : "", message ? " message=" : "", id, detail);
	/* One write, so that lines of several threads do not mix. A log that cannot be written
	 * must not stop the exchange: the trail is the record. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}
