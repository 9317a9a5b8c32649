/*
 * log - the diagnostic log: registered events with typed fields, ids only.
 *
 * One line a record on stderr, "<priority>event key=value ..." as systemd reads it.
 * There is no free text, so that a name or a reason cannot leak (P7). The trail is
 * elsewhere and never shares a line with this log. Lower layers do not log; edges
 * log once.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/id.h"

#define EVENT(name, level, text, meaning) EV_##name,
enum tc_log_event {
#include "base/events.def"
	EV_COUNT
};
#undef EVENT

/* Every argument may be absent: NULL agency, NULL message, detail 0. `detail` is a number whose
 * meaning the event declares (a fault code, a count, a position). Safe from any thread. */
void log_event(enum tc_log_event event, const tc_agency *agency, const struct tc_id *message,
	       int64_t detail);

/* Events less urgent than this syslog level (0..7) are dropped; 6 (info) at start. */
void log_set_level(int level);

#endif
