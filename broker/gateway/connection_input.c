#include "gateway/connection.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "journal/record.h"

#define READ_STEP_BYTES (64 * 1024) /* room made at a time for a frame that is still coming */
#define COUNTER(gateway, name, n)                                                                  \
	atomic_fetch_add_explicit(&(gateway)->options.counters->name, (n), memory_order_relaxed)

static bool has_room(const struct connection *connection)
{
	const struct gateway_limits *limits = &connection->gateway->options.limits;

	return connection->replies.records < limits->connection_records &&
	       connection->replies.bytes < limits->connection_bytes &&
	       connection_output(connection) < limits->output_bytes &&
	       gateway_has_room(connection->gateway);
}

static void pause_reading(struct connection *connection)
{
	event_del(connection->read_event);
	connection->is_paused = true;
	connection->paused_next = connection->gateway->paused;
	connection->gateway->paused = connection;
}

void connection_resume(struct connection *connection)
{
	if (connection->state != CONNECTION_OPEN || !has_room(connection)) {
		connection->paused_next = connection->gateway->paused;
		connection->gateway->paused = connection;
		return;
	}
	connection->is_paused = false;
	connection->heard_us = connection->gateway->now_us;
	event_add(connection->read_event, NULL);
	connection_read(connection);
}

void connection_settle_sums(struct connection *connection, size_t records, size_t bytes)
{
	connection->gateway->records -= records;
	connection->gateway->bytes -= bytes;
}

static void number_give(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	uint64_t number;

	/* 24 bits of a running number; one that comes round again is skipped while it is in use. */
	do {
		gateway->last_number = (gateway->last_number + 1) & 0xffffff;
		number = (uint64_t)gateway->options.boot << 32 |
			 (uint64_t)gateway->options.number << 24 | gateway->last_number;
	} while (gateway->last_number == 0 || connection_find(gateway, number));
	connection->number = number;
	connection->number_next = gateway->by_number[number % GATEWAY_CONNECTION_BUCKETS];
	gateway->by_number[number % GATEWAY_CONNECTION_BUCKETS] = connection;
}

/* The peer's READY is there: the log-on goes through the log before ours is said. */
static void logon(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	struct record *record = NULL;

	number_give(connection);
	connection_enter(connection, CONNECTION_LOGON);
	event_del(connection->read_event);
	if (request_logon(connection_peer(connection), tc_certificate_der(connection->certificate),
			  connection->number, connection->address.text, &record) != 0) {
		gateway_fail(gateway, TC_ENOMEM);
		return;
	}
	gateway_push(gateway, &record);
}

static void protocol_broken(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	const struct tc_refusal *refusal = &connection->zmtp.refusal;
	struct record *record = NULL;

	COUNTER(gateway, requests_refused, 1);
	if (connection->state != CONNECTION_OPEN) {
		gateway_logon_failed(gateway, connection_peer(connection), connection->address.text,
				     refusal->code);
	} else if (request_refusal(connection_peer(connection), connection->number, refusal,
				   &record) != 0) {
		gateway_fail(gateway, TC_ENOMEM);
	} else {
		gateway_push(gateway, &record);
	}
	connection_refuse(connection, refusal);
}

/* Others take less time to check than anybody takes to wake up. */
static bool is_submit(struct tc_slice frame)
{
	struct tc_refusal refusal;
	struct tc_request request;

	return tc_request_decode(frame, &request, &refusal) == 0 &&
	       request.kind == TC_REQUEST_SUBMIT;
}

static void message(struct connection *connection, struct tc_slice frame)
{
	struct gateway *gateway = connection->gateway;
	struct request_context context = {
		.peer = connection_peer(connection),
		.certificate = connection->certificate,
		.connection = connection->number,
		.gateway = gateway->options.number,
		.now_ms = tc_clock_now_ms(&tc_clock_real),
		.room = &gateway->request_room,
		.scratch = &gateway->scratch,
	};
	struct request_taken taken;

	if (gateway_is_quiet(gateway) && is_submit(frame))
		gateway_announce(gateway);
	if (request_take(&context, frame, &taken) != 0 ||
	    owed_expect(&connection->replies, taken.id, taken.receipts, frame.len) != 0) {
		/* Memory is short, or a crypto call failed: this connection pays, nobody else. */
		record_batch_free(&context.batch);
		connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
		return;
	}
	COUNTER(gateway, requests, 1);
	COUNTER(gateway, records, context.batch.count);
	gateway->records += taken.receipts ? taken.receipts : 1;
	gateway->bytes += frame.len;
	record_batch_join(&gateway->batch, &context.batch);
	if (taken.collect)
		connection->collect_id = taken.id;
	if (!taken.malformed)
		return;
	COUNTER(gateway, requests_refused, 1);
	if (++connection->malformed >= gateway->options.limits.malformed) {
		struct tc_refusal refusal;

		tc_refuse(&refusal, TC_REFUSAL_MALFORMED, "%u requests", connection->malformed);
		connection_refuse(connection, &refusal);
	}
}

static void zmtp_event(struct connection *connection, const struct tc_zmtp_event *event)
{
	switch (event->kind) {
	case TC_ZMTP_PEER_READY:
		logon(connection);
		return;
	case TC_ZMTP_MESSAGE:
		message(connection, event->bytes);
		return;
	case TC_ZMTP_PING:
		if (tc_zmtp_write_pong(event->bytes, &connection->out) != 0)
			connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
		else
			connection_touch(connection);
		return;
	case TC_ZMTP_PONG:
		return;
	case TC_ZMTP_PEER_ERROR:
		connection_close(connection, "peer_error");
		return;
	}
}

static bool may_parse(struct connection *connection)
{
	if (connection->state == CONNECTION_GREETING)
		return true;
	if (connection->state != CONNECTION_OPEN)
		return false;
	if (has_room(connection))
		return true;
	if (!connection->is_paused)
		pause_reading(connection);
	return false;
}

/* Takes whole frames off the front; returns how many bytes are done with. */
static size_t parse(struct connection *connection, struct tc_slice bytes)
{
	size_t done = 0;

	while (may_parse(connection)) {
		struct tc_zmtp_event event;
		size_t used = 0;
		int r = tc_zmtp_next(&connection->zmtp,
				     tc_slice(bytes.data + done, bytes.len - done), &used, &event);

		done += used;
		if (r == TC_ZMTP_MORE)
			break;
		if (r) {
			protocol_broken(connection);
			break;
		}
		zmtp_event(connection, &event);
	}
	return done;
}

enum fill { FILL_ENOUGH, FILL_WAITS, FILL_OVER };

/* Reads up to `room` bytes. FILL_ENOUGH: there may be more. */
static enum fill fill(struct connection *connection, uint8_t *to, size_t room, size_t *ret_len)
{
	size_t have = 0;
	enum fill state = FILL_ENOUGH;

	while (have < room) {
		size_t n = 0;
		int r = tc_tls_connection_read(connection->tls, to + have, room - have, &n);

		if (r == 0) {
			have += n;
			continue;
		}
		state = FILL_WAITS;
		if (r == TC_TLS_WANT_WRITE) {
			connection->read_wants_write = true;
			event_add(connection->write_event, NULL);
		} else if (r != TC_TLS_WANT_READ) {
			state = FILL_OVER;
		}
		break;
	}
	*ret_len = have;
	if (have) {
		connection->heard_us = connection->gateway->now_us;
		COUNTER(connection->gateway, bytes_in, have);
	}
	return state;
}

/* A frame that is larger than what has come: read on behind it. */
static enum fill read_behind(struct connection *connection)
{
	struct tc_bytes *in = &connection->in;
	size_t n = 0;
	enum fill state;

	if (tc_bytes_reserve(in, READ_STEP_BYTES) != 0) {
		connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
		return FILL_OVER;
	}
	state = fill(connection, in->data + in->len, READ_STEP_BYTES, &n);
	in->len += n;
	tc_bytes_consume(in, parse(connection, tc_bytes_slice(in)));
	return state;
}

/* The usual case: through the thread's buffer, so that an idle connection owns none. */
static enum fill read_through(struct connection *connection)
{
	struct gateway *gateway = connection->gateway;
	struct tc_bytes *in = &connection->in;
	size_t have = in->len;
	size_t n = 0;
	size_t done;
	enum fill state;

	if (have)
		memcpy(gateway->input, in->data, have);
	in->len = 0;
	state = fill(connection, gateway->input + have, GATEWAY_INPUT_BYTES - have, &n);
	have += n;
	done = parse(connection, tc_slice(gateway->input, have));
	if (done < have && connection->state != CONNECTION_CLOSED &&
	    tc_bytes_append(in, gateway->input + done, have - done) != 0) {
		connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
		return FILL_OVER;
	}
	return state;
}

/* What was left from before goes first: reading on behind whole requests would let them pile up
 * while their answers are waited for. True: what is left is less than a frame. */
static bool parse_left(struct connection *connection)
{
	struct tc_bytes *in = &connection->in;

	if (in->len > 0)
		tc_bytes_consume(in, parse(connection, tc_bytes_slice(in)));
	return may_parse(connection);
}

void connection_read(struct connection *connection)
{
	struct tc_bytes *in = &connection->in;
	enum fill state;

	if (!may_parse(connection) || !parse_left(connection))
		return;
	if (in->len > GATEWAY_INPUT_BYTES / 2)
		state = read_behind(connection);
	else
		state = read_through(connection);
	if (connection->state == CONNECTION_CLOSED)
		return;
	if (in->len == 0)
		tc_bytes_free(in);
	if (state == FILL_OVER) {
		if (connection->state == CONNECTION_GREETING)
			gateway_logon_failed(connection->gateway, connection_peer(connection),
					     connection->address.text, TC_REFUSAL_PROTOCOL);
		connection_close(connection, tc_tls_connection_cut(connection->tls)
						     ? "closed"
						     : RECORD_LOGOFF_GOODBYE);
		return;
	}
	/* More may lie inside TLS where no socket event tells of it. */
	if (state == FILL_ENOUGH && !connection->is_paused &&
	    (connection->state == CONNECTION_OPEN || connection->state == CONNECTION_GREETING))
		event_active(connection->read_event, EV_READ, 0);
}
