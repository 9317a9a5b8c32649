#include "trail/tree_thread.h"

#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

struct tree_thread {
	struct tree_thread_options options;
	int64_t due_us; /* of the next round */
	bool unsigned_told;
	bool stopping;
};

/* Nothing may be said about the log any more: no clean-up, no exit handlers. */
static _Noreturn void end(int why)
{
	log_event(EV_TREE_FAILED, NULL, NULL, why);
	_exit(TREE_THREAD_EXIT);
}

/* An interval is from start to start: how old a checkpoint gets must not grow with what a round
 * takes while the disk is busy. */
static int wait_ms(const struct tree_thread *thread)
{
	int64_t left_us = thread->due_us - tc_clock_monotonic_us();

	return left_us > 0 ? (int)((left_us + 999) / 1000) : 0;
}

static void round_do(struct tree_thread *thread)
{
	int r;

	thread->due_us = tc_clock_monotonic_us() + (int64_t)thread->options.interval_ms * 1000;
	r = checkpointer_round(thread->options.checkpointer);

	if (r == CHECKPOINTER_UNSIGNED) {
		if (!thread->unsigned_told)
			log_event(EV_SEALER_FAILED, NULL, NULL, 0);
	} else if (r != 0) {
		end(r);
	}
	thread->unsigned_told = r == CHECKPOINTER_UNSIGNED;
}

static void obey(struct tree_thread *thread, const struct bus_message *message)
{
	if (message->kind == BUS_STOP)
		thread->stopping = true;
	else if (message->kind == BUS_RELOAD)
		checkpointer_renew(thread->options.checkpointer);
	else
		TC_CHECK(!"a message kind that never goes to the tree");
}

static void *run(void *context)
{
	struct tree_thread *thread = context;

	bus_socket_adopt(thread->options.inbox);
	while (!thread->stopping) {
		struct bus_message message;
		int r = bus_receive(thread->options.inbox, wait_ms(thread), &message);

		if (r < 0)
			end(r);
		if (r == 0)
			obey(thread, &message);
		round_do(thread);
	}
	return NULL;
}

int tree_thread_start(const struct tree_thread_options *options, struct thread **ret)
{
	const struct tree_thread thread = {.options = *options};

	return thread_start(run, &thread, sizeof(thread), ret);
}
