/*
 * progress - how far a long command is, on one line of the terminal that is written over.
 *
 * Only where stderr is a terminal and without --json; at most ten times a second.
 *
 * Owner:  the main thread.
 * Blocks: on the terminal.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

#include "cli/screen.h"

struct tc_progress {
	FILE *to; /* NULL: nothing is shown */
	const char *verb;
	const char *noun;
	int64_t started_us;
	int64_t shown_us;
};

void tc_progress_init(struct tc_progress *progress, const struct tc_screen *screen,
		      const char *verb, const char *noun);
/* `context` is the progress. */
void tc_progress_show(void *context, uint64_t done, uint64_t of);
/* Clears the line. */
void tc_progress_done(struct tc_progress *progress);

#endif
