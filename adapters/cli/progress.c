#include "cli/progress.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"

#define SHOW_EVERY_US 100000

void tc_progress_init(struct tc_progress *progress, const struct tc_screen *screen,
		      const char *verb, const char *noun)
{
	bool shown = !screen->json && isatty(fileno(screen->err)) == 1;

	*progress = (struct tc_progress){.to = shown ? screen->err : NULL,
					 .verb = verb,
					 .noun = noun,
					 .started_us = tc_clock_monotonic_us()};
}

void tc_progress_show(void *context, uint64_t done, uint64_t of)
{
	struct tc_progress *progress = context;
	int64_t now_us = tc_clock_monotonic_us();
	int64_t spent_us = now_us - progress->started_us;

	if (!progress->to || now_us - progress->shown_us < SHOW_EVERY_US || spent_us <= 0)
		return;
	progress->shown_us = now_us;
	fprintf(progress->to, "\r\033[K%s %" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " a second",
		progress->verb, done, of, progress->noun, done * 1000000 / (uint64_t)spent_us);
	fflush(progress->to);
}

void tc_progress_done(struct tc_progress *progress)
{
	if (progress->to && progress->shown_us > 0)
		fputs("\r\033[K", progress->to);
}
