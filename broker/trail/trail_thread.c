#include "trail/trail_thread.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "trail/anchor_record.h"

#define SOURCE_TRAIL 1

struct trail_thread {
	struct trail_thread_options options;
	int64_t due_us;    /* of the next commit; 0: nothing waits */
	int64_t anchor_us; /* when to look whether an anchor is wanted; 0: when facts have come */
	uint64_t anchors;  /* taken when the last was sent */
	bool anchoring;    /* it has not come back */
	bool stopping;
};

/*
 * A full queue is no harm: the receiver is told again after the next commit. Waiting
 * here while the ledger waits for room in our queue would stop both.
 */
static int tell(struct bus_socket *socket, uint64_t next)
{
	struct bus_position *position = calloc(1, sizeof(*position));
	int r;

	if (position == NULL)
		return TC_ENOMEM;
	position->source = SOURCE_TRAIL;
	position->next = next;
	r = bus_send(socket, BUS_COMMITTED, position, 0);
	if (r != 0)
		free(position);
	return r < 0 ? r : 0;
}

static int commit(struct trail_thread *thread)
{
	const struct trail_thread_options *options = &thread->options;
	int r;

	thread->due_us = 0;
	r = trail_index_commit(options->index);
	for (size_t i = 0; r == 0 && i < options->query_count; i++)
		r = tell(options->queries[i], trail_index_committed(options->index));
	return r;
}

/* Also with nothing to commit: the ledger waits for the answer. */
static int commit_wanted(struct trail_thread *thread)
{
	int r = commit(thread);

	return r < 0 ? r
		     : tell(thread->options.ledger, trail_index_committed(thread->options.index));
}

/* ---- anchors ---- */

static int64_t next_anchor_us(const struct trail_thread *thread)
{
	return tc_clock_monotonic_us() + (int64_t)thread->options.anchor_ms * 1000;
}

static void expect_anchor(struct trail_thread *thread)
{
	if (thread->options.journal == NULL)
		return;
	if (thread->anchoring && trail_index_anchors(thread->options.index) > thread->anchors) {
		thread->anchoring = false;
		thread->anchor_us = 0;
	}
	if (!thread->anchoring && thread->anchor_us == 0)
		thread->anchor_us = next_anchor_us(thread);
}

static int send_anchor(struct trail_thread *thread)
{
	struct record_batch *batch = calloc(1, sizeof(*batch));
	int r = batch ? anchor_record_make(thread->options.index, batch) : TC_ENOMEM;

	thread->anchor_us = 0;
	if (r == 0)
		r = bus_send(thread->options.journal, BUS_RECORDS, batch, 0);
	else if (r == TRAIL_TOLD)
		goto out;
	if (r == 0) {
		batch = NULL;
		thread->anchoring = true;
		thread->anchors = trail_index_anchors(thread->options.index);
	} else if (r == BUS_EMPTY) {
		thread->anchor_us = next_anchor_us(thread);
	}
out:
	if (batch)
		record_batch_free(batch);
	free(batch);
	return r < 0 ? r : 0;
}

/* ---- messages ---- */

static int take(struct trail_thread *thread, struct effects *facts)
{
	int r = trail_index_take(thread->options.index, facts, facts->facts_next);

	effects_free(&facts);
	if (r < 0)
		return r;
	expect_anchor(thread);
	if (trail_index_pending(thread->options.index) >= TRAIL_THREAD_FACTS)
		return commit(thread);
	if (thread->due_us == 0)
		thread->due_us = tc_clock_monotonic_us() + (int64_t)thread->options.wait_ms * 1000;
	return 0;
}

static int obey(struct trail_thread *thread, const struct bus_message *message)
{
	switch (message->kind) {
	case BUS_FACTS:
		return take(thread, message->payload);
	case BUS_COMMIT_WANTED:
		return commit_wanted(thread);
	case BUS_STOP:
		thread->stopping = true;
		return 0;
	case BUS_DRAIN:
	case BUS_RELOAD:
		return 0;
	case BUS_RECORDS:
	case BUS_DURABLE:
	case BUS_EFFECTS:
	case BUS_COMMITTED:
	case BUS_QUERY:
	case BUS_SOON:
	case BUS_ANSWER:
		break;
	}
	TC_CHECK(!"a message kind that never goes to the trail");
	return TC_EBUS;
}

/* Milliseconds until something is due, rounded up; -1 when nothing is. */
static int wait_ms(const struct trail_thread *thread)
{
	int64_t left_us, due_us = thread->due_us;

	if (thread->stopping)
		return 0;
	if (thread->anchor_us != 0 && (due_us == 0 || thread->anchor_us < due_us))
		due_us = thread->anchor_us;
	if (due_us == 0)
		return -1;
	left_us = due_us - tc_clock_monotonic_us();
	return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

static int loop(struct trail_thread *thread)
{
	for (;;) {
		struct bus_message message;
		int r = bus_receive(thread->options.inbox, wait_ms(thread), &message);

		if (r == BUS_EMPTY && thread->stopping)
			return commit(thread);
		r = r == BUS_EMPTY ? 0 : r < 0 ? r : obey(thread, &message);
		if (r == 0 && thread->due_us != 0 && tc_clock_monotonic_us() >= thread->due_us)
			r = commit(thread);
		if (r == 0 && thread->anchor_us != 0 && !thread->stopping &&
		    tc_clock_monotonic_us() >= thread->anchor_us)
			r = send_anchor(thread);
		if (r < 0)
			return r;
	}
}

static void *run(void *context)
{
	struct trail_thread *thread = context;
	int r;

	bus_socket_adopt(thread->options.inbox);
	bus_socket_adopt(thread->options.ledger);
	for (size_t i = 0; i < thread->options.query_count; i++)
		bus_socket_adopt(thread->options.queries[i]);
	if (thread->options.journal != NULL)
		bus_socket_adopt(thread->options.journal);
	/* What an earlier life left to be told. */
	expect_anchor(thread);
	r = loop(thread);
	if (r < 0) {
		/* Nobody may be told anything any more: no clean-up, no exit handlers. */
		log_event(EV_TRAIL_FAILED, NULL, NULL, r);
		_exit(TRAIL_THREAD_EXIT);
	}
	return NULL;
}

int trail_thread_start(const struct trail_thread_options *options, struct thread **ret)
{
	struct trail_thread thread = {.options = *options};

	if (thread.options.wait_ms == 0)
		thread.options.wait_ms = TRAIL_THREAD_WAIT_MS;
	return thread_start(run, &thread, sizeof(thread), ret);
}
