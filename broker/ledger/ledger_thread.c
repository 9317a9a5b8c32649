#include "ledger/ledger_thread.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "ledger/order.h"
#include "throughcare/v1/record.pb-c.h"

#define LEDGER_THREAD_ROUTE_RECORDS 256 /* effects are passed on at least so often */

struct ledger_thread {
	pthread_t thread;
	struct ledger_thread_options options;
	struct effects **routed;     /* one for each gateway; NULL: nothing for it yet */
	struct record_batch pending; /* came while the trail committed */
	struct effects facts;        /* for the trail, not yet passed on */
	uint64_t facts_passed;       /* those of every record before this were */
	uint64_t durable;            /* every record before this is in the journal for good */
	const struct record *tick;   /* sent and not yet back; never followed */
	int64_t rested_us;           /* no tick is sent before, monotonic */
	int64_t uncommitted_us;      /* since when something waits for a commit, monotonic */
	uint64_t committed;          /* ledger_next at that time */
	uint64_t trail_next;         /* the trail is durable before this */
	uint64_t trail_asked;        /* the trail was asked to commit everything before this */
	bool commit_wanted;
	bool stopping;
};

/* ---- passing on ---- */

static int thread_send(struct bus_socket *to, enum bus_message_kind kind, void *payload)
{
	int r = bus_send(to, kind, payload, -1);

	return r > 0 ? TC_EBUS : r; /* it waits for ever, so never BUS_EMPTY */
}

static int thread_route_one(struct ledger_thread *thread, struct effect **effect)
{
	size_t gateway = (*effect)->gateway;

	if ((*effect)->kind == EFFECT_QUERY)
		thread->commit_wanted = true; /* its answer waits for this */
	if (gateway >= thread->options.gateway_count) {
		effect_free(effect); /* of a life with more gateways */
		return 0;
	}
	if (thread->routed[gateway] == NULL)
		thread->routed[gateway] = effects_new();
	if (thread->routed[gateway] == NULL)
		return TC_ENOMEM;
	effects_push(thread->routed[gateway], effect);
	return 0;
}

static bool thread_is_durable(const struct ledger_thread *thread)
{
	return thread->durable >= ledger_next(thread->options.ledger);
}

/* To the trail, many at a time: it commits them much later, so nobody waits for one. */
static int thread_pass_facts(struct ledger_thread *thread)
{
	uint64_t next = ledger_next(thread->options.ledger);
	struct effects *facts;
	int r;

	TC_CHECK(thread_is_durable(thread));
	if (thread->facts_passed == next)
		return 0;
	facts = effects_new();
	if (facts == NULL)
		return TC_ENOMEM;
	effects_move_facts(facts, &thread->facts);
	facts->facts_next = next;
	r = thread_send(thread->options.trail, BUS_FACTS, facts);
	if (r < 0)
		effects_free(&facts);
	else
		thread->facts_passed = next;
	return r;
}

static int thread_route_facts(struct ledger_thread *thread, struct effects *effects)
{
	if (thread->options.trail == NULL) {
		effects_free_facts(effects);
		return 0;
	}
	effects_move_facts(&thread->facts, effects);
	return 0;
}

static int thread_pass_facts_maybe(struct ledger_thread *thread)
{
	if (thread->facts.fact_count < LEDGER_THREAD_FACTS || !thread_is_durable(thread))
		return 0;
	return thread_pass_facts(thread);
}

/* Everything that has come about: to the gateways first, since somebody waits there. */
static int thread_route(struct ledger_thread *thread, struct effects *effects)
{
	struct effect *effect;
	int r = 0;

	while (r == 0 && (effect = effects_pop(effects)) != NULL) {
		r = thread_route_one(thread, &effect);
		effect_free(&effect);
	}
	for (size_t i = 0; r == 0 && i < thread->options.gateway_count; i++) {
		if (thread->routed[i] == NULL)
			continue;
		thread->routed[i]->durable_next = ledger_next(thread->options.ledger);
		r = thread_send(thread->options.gateways[i], BUS_EFFECTS, thread->routed[i]);
		if (r == 0)
			thread->routed[i] = NULL;
	}
	if (r == 0)
		r = thread_route_facts(thread, effects);
	return r < 0 ? r : thread_pass_facts_maybe(thread);
}

/* Ticks carry work by slices that nobody's request waits for: the next one rests as long as this
 * one took, so that the requests of others find this thread free at least half of the time. */
static int thread_apply_tick(struct ledger_thread *thread, const struct record *record,
			     struct effects *effects)
{
	int64_t begin_us = tc_clock_monotonic_us(), end_us;
	int r = ledger_apply(thread->options.ledger, record, effects);

	end_us = tc_clock_monotonic_us();
	thread->rested_us = end_us + (end_us - begin_us);
	thread->tick = NULL;
	return r;
}

static int thread_apply(struct ledger_thread *thread, struct record_batch *batch)
{
	struct effects effects = {0};
	struct record *record;
	unsigned applied = 0;
	int r = 0;

	while (r == 0 && (record = record_batch_pop(batch)) != NULL) {
		if (record == thread->tick)
			r = thread_apply_tick(thread, record, &effects);
		else
			r = ledger_apply(thread->options.ledger, record, &effects);
		record_free(&record);
		if (r == 0 && ++applied % LEDGER_THREAD_ROUTE_RECORDS == 0)
			r = thread_route(thread, &effects);
	}
	if (r == 0)
		r = thread_route(thread, &effects);
	effects_clear(&effects);
	return r;
}

/* ---- committing ---- */

static int thread_announce(struct bus_socket *to, uint64_t next)
{
	struct bus_position *position = calloc(1, sizeof(*position));
	int r;

	if (position == NULL)
		return TC_ENOMEM;
	position->next = next;
	r = thread_send(to, BUS_COMMITTED, position);
	if (r < 0)
		free(position);
	return r;
}

static void thread_take(struct ledger_thread *thread, struct bus_message *message);

/* Everything applied so far, all of it durable. */
static int thread_ask_trail(struct ledger_thread *thread)
{
	int r = thread_pass_facts(thread);

	if (r == 0)
		r = thread_send(thread->options.trail, BUS_COMMIT_WANTED, NULL);
	if (r == 0)
		thread->trail_asked = ledger_next(thread->options.ledger);
	return r;
}

/* The trail's commit of everything applied so far. Records that come meanwhile are kept. */
static int thread_wait_for_trail(struct ledger_thread *thread)
{
	uint64_t next = ledger_next(thread->options.ledger);
	int r = 0;

	if (thread->trail_next < next)
		r = thread_ask_trail(thread);
	while (r == 0 && thread->trail_next < next) {
		struct bus_message message;

		r = bus_receive(thread->options.inbox, -1, &message);
		if (r == BUS_EMPTY)
			r = 0;
		else if (r == 0)
			thread_take(thread, &message);
	}
	return r;
}

static int thread_commit(struct ledger_thread *thread)
{
	struct ledger *ledger = thread->options.ledger;
	uint64_t next = ledger_next(ledger);
	int r = 0;

	thread->commit_wanted = false;
	if (next == thread->committed)
		return 0;
	if (thread->options.trail != NULL)
		r = thread_wait_for_trail(thread);
	if (r == 0)
		r = ledger_commit(ledger);
	if (r < 0)
		return r;
	thread->committed = next;
	if (thread->options.figures != NULL)
		atomic_store(&thread->options.figures->forget_due, order_forget_due(ledger));
	for (size_t i = 0; r == 0 && i < thread->options.query_count; i++)
		r = thread_announce(thread->options.queries[i], next);
	return r;
}

/* The trail commits what it was asked to, and records are applied meanwhile. */
static bool thread_trail_busy(const struct ledger_thread *thread)
{
	return thread->trail_asked > thread->committed && thread->trail_next < thread->trail_asked;
}

/* Most of the trail's commit is done before the one that is waited for. */
static bool thread_trail_prepared(const struct ledger_thread *thread)
{
	return thread->options.trail == NULL || thread->trail_asked > thread->committed;
}

static bool thread_commit_due(const struct ledger_thread *thread)
{
	uint64_t applied = ledger_next(thread->options.ledger) - thread->committed;

	if (applied == 0)
		return false;
	return applied >= LEDGER_THREAD_COMMIT_RECORDS ||
	       tc_clock_monotonic_us() - thread->uncommitted_us >= LEDGER_THREAD_COMMIT_MS * 1000LL;
}

/* What is not durable yet soon is: the journal says so, and this is asked again. */
static int thread_commit_maybe(struct ledger_thread *thread)
{
	if (!thread_is_durable(thread))
		return 0;
	if (thread->commit_wanted)
		return thread_commit(thread);
	if (thread_trail_busy(thread) || !thread_commit_due(thread))
		return 0;
	return thread_trail_prepared(thread) ? thread_commit(thread) : thread_ask_trail(thread);
}

/* ---- time ---- */

/* A tick record to the journal, when a timer is due and none is on its way. */
static int thread_tick(struct ledger_thread *thread)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__TickRecord tick = THROUGHCARE__V1__TICK_RECORD__INIT;
	struct record_batch *batch;
	struct record *record, *sent;
	int r;

	if (thread->tick != NULL || thread->stopping ||
	    tc_clock_monotonic_us() < thread->rested_us ||
	    ledger_due_ms(thread->options.ledger) > tc_clock_now_ms(thread->options.clock))
		return 0;
	tick.has_limit = 1;
	tick.limit = LEDGER_THREAD_TICK_LIMIT;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_TICK;
	body.tick = &tick;
	batch = calloc(1, sizeof(*batch));
	record = record_new();
	if (batch == NULL || record == NULL ||
	    tc_bytes_reserve(&record->owned, throughcare__v1__record__get_packed_size(&body)) < 0) {
		record_free(&record);
		free(batch);
		return TC_ENOMEM;
	}
	record->owned.len = throughcare__v1__record__pack(&body, record->owned.data);
	record->body = tc_bytes_slice(&record->owned);
	sent = record;
	record_batch_push(batch, &record);
	/* Never waits for the journal, which may be waiting for this thread. */
	r = bus_send(thread->options.journal, BUS_RECORDS, batch, 0);
	if (r == 0) {
		thread->tick = sent;
		return 0;
	}
	record_batch_free(batch);
	free(batch);
	return r == BUS_EMPTY ? 0 : r;
}

/* How long nothing needs to be done, in ms; -1: for ever. */
static int thread_wait_ms(const struct ledger_thread *thread)
{
	int64_t wait_ms = INT64_MAX, due_ms;

	/* The trail's answer is a message, too, and so is the journal's. */
	if (ledger_next(thread->options.ledger) != thread->committed &&
	    !thread_trail_busy(thread) && thread_is_durable(thread)) {
		int64_t since_us = tc_clock_monotonic_us() - thread->uncommitted_us;

		wait_ms = LEDGER_THREAD_COMMIT_MS - since_us / 1000;
	}
	due_ms = ledger_due_ms(thread->options.ledger);
	if (thread->tick == NULL && due_ms != INT64_MAX) {
		int64_t until_ms = due_ms - tc_clock_now_ms(thread->options.clock);

		if (until_ms < 1)
			until_ms = 1; /* it rests, or the journal had no room for the tick */
		if (until_ms < wait_ms)
			wait_ms = until_ms;
	}
	if (wait_ms == INT64_MAX)
		return -1;
	return wait_ms < 0 ? 0 : wait_ms > 60000 ? 60000 : (int)wait_ms;
}

/* ---- the loop ---- */

static void thread_take(struct ledger_thread *thread, struct bus_message *message)
{
	struct record_batch *batch;
	struct bus_position *position;

	switch (message->kind) {
	case BUS_RECORDS:
		batch = message->payload;
		record_batch_join(&thread->pending, batch);
		free(batch);
		return;
	case BUS_DURABLE:
		position = message->payload;
		thread->durable = position->next;
		free(position);
		return;
	case BUS_COMMITTED:
		position = message->payload;
		thread->trail_next = position->next;
		free(position);
		return;
	case BUS_STOP:
		thread->stopping = true;
		return;
	case BUS_COMMIT_WANTED:
	case BUS_DRAIN:
		thread->commit_wanted = true;
		return;
	case BUS_EFFECTS:
	case BUS_FACTS:
	case BUS_SOON:
	case BUS_QUERY:
	case BUS_ANSWER:
	case BUS_RELOAD:
		break;
	}
	TC_CHECK(!"a message that nobody sends to the ledger");
}

static int thread_turn(struct ledger_thread *thread)
{
	struct bus_message message;
	int r;

	if (thread->pending.count == 0) {
		r = bus_receive(thread->options.inbox, thread_wait_ms(thread), &message);
		if (r == 0)
			thread_take(thread, &message);
		else if (r < 0)
			return r;
	}
	if (ledger_next(thread->options.ledger) == thread->committed)
		thread->uncommitted_us = tc_clock_monotonic_us();
	r = thread_apply(thread, &thread->pending);
	if (r == 0)
		r = thread_pass_facts_maybe(thread);
	if (r == 0)
		r = thread_commit_maybe(thread);
	return r < 0 ? r : thread_tick(thread);
}

static void *thread_run(void *context)
{
	struct ledger_thread *thread = context;
	int r = 0;

	bus_socket_adopt(thread->options.inbox);
	bus_socket_adopt(thread->options.journal);
	if (thread->options.trail != NULL)
		bus_socket_adopt(thread->options.trail);
	for (size_t i = 0; i < thread->options.gateway_count; i++)
		bus_socket_adopt(thread->options.gateways[i]);
	for (size_t i = 0; i < thread->options.query_count; i++)
		bus_socket_adopt(thread->options.queries[i]);
	r = ledger_resume(thread->options.ledger);
	while (r == 0 && (!thread->stopping || thread->pending.count > 0))
		r = thread_turn(thread);
	if (r == 0)
		r = thread_commit(thread);
	if (r == 0)
		r = ledger_park(thread->options.ledger);
	if (r < 0) {
		log_event(EV_LEDGER_FAILED, NULL, NULL, r);
		_Exit(LEDGER_THREAD_EXIT);
	}
	return NULL;
}

int ledger_thread_start(const struct ledger_thread_options *options, struct ledger_thread **ret)
{
	struct ledger_thread *thread = calloc(1, sizeof(*thread));

	if (thread == NULL)
		return TC_ENOMEM;
	thread->options = *options;
	if (thread->options.clock == NULL)
		thread->options.clock = &tc_clock_real;
	thread->committed = ledger_next(options->ledger);
	thread->facts_passed = thread->committed;
	thread->durable = thread->committed; /* it was read from the journal */
	if (options->figures != NULL)
		atomic_store(&options->figures->forget_due, order_forget_due(options->ledger));
	thread->routed = calloc(options->gateway_count + 1, sizeof(struct effects *));
	if (thread->routed == NULL ||
	    pthread_create(&thread->thread, NULL, thread_run, thread) != 0) {
		free(thread->routed);
		free(thread);
		return TC_ENOMEM;
	}
	*ret = thread;
	return 0;
}

void ledger_thread_join(struct ledger_thread **thread)
{
	struct ledger_thread *it = *thread;

	if (it == NULL)
		return;
	pthread_join(it->thread, NULL);
	for (size_t i = 0; i < it->options.gateway_count; i++)
		effects_free(&it->routed[i]);
	record_batch_free(&it->pending);
	effects_clear(&it->facts);
	free(it->routed);
	free(it);
	*thread = NULL;
}
