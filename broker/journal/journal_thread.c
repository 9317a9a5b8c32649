#include "journal/journal_thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "journal/journal_refusal.h"

#define MEASURE_US 1000000
#define RETELL_MS  1 /* of a position that a gateway's queue had no room for */

struct journal_thread {
	struct journal_thread_options options;
	pthread_t thread;
	struct record_batch *pending; /* owned; NULL: nothing is pending */
	int64_t due_us;               /* when the oldest pending rider has waited enough */
	int64_t awake_until_us;       /* for what was announced; 0: nothing was */
	bool driven;                  /* something pending may not wait */
	bool stopping;
	uint64_t durable; /* every record before this is stored */
	uint64_t *told;   /* to each gateway */
	bool untold;      /* some gateway's queue was full */
	int64_t measured_us;
};

/* Nobody may be told anything any more: no clean-up, no exit handlers. */
static _Noreturn void fail(int r)
{
	log_event(EV_JOURNAL_FAILED, NULL, NULL, r);
	_exit(JOURNAL_THREAD_EXIT);
}

static void check(int r)
{
	if (r != 0)
		fail(r);
}

/* Once a second at most: looking at the room left costs more than a commit should. */
static void publish(struct journal_thread *t, uint64_t tip)
{
	struct journal_figures *figures = t->options.figures;
	int64_t now_us = tc_clock_monotonic_us();
	struct journal_usage usage;

	atomic_store_explicit(&figures->tip, tip, memory_order_relaxed);
	atomic_fetch_add_explicit(&figures->syncs, 1, memory_order_relaxed);
	if (t->measured_us != 0 && now_us - t->measured_us < MEASURE_US)
		return;
	t->measured_us = now_us;
	check(journal_usage(t->options.journal, &usage));
	atomic_store(&figures->bytes_used, usage.bytes_used);
	atomic_store(&figures->bytes_limit, usage.bytes_limit);
	atomic_store(&figures->full, usage.full);
}

/* 0 when the staged batch is known to be stored where it was said to be. */
static int sync_surely(struct journal *journal, struct tc_id batch_id, uint64_t first)
{
	uint64_t found;
	int r = journal_sync(journal);

	if (r != JOURNAL_UNKNOWN)
		return r;
	r = journal_find_batch(journal, batch_id, &found);
	return r == 0 && found != first ? TC_ECORRUPT : r;
}

static int tell(struct journal_thread *t, struct bus_socket *to, int wait_ms)
{
	struct bus_position *position = calloc(1, sizeof(*position));
	int r;

	if (!position)
		return TC_ENOMEM;
	position->next = t->durable;
	r = bus_send(to, BUS_DURABLE, position, wait_ms);
	if (r != 0)
		free(position);
	return r;
}

/* Never waits for a gateway: the ledger may be waiting for room there. */
static void tell_gateways(struct journal_thread *t)
{
	int r;

	t->untold = false;
	for (size_t i = 0; i < t->options.gateway_count; i++) {
		if (t->told[i] == t->durable)
			continue;
		r = tell(t, t->options.gateways[i], 0);
		if (r == BUS_EMPTY)
			t->untold = true;
		else
			check(r);
		if (r == 0)
			t->told[i] = t->durable;
	}
}

/* The ledger works while the disk does. From the moment it has the batch there is no way back: the
 * batch is stored, or nobody is told anything any more. */
static void commit(struct journal_thread *t)
{
	struct tc_id batch_id = tc_id_new(tc_clock_now_ms(&tc_clock_real));
	struct record_batch *batch = t->pending;
	uint64_t first;
	int r;

	if (!batch)
		return;
	r = t->driven && atomic_load(&t->options.figures->short_of_room)
		    ? JOURNAL_FULL
		    : journal_stage(t->options.journal, batch, batch_id);
	if (r == JOURNAL_FULL) {
		check(journal_refusal_apply(batch));
		r = journal_stage(t->options.journal, batch, batch_id);
	}
	check(r);
	first = batch->first->sequence;
	t->durable = batch->last->sequence + 1;
	t->pending = NULL;
	t->driven = false;
	check(bus_send(t->options.ledger, BUS_RECORDS, batch, -1));
	check(sync_surely(t->options.journal, batch_id, first));
	tell_gateways(t);
	check(tell(t, t->options.ledger, -1));
	publish(t, t->durable);
}

static void join(struct journal_thread *t, struct record_batch *batch)
{
	if (batch->count == 0) {
		free(batch);
		return;
	}
	for (const struct record *record = batch->first; !t->driven && record;
	     record = record->next)
		t->driven = !record->rider;
	if (t->driven)
		t->awake_until_us = 0;
	if (!t->pending) {
		t->due_us = tc_clock_monotonic_us() + (int64_t)t->options.rider_wait_ms * 1000;
		t->pending = batch;
		return;
	}
	record_batch_join(t->pending, batch);
	free(batch);
}

static void take(struct journal_thread *t, struct bus_message message)
{
	switch (message.kind) {
	case BUS_RECORDS:
		join(t, message.payload);
		break;
	case BUS_SOON:
		if (!t->pending)
			t->awake_until_us = tc_clock_monotonic_us() + JOURNAL_THREAD_AWAKE_US;
		break;
	case BUS_DRAIN:
		commit(t);
		check(bus_send(t->options.ledger, BUS_DRAIN, NULL, -1));
		break;
	case BUS_STOP:
		t->stopping = true;
		break;
	case BUS_DURABLE:
	case BUS_EFFECTS:
	case BUS_FACTS:
	case BUS_COMMITTED:
	case BUS_QUERY:
	case BUS_ANSWER:
	case BUS_COMMIT_WANTED:
	case BUS_RELOAD:
		TC_CHECK(!"a message that the journal does not take");
	}
}

/* Asked when nothing more is queued. */
static bool due(const struct journal_thread *t)
{
	return t->pending &&
	       (t->driven || t->stopping || t->pending->count >= JOURNAL_THREAD_RIDER_RECORDS ||
		tc_clock_monotonic_us() >= t->due_us);
}

static bool batch_full(const struct record_batch *pending)
{
	return pending && (pending->count >= JOURNAL_THREAD_BATCH_RECORDS ||
			   pending->bytes >= JOURNAL_THREAD_BATCH_BYTES);
}

/* What was announced is not there yet: others may have the processor, but no sleep. */
static bool stay_awake(struct journal_thread *t)
{
	if (t->awake_until_us == 0 || t->stopping)
		return false;
	if (tc_clock_monotonic_us() >= t->awake_until_us)
		t->awake_until_us = 0;
	else
		sched_yield();
	return true;
}

/* How long to wait for the next message: not at all once something is due. */
static int patience_ms(const struct journal_thread *t)
{
	int64_t left_us;

	if (t->stopping || t->driven || t->awake_until_us != 0)
		return 0;
	if (!t->pending)
		return t->untold ? RETELL_MS : -1;
	left_us = t->due_us - tc_clock_monotonic_us();
	if (left_us <= 0)
		return 0;
	return t->untold ? RETELL_MS : (int)((left_us + 999) / 1000);
}

static void *run(void *argument)
{
	struct journal_thread *t = argument;
	struct bus_message message;
	bool more;
	int r;

	bus_socket_adopt(t->options.inbox);
	bus_socket_adopt(t->options.ledger);
	for (size_t i = 0; i < t->options.gateway_count; i++)
		bus_socket_adopt(t->options.gateways[i]);
	do {
		r = bus_receive(t->options.inbox, patience_ms(t), &message);
		more = r == 0;
		if (more)
			take(t, message);
		else if (r != BUS_EMPTY)
			fail(r);
		if (t->untold)
			tell_gateways(t);
		/* Everything that is queued comes along, then one sync for all. */
		if (batch_full(t->pending) || (!more && !stay_awake(t) && due(t)))
			commit(t);
	} while (more || !t->stopping);
	check(bus_send(t->options.ledger, BUS_STOP, NULL, -1));
	return NULL;
}

int journal_thread_start(const struct journal_thread_options *options, struct journal_thread **ret)
{
	struct journal_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return TC_ENOMEM;
	t->options = *options;
	t->told = calloc(options->gateway_count + 1, sizeof(*t->told));
	if (!t->told || pthread_create(&t->thread, NULL, run, t) != 0) {
		free(t->told);
		free(t);
		return TC_ENOMEM;
	}
	*ret = t;
	return 0;
}

void journal_thread_join(struct journal_thread **thread)
{
	if (!*thread)
		return;
	pthread_join((*thread)->thread, NULL);
	free((*thread)->told);
	free(*thread);
	*thread = NULL;
}
