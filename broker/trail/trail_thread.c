#include "trail/trail_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#define SOURCE_TRAIL 1

struct trail_thread {
	struct bus *bus;
	struct trail_index *index;
	struct trail_thread_options options;
	struct bus_socket *inbox;
	struct bus_socket *ledger;
	struct bus_socket *queries[TRAIL_QUERIES_MAX];
	pthread_t thread;
	int64_t due_us; /* of the next commit; 0: nothing waits */
	bool stopping;
	int fault;
};

int trail_thread_new(struct bus *bus, struct trail_index *index, struct trail_thread **ret)
{
	struct trail_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (thread == NULL)
		return TC_ENOMEM;
	thread->bus = bus;
	thread->index = index;
	r = bus_bind_pull(bus, "trail", TRAIL_QUEUE_MAX, &thread->inbox);
	if (r != 0) {
		trail_thread_free(&thread);
		return TC_EBUS;
	}
	*ret = thread;
	return 0;
}

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

/* Also with nothing to commit: whoever asked waits for an answer. */
static int commit(struct trail_thread *thread)
{
	uint64_t committed;
	int r;

	thread->due_us = 0;
	r = trail_index_commit(thread->index);
	committed = trail_index_committed(thread->index);
	if (r == 0)
		r = tell(thread->ledger, committed);
	for (uint16_t i = 0; r == 0 && i < thread->options.query_threads; i++)
		r = tell(thread->queries[i], committed);
	return r;
}

static int take(struct trail_thread *thread, struct effects *facts)
{
	int r = trail_index_take(thread->index, facts, facts->facts_next);

	effects_free(&facts);
	if (r < 0)
		return r;
	if (trail_index_pending(thread->index) >= TRAIL_COMMIT_FACTS)
		return commit(thread);
	if (thread->due_us == 0)
		thread->due_us = tc_clock_monotonic_us() + TRAIL_COMMIT_MS * 1000;
	return 0;
}

static int obey(struct trail_thread *thread, const struct bus_message *message)
{
	switch (message->kind) {
	case BUS_FACTS:
		return take(thread, message->payload);
	case BUS_COMMIT_WANTED:
		return commit(thread);
	case BUS_STOP:
		thread->stopping = true;
		return 0;
	case BUS_DRAIN:
	case BUS_RELOAD:
		return 0;
	case BUS_RECORDS:
	case BUS_EFFECTS:
	case BUS_COMMITTED:
	case BUS_QUERY:
	case BUS_ANSWER:
		break;
	}
	TC_CHECK(!"a message kind that never goes to the trail");
	return TC_EBUS;
}

/* Milliseconds until the next commit is due, rounded up; -1 when none is. */
static int wait_ms(const struct trail_thread *thread)
{
	int64_t left_us;

	if (thread->stopping)
		return 0;
	if (thread->due_us == 0)
		return -1;
	left_us = thread->due_us - tc_clock_monotonic_us();
	return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

static int loop(struct trail_thread *thread)
{
	for (;;) {
		struct bus_message message;
		int r = bus_receive(thread->inbox, wait_ms(thread), &message);

		if (r == BUS_EMPTY && thread->stopping)
			return commit(thread);
		if (r == 0)
			r = obey(thread, &message);
		if (r < 0)
			return r;
		if (thread->due_us != 0 && tc_clock_monotonic_us() >= thread->due_us)
			r = commit(thread);
		if (r < 0)
			return r;
	}
}

static void *run(void *context)
{
	struct trail_thread *thread = context;

	bus_socket_adopt(thread->inbox);
	bus_socket_adopt(thread->ledger);
	for (uint16_t i = 0; i < thread->options.query_threads; i++)
		bus_socket_adopt(thread->queries[i]);
	thread->fault = loop(thread);
	if (thread->fault < 0) {
		log_event(EV_TRAIL_FAILED, NULL, NULL, thread->fault);
		if (thread->options.failed)
			thread->options.failed(thread->options.context, thread->fault);
	}
	return NULL;
}

static int connect_queries(struct trail_thread *thread)
{
	for (uint16_t i = 0; i < thread->options.query_threads; i++) {
		char name[16];
		int r;

		(void)snprintf(name, sizeof(name), "query.%u", (unsigned)i);
		r = bus_connect_push(thread->bus, name, TRAIL_QUEUE_MAX, &thread->queries[i]);
		if (r != 0)
			return r;
	}
	return 0;
}

int trail_thread_start(struct trail_thread *thread, const struct trail_thread_options *options)
{
	int r;

	if (options->query_threads > TRAIL_QUERIES_MAX)
		return TC_EINVAL;
	thread->options = *options;
	r = bus_connect_push(thread->bus, "ledger", TRAIL_QUEUE_MAX, &thread->ledger);
	if (r == 0)
		r = connect_queries(thread);
	if (r == 0 && pthread_create(&thread->thread, NULL, run, thread) != 0)
		r = TC_ENOMEM;
	return r > 0 ? TC_EBUS : r;
}

int trail_thread_join(struct trail_thread *thread)
{
	TC_CHECK(pthread_join(thread->thread, NULL) == 0);
	return thread->fault;
}

void trail_thread_free(struct trail_thread **thread)
{
	if (*thread == NULL)
		return;
	bus_socket_close(&(*thread)->inbox);
	bus_socket_close(&(*thread)->ledger);
	for (size_t i = 0; i < TRAIL_QUERIES_MAX; i++)
		bus_socket_close(&(*thread)->queries[i]);
	free(*thread);
	*thread = NULL;
}
