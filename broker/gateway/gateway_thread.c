#include "gateway/gateway_thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/connection.h"

#define DRAIN_US    5000000
#define HOLD_US     1000 /* of riders alone, for company */
#define HOLD_MAX    64   /* of them */
#define AWAKE_US    1000 /* longer than a sync takes, as a rule */
#define AWAKE_MAX   4    /* unanswered records */
#define REVOKED_MAX 64   /* certificates recorded by one reload; further ones at the next */

struct gateway_thread {
	pthread_t thread;
	struct gateway gateway;
};

void gateway_fail(struct gateway *gateway, int fault)
{
	if (gateway->fault == 0)
		gateway->fault = fault;
}

bool gateway_has_room(const struct gateway *gateway)
{
	return !gateway->draining && gateway->records < gateway->options.limits.records &&
	       gateway->bytes < gateway->options.limits.bytes;
}

void gateway_push(struct gateway *gateway, struct record **record)
{
	(*record)->gateway = gateway->options.number;
	record_batch_push(&gateway->batch, record);
}

/* Ends a turn's wait after so long at the latest. */
static void wake_soon(struct gateway *gateway, int64_t usec)
{
	struct timeval wait = {.tv_sec = usec / 1000000, .tv_usec = usec % 1000000};
	int64_t at_us = tc_clock_monotonic_us() + usec;

	if (evtimer_pending(gateway->wake_event, NULL) && gateway->wake_us <= at_us)
		return;
	gateway->wake_us = at_us;
	if (event_add(gateway->wake_event, &wait) != 0)
		gateway_fail(gateway, TC_ENOMEM);
}

static void failure_push(struct gateway *gateway, const struct tc_peer *peer, const char *address,
			 enum tc_refusal_code code, uint32_t count)
{
	struct record *record = NULL;

	if (request_logon_failed(peer, address, tc_refusal_name(code), count, &record) != 0)
		gateway_fail(gateway, TC_ENOMEM);
	else
		gateway_push(gateway, &record);
}

void gateway_logon_failed(struct gateway *gateway, const struct tc_peer *peer, const char *address,
			  enum tc_refusal_code code)
{
	atomic_fetch_add_explicit(&gateway->options.counters->logons_refused, 1,
				  memory_order_relaxed);
	if (!admission_failure(gateway->admission, code, tc_clock_monotonic_us())) {
		wake_soon(gateway, 1000000);
		return;
	}
	log_event(EV_LOGON_REFUSED, peer ? &peer->id : NULL, NULL, code);
	failure_push(gateway, peer, address, code, 1);
}

/* ---- reload ---- */

struct gateway_reload *gateway_reload_new(struct tc_tls_config *tls)
{
	struct gateway_reload *reload = calloc(1, sizeof(*reload));

	if (reload)
		reload->tls = tc_tls_config_ref(tls);
	return reload;
}

void gateway_reload_free(struct gateway_reload **reload)
{
	if (!*reload)
		return;
	tc_tls_config_unref(&(*reload)->tls);
	free(*reload);
	*reload = NULL;
}

static bool revoked_push(struct gateway *gateway, const struct tc_peer *peer)
{
	struct record *record = NULL;

	if (request_revoked(peer, &record) != 0) {
		gateway_fail(gateway, TC_ENOMEM);
		return false;
	}
	gateway_push(gateway, &record);
	return true;
}

/* New connections use the new configuration; standing ones end at once when it revokes them, and
 * the log learns of the certificate first, so that what is queued of it is refused (P6). */
static void reload(struct gateway *gateway, struct gateway_reload *new)
{
	uint8_t seen[REVOKED_MAX][32];
	size_t seen_count = 0;
	int64_t closed = 0;
	struct connection *next;

	tc_tls_config_unref(&gateway->options.tls);
	gateway->options.tls = tc_tls_config_ref(new->tls);
	for (struct connection *c = gateway->connections; c; c = next) {
		const struct tc_peer *peer = connection_peer(c);
		size_t i = 0;

		next = c->next;
		if (!peer || !tc_tls_config_revokes(new->tls, peer->serial))
			continue;
		while (i < seen_count && memcmp(seen[i], peer->certificate_sha256, 32) != 0)
			i++;
		if (i == seen_count && revoked_push(gateway, peer) && seen_count < REVOKED_MAX)
			memcpy(seen[seen_count++], peer->certificate_sha256, 32);
		connection_close(c, tc_refusal_name(TC_REFUSAL_CERTIFICATE_REVOKED));
		closed++;
	}
	log_event(EV_RELOADED, NULL, NULL, closed);
}

/* ---- the bus ---- */

static void take(struct gateway *gateway, struct bus_message *message)
{
	switch (message->kind) {
	case BUS_EFFECTS:
		if (!gateway->held)
			gateway->awake_until_us = tc_clock_monotonic_us() + AWAKE_US;
		effect_hold(gateway, message->payload);
		return;
	case BUS_DURABLE: {
		struct bus_position *position = message->payload;

		gateway->durable_next = position->next;
		free(position);
		return;
	}
	case BUS_ANSWER: {
		struct effects *effects = message->payload;

		effect_route(gateway, effects);
		effects_free(&effects);
		return;
	}
	case BUS_RELOAD: {
		struct gateway_reload *new = message->payload;

		reload(gateway, new);
		gateway_reload_free(&new);
		return;
	}
	case BUS_DRAIN:
		gateway->draining = true;
		gateway->drain_deadline_us = gateway->now_us + DRAIN_US;
		listener_stop(gateway);
		return;
	case BUS_STOP:
		gateway->ended = true;
		return;
	case BUS_RECORDS:
	case BUS_FACTS:
	case BUS_COMMITTED:
	case BUS_SOON:
	case BUS_QUERY:
	case BUS_COMMIT_WANTED:
		gateway_fail(gateway, TC_EBUS);
		return;
	}
}

static void drain_bus(struct gateway *gateway)
{
	struct bus_message message;
	int r;

	do {
		r = bus_receive(gateway->options.in, 0, &message);
		if (r == 0)
			take(gateway, &message);
	} while (r == 0);
	if (r < 0)
		gateway_fail(gateway, r);
	effect_release(gateway);
}

static bool only_riders(const struct record_batch *batch)
{
	const struct record *record = batch->first;

	while (record && record->rider)
		record = record->next;
	return !record;
}

bool gateway_is_quiet(const struct gateway *gateway)
{
	return gateway->records <= gateway->batch.count && gateway->batch.count <= HOLD_MAX &&
	       only_riders(&gateway->batch);
}

void gateway_announce(struct gateway *gateway)
{
	if (bus_send(gateway->options.journal_out, BUS_SOON, NULL, 0) < 0)
		gateway_fail(gateway, TC_EBUS);
}

/* Riders alone would wake the journal only to wait there: they wait here for the next request. */
static bool hold(struct gateway *gateway)
{
	int64_t hold_us = gateway->options.rider_wait_ms > 0 ? HOLD_US : 0;

	if (gateway->draining || gateway->ended || gateway->batch.count > HOLD_MAX ||
	    !only_riders(&gateway->batch))
		hold_us = 0;
	else if (gateway->held_us == 0)
		gateway->held_us = gateway->now_us;
	else
		hold_us -= gateway->now_us - gateway->held_us;
	if (hold_us <= 0) {
		gateway->held_us = 0;
		return false;
	}
	wake_soon(gateway, hold_us);
	return true;
}

/* All records of this turn go as one message; what the journal has no room for waits here. */
static void send_batch(struct gateway *gateway)
{
	struct record_batch *batch;
	int r;

	if (gateway->batch.count == 0 || hold(gateway))
		return;
	batch = calloc(1, sizeof(*batch));
	if (!batch) {
		gateway_fail(gateway, TC_ENOMEM);
		return;
	}
	record_batch_join(batch, &gateway->batch);
	r = bus_send(gateway->options.journal_out, BUS_RECORDS, batch, 0);
	if (r == 0)
		return;
	record_batch_join(&gateway->batch, batch);
	free(batch);
	if (r < 0)
		gateway_fail(gateway, r);
	else
		wake_soon(gateway, 1000);
}

/* ---- the turn ---- */

/* Lets those read on that may; drops closed ones from the list. */
static void resume_paused(struct gateway *gateway)
{
	struct connection *paused = gateway->paused;

	gateway->paused = NULL;
	while (paused) {
		struct connection *connection = paused;

		paused = connection->paused_next;
		connection->paused_next = NULL;
		if (connection->state != CONNECTION_CLOSED)
			connection_resume(connection);
	}
}

static void flush_dirty(struct gateway *gateway)
{
	while (gateway->dirty) {
		struct connection *connection = gateway->dirty;

		gateway->dirty = connection->dirty_next;
		connection->dirty_next = NULL;
		connection_flush(connection);
	}
}

static void free_doomed(struct gateway *gateway)
{
	struct connection **at = &gateway->paused;

	while (*at) {
		if ((*at)->state == CONNECTION_CLOSED)
			*at = (*at)->paused_next;
		else
			at = &(*at)->paused_next;
	}
	while (gateway->doomed) {
		struct connection *connection = gateway->doomed;

		gateway->doomed = connection->next;
		connection_free(&connection);
	}
}

static void counted_failures(struct gateway *gateway)
{
	enum tc_refusal_code code;
	uint32_t count;
	int64_t now_us = tc_clock_monotonic_us();

	while (admission_overdue(gateway->admission, now_us, &code, &count))
		failure_push(gateway, NULL, NULL, code, count);
	if (admission_has_counted(gateway->admission))
		wake_soon(gateway, 1000000);
}

static void turn_end(struct gateway *gateway)
{
	gateway->now_us = tc_clock_monotonic_us();
	drain_bus(gateway);
	/* Requests first: their commit runs while the answers go out. */
	send_batch(gateway);
	flush_dirty(gateway);
	resume_paused(gateway);
	flush_dirty(gateway);
	counted_failures(gateway);
	send_batch(gateway);
	free_doomed(gateway);
	/* An open snapshot would keep the journal's replaced pages from being used again. */
	journal_reader_renew(gateway->reader);
	if (!gateway->draining)
		return;
	if ((gateway->records == 0 && gateway->batch.count == 0) ||
	    gateway->now_us >= gateway->drain_deadline_us)
		gateway->ended = true;
	else
		wake_soon(gateway, gateway->drain_deadline_us - gateway->now_us);
}

/* A lone answer is here and its sync ends any moment, sooner than a sleeper wakes up. Sockets are
 * looked at all the same, and others may have the processor. */
static bool stay_awake(struct gateway *gateway)
{
	if (!gateway->held || gateway->records > AWAKE_MAX ||
	    tc_clock_monotonic_us() >= gateway->awake_until_us)
		return false;
	sched_yield();
	return true;
}

static void on_bus(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context; /* the end of every turn drains the bus */
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

static void *run(void *context)
{
	struct gateway *gateway = &((struct gateway_thread *)context)->gateway;

	bus_socket_adopt(gateway->options.in);
	bus_socket_adopt(gateway->options.journal_out);
	for (size_t i = 0; i < gateway->options.query_count; i++)
		bus_socket_adopt(gateway->options.query_out[i]);
	gateway->now_us = tc_clock_monotonic_us();
	while (!gateway->ended && gateway->fault == 0) {
		/* Both: without ONCE it would go on while the bus is readable, which is drained
		 * only at the end of the turn. */
		int flags = EVLOOP_ONCE | (stay_awake(gateway) ? EVLOOP_NONBLOCK : 0);

		if (event_base_loop(gateway->base, flags) < 0)
			gateway_fail(gateway, TC_EIO);
		turn_end(gateway);
	}
	if (gateway->fault) {
		log_event(EV_GATEWAY_FAILED, NULL, NULL, gateway->fault);
		_exit(GATEWAY_THREAD_EXIT);
	}
	while (gateway->connections)
		connection_close(gateway->connections, tc_refusal_name(TC_REFUSAL_SHUTTING_DOWN));
	send_batch(gateway);
	gateway->dirty = NULL;
	free_doomed(gateway);
	return NULL;
}

/* ---- start and end ---- */

static void gateway_done(struct gateway *gateway)
{
	if (gateway->base)
		listener_stop(gateway);
	if (gateway->bus_event)
		event_free(gateway->bus_event);
	if (gateway->wake_event)
		event_free(gateway->wake_event);
	if (gateway->base)
		event_base_free(gateway->base);
	record_batch_free(&gateway->batch);
	while (gateway->held) {
		struct effects *effects = gateway->held;

		gateway->held = effects->next;
		effects_free(&effects);
	}
	admission_free(&gateway->admission);
	scratch_done(&gateway->scratch);
	journal_reader_close(&gateway->reader);
	tc_tls_config_unref(&gateway->options.tls);
}

static int gateway_init(struct gateway *gateway, const struct gateway_options *options)
{
	struct admission_limits limits = {
		.total = options->limits.connections,
		.per_address = options->limits.connections_per_address,
		.per_identity = options->limits.connections_per_identity,
		.failures_per_s = options->limits.logon_failures_per_s,
	};
	int r;

	gateway->options = *options;
	gateway->options.tls = tc_tls_config_ref(options->tls);
	gateway->spare_fd = -1;
	r = scratch_init(&gateway->scratch);
	if (r == 0)
		r = admission_new(&gateway->admission, &limits);
	if (r == 0)
		r = journal_reader_open(options->journal, &gateway->reader);
	if (r)
		return r;
	gateway->base = event_base_new();
	if (!gateway->base)
		return TC_ENOMEM;
	gateway->bus_event = event_new(gateway->base, bus_socket_fd(options->in),
				       EV_READ | EV_PERSIST, on_bus, gateway);
	gateway->wake_event = evtimer_new(gateway->base, on_wake, gateway);
	if (!gateway->bus_event || !gateway->wake_event || event_add(gateway->bus_event, NULL) != 0)
		return TC_ENOMEM;
	return listener_start(gateway);
}

int gateway_thread_start(struct gateway_thread **ret, const struct gateway_options *options)
{
	struct gateway_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (!thread)
		return TC_ENOMEM;
	r = gateway_init(&thread->gateway, options);
	if (r == 0 && pthread_create(&thread->thread, NULL, run, thread) != 0)
		r = TC_ENOMEM;
	if (r) {
		gateway_done(&thread->gateway);
		free(thread);
		return r;
	}
	*ret = thread;
	return 0;
}

void gateway_thread_join(struct gateway_thread **thread)
{
	if (!*thread)
		return;
	pthread_join((*thread)->thread, NULL);
	gateway_done(&(*thread)->gateway);
	free(*thread);
	*thread = NULL;
}
