#include "gateway/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/request.h"

#define LINGER_US 2000000

/* Which states may follow which: what the picture in the header says. */
static const unsigned successors[] = {
	[CONNECTION_TLS] = 1u << CONNECTION_GREETING | 1u << CONNECTION_SAYING |
			   1u << CONNECTION_LINGERING | 1u << CONNECTION_CLOSED,
	[CONNECTION_GREETING] =
		1u << CONNECTION_LOGON | 1u << CONNECTION_SAYING | 1u << CONNECTION_CLOSED,
	[CONNECTION_LOGON] =
		1u << CONNECTION_OPEN | 1u << CONNECTION_SAYING | 1u << CONNECTION_CLOSED,
	[CONNECTION_OPEN] = 1u << CONNECTION_SAYING | 1u << CONNECTION_CLOSED,
	[CONNECTION_SAYING] = 1u << CONNECTION_LINGERING | 1u << CONNECTION_CLOSED,
	[CONNECTION_LINGERING] = 1u << CONNECTION_CLOSED,
	[CONNECTION_CLOSED] = 0,
};

void connection_enter(struct connection *connection, enum connection_state state)
{
	TC_CHECK(successors[connection->state] & 1u << state);
	connection->state = state;
}

static void timer_set(struct connection *connection, int64_t at_us)
{
	int64_t wait_us = at_us - tc_clock_monotonic_us();
	struct timeval wait;

	if (wait_us < 1000)
		wait_us = 1000;
	wait.tv_sec = wait_us / 1000000;
	wait.tv_usec = wait_us % 1000000;
	if (event_add(connection->timer, &wait) != 0)
		gateway_fail(connection->gateway, TC_ENOMEM);
}

/* The last words are out: wait for the peer to close, but not for long. */
void connection_linger(struct connection *connection)
{
	connection_enter(connection, CONNECTION_LINGERING);
	if (connection->tls)
		tc_tls_connection_shutdown(connection->tls);
	(void)shutdown(connection->fd, SHUT_WR);
	event_del(connection->write_event);
	event_add(connection->read_event, NULL);
	connection->deadline_us = connection->gateway->now_us + LINGER_US;
	timer_set(connection, connection->deadline_us);
}

static void linger_read(struct connection *connection)
{
	for (int i = 0; i < 16; i++) {
		ssize_t n =
			recv(connection->fd, connection->gateway->input, GATEWAY_INPUT_BYTES, 0);

		if (n > 0)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			connection_close(connection, NULL);
		return;
	}
}

/* ---- the TLS handshake ---- */

/* Nobody is named: OpenSSL looks at the revocation list before it looks at the signature, so a
 * forged certificate with a revoked number would put its attempt on somebody's name. */
static void tls_refused(struct connection *connection)
{
	enum tc_tls_reason reason = tc_tls_connection_reason(connection->tls);
	enum tc_refusal_code code = tc_refusal_find(tc_slice_text(tc_tls_reason_code(reason)));

	if (code == TC_REFUSAL_NONE)
		code = TC_REFUSAL_TLS_FAILED;
	gateway_logon_failed(connection->gateway, NULL, connection->address.text, code);
	connection_linger(connection);
}

/* The peer is who it says; now see whether there is room for it, and greet. */
static void tls_done(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	const struct tc_peer *peer = tc_tls_connection_peer(connection->tls);
	struct tc_refusal refusal;
	int r;

	r = tc_certificate_wrap(tc_tls_connection_certificate(connection->tls),
				&connection->certificate);
	if (r == 0)
		r = tc_zmtp_write_greeting(&connection->out);
	if (r) {
		connection_close(connection, "internal");
		return;
	}
	snprintf(connection->identity.text, sizeof(connection->identity.text), "%s/%s",
		 tc_peer_kind_name(peer->kind), peer->id.name);
	connection_enter(connection, CONNECTION_GREETING);
	r = admission_enter_identity(gateway->admission, &connection->identity);
	if (r) {
		tc_refuse(&refusal, TC_REFUSAL_TOO_MANY_CONNECTIONS, "of %s",
			  connection->identity.text);
		gateway_logon_failed(gateway, peer, connection->address.text, refusal.code);
		connection_refuse(connection, &refusal);
		return;
	}
	connection->entered_identity = true;
	connection_touch(connection);
	connection_read(connection);
}

static void tls_go_on(struct connection *connection)
{
	int r = tc_tls_connection_handshake(connection->tls);

	switch (r) {
	case 0:
		event_del(connection->write_event);
		tls_done(connection);
		return;
	case TC_TLS_WANT_READ:
		event_del(connection->write_event);
		return;
	case TC_TLS_WANT_WRITE:
		event_add(connection->write_event, NULL);
		return;
	case TC_TLS_FAILED:
		tls_refused(connection);
		return;
	case TC_TLS_CLOSED:
		gateway_logon_failed(connection->gateway, NULL, connection->address.text,
				     TC_REFUSAL_TLS_FAILED);
		connection_close(connection, NULL);
		return;
	default:
		connection_close(connection, NULL);
	}
}

/* ---- events ---- */

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;

	(void)fd;
	(void)what;
	if (connection->state == CONNECTION_TLS)
		tls_go_on(connection);
	else if (connection->state == CONNECTION_LINGERING)
		linger_read(connection);
	else
		connection_read(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;

	(void)fd;
	(void)what;
	if (connection->state == CONNECTION_TLS) {
		tls_go_on(connection);
		return;
	}
	if (connection->read_wants_write) {
		connection->read_wants_write = false;
		connection_read(connection);
	}
	connection_touch(connection);
}

/* Alive and reading? Asks after ping_ms of silence, gives up after idle_ms or stalled_ms. */
static void open_check(struct connection *connection)
{
	const struct gateway_limits *limits = &connection->gateway->options.limits;
	int64_t now_us = connection->gateway->now_us;
	int64_t silent_us = now_us - connection->heard_us;
	int64_t step_us = limits->ping_ms < limits->stalled_ms ? limits->ping_ms * 1000
							       : limits->stalled_ms * 1000;

	if (connection_output(connection) > 0 &&
	    now_us - connection->drained_us >= limits->stalled_ms * 1000) {
		connection_close(connection, "stalled");
		return;
	}
	/* A connection that we do not read is silent by our own choice. */
	if (!connection->is_paused && silent_us >= limits->idle_ms * 1000) {
		connection_close(connection, "idle");
		return;
	}
	if (!connection->is_paused && silent_us >= limits->ping_ms * 1000) {
		int64_t ttl_ds = limits->idle_ms / 100;

		if (tc_zmtp_write_ping((uint16_t)(ttl_ds > UINT16_MAX ? UINT16_MAX : ttl_ds),
				       tc_slice(NULL, 0), &connection->out) != 0) {
			connection_close(connection, "internal");
			return;
		}
		connection_touch(connection);
	}
	timer_set(connection, now_us + step_us);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;
	struct gateway *gateway = connection->gateway;
	struct tc_refusal refusal;

	(void)fd;
	(void)what;
	gateway->now_us = tc_clock_monotonic_us();
	if (connection->state == CONNECTION_OPEN) {
		open_check(connection);
		return;
	}
	if (gateway->now_us < connection->deadline_us) {
		timer_set(connection, connection->deadline_us);
		return;
	}
	if (connection->state == CONNECTION_SAYING || connection->state == CONNECTION_LINGERING) {
		connection_close(connection, NULL);
		return;
	}
	gateway_logon_failed(gateway, connection_peer(connection), connection->address.text,
			     TC_REFUSAL_HANDSHAKE_TIMEOUT);
	if (connection->state == CONNECTION_TLS) {
		connection_close(connection, NULL);
		return;
	}
	tc_refuse(&refusal, TC_REFUSAL_HANDSHAKE_TIMEOUT, "%s", "");
	connection_refuse(connection, &refusal);
}

/* ---- its life ---- */

int connection_open(struct gateway *gateway, int fd, const struct admission_key *address,
		    struct connection **ret)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int r = TC_ENOMEM;

	if (!connection) {
		close(fd);
		return TC_ENOMEM;
	}
	connection->gateway = gateway;
	connection->fd = fd;
	connection->address = *address;
	tc_zmtp_init(&connection->zmtp, TC_ZMTP_ROUTER, gateway->options.limits.frame_bytes);
	connection->read_event =
		event_new(gateway->base, fd, EV_READ | EV_PERSIST, on_readable, connection);
	connection->write_event =
		event_new(gateway->base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
	connection->timer = evtimer_new(gateway->base, on_timer, connection);
	if (!connection->read_event || !connection->write_event || !connection->timer)
		goto out;
	r = tc_tls_connection_new(gateway->options.tls, fd, NULL, &connection->tls);
	if (r)
		goto out;
	r = TC_ENOMEM;
	if (event_add(connection->read_event, NULL) != 0)
		goto out;
	connection->heard_us = tc_clock_monotonic_us();
	connection->drained_us = connection->heard_us;
	connection->deadline_us =
		connection->heard_us + gateway->options.limits.handshake_ms * 1000;
	timer_set(connection, connection->deadline_us);
	connection->slot = &gateway->connections;
	connection->next = gateway->connections;
	if (connection->next)
		connection->next->slot = &connection->next;
	gateway->connections = connection;
	atomic_fetch_add_explicit(&gateway->options.counters->connections, 1, memory_order_relaxed);
	*ret = connection;
	return 0;
out:
	connection_free(&connection);
	close(fd);
	return r;
}

void connection_free(struct connection **connection)
{
	struct connection *c = *connection;

	if (!c)
		return;
	if (c->read_event)
		event_free(c->read_event);
	if (c->write_event)
		event_free(c->write_event);
	if (c->timer)
		event_free(c->timer);
	tc_certificate_free(&c->certificate);
	tc_tls_connection_free(&c->tls);
	tc_bytes_free(&c->in);
	tc_bytes_free(&c->out);
	owed_queue_done(&c->replies);
	effects_clear(&c->waiting);
	free(c);
	*connection = NULL;
}

static void number_forget(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	struct connection **at =
		&gateway->by_number[connection->number % GATEWAY_CONNECTION_BUCKETS];

	while (*at != connection)
		at = &(*at)->number_next;
	*at = connection->number_next;
}

void connection_close(struct connection *connection, const char *code)
{
	struct gateway *gateway = connection->gateway;

	if (connection->state == CONNECTION_CLOSED)
		return;
	if (connection->number) {
		struct record *record = NULL;

		number_forget(connection);
		if (request_logoff(connection_peer(connection), connection->number, code,
				   &record) != 0)
			gateway_fail(gateway, TC_ENOMEM);
		else
			gateway_push(gateway, &record);
		log_event(EV_DISCONNECTED, connection_agency(connection), NULL,
			  (int64_t)connection->number);
	}
	if (connection->tls && connection->state == CONNECTION_OPEN)
		tc_tls_connection_shutdown(connection->tls);
	connection_enter(connection, CONNECTION_CLOSED);
	connection_settle_sums(connection, connection->replies.records, connection->replies.bytes);
	event_del(connection->read_event);
	event_del(connection->write_event);
	event_del(connection->timer);
	close(connection->fd);
	admission_leave(gateway->admission, &connection->address);
	if (connection->entered_identity)
		admission_leave_identity(gateway->admission, &connection->identity);
	*connection->slot = connection->next;
	if (connection->next)
		connection->next->slot = connection->slot;
	connection->next = gateway->doomed;
	gateway->doomed = connection;
	atomic_fetch_sub_explicit(&gateway->options.counters->connections, 1, memory_order_relaxed);
}

void connection_refuse(struct connection *connection, const struct tc_refusal *refusal)
{
	if (connection->state == CONNECTION_CLOSED || connection->state >= CONNECTION_SAYING)
		return;
	log_event(EV_LOGON_REFUSED, connection_agency(connection), NULL, refusal->code);
	if (tc_zmtp_write_error(&connection->zmtp, refusal, &connection->out) != 0) {
		connection_close(connection, tc_refusal_name(refusal->code));
		return;
	}
	connection_enter(connection, CONNECTION_SAYING);
	/* Nothing more is read as frames; the deadline is for the writing. */
	event_del(connection->read_event);
	connection->deadline_us = tc_clock_monotonic_us() + LINGER_US;
	timer_set(connection, connection->deadline_us);
	connection_touch(connection);
}

struct connection *connection_find(struct gateway *gateway, uint64_t number)
{
	struct connection *connection = gateway->by_number[number % GATEWAY_CONNECTION_BUCKETS];

	while (connection && connection->number != number)
		connection = connection->number_next;
	return connection;
}

const struct tc_peer *connection_peer(const struct connection *connection)
{
	if (!connection->certificate)
		return NULL;
	return tc_tls_connection_peer(connection->tls);
}

const tc_agency *connection_agency(const struct connection *connection)
{
	const struct tc_peer *peer = connection_peer(connection);

	return peer ? &peer->id : NULL;
}

void connection_opened(struct connection *connection)
{
	if (connection->state != CONNECTION_LOGON)
		return;
	if (tc_zmtp_write_ready(&connection->zmtp, &connection->out) != 0) {
		connection_close(connection, "internal");
		return;
	}
	connection_enter(connection, CONNECTION_OPEN);
	log_event(EV_CONNECTED, connection_agency(connection), NULL, (int64_t)connection->number);
	atomic_fetch_add_explicit(&connection->gateway->options.counters->logons, 1,
				  memory_order_relaxed);
	connection->heard_us = tc_clock_monotonic_us();
	connection->drained_us = connection->heard_us;
	timer_set(connection,
		  connection->heard_us + connection->gateway->options.limits.ping_ms * 1000);
	connection_touch(connection);
	event_add(connection->read_event, NULL);
	/* What came together with the peer's READY. */
	connection_read(connection);
}
