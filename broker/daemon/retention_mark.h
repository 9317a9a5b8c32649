/*
 * retention_mark - how far into the log each retention rule has nothing left to do.
 *
 * The file data_dir/retention: a line for the log and policy that it is about, and a line for each
 * rule. It may be deleted, or be an old one: then the rules look again at what they have seen.
 *
 * Owner:  the main thread. Blocks: on the disk.
 */
#ifndef DAEMON_RETENTION_MARK_H
#define DAEMON_RETENTION_MARK_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "daemon/config.h"

#define RETENTION_FILE      "retention" /* in data_dir */
#define RETENTION_MARKS_MAX 32

struct retention_marks {
	struct tc_id log_id;
	uint8_t policy_sha256[32];
	uint64_t before[RETENTION_MARKS_MAX]; /* of the i-th rule: nothing to do before this */
};

/* Of this log and this policy; all zero when there are none. */
void retention_marks_load(const struct config *config, struct tc_id log_id,
			  const uint8_t policy_sha256[32], struct retention_marks *ret);
/* 0 or TC_EIO: then the next look is a longer one. */
int retention_marks_save(const struct config *config,
			 const struct retention_marks *marks) TC_MUST_CHECK;

#endif
