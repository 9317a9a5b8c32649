#include "gateway/connection.h"

#include "gateway/handover.h"

#define OUT_KEPT_BYTES_MAX 4096 /* of an empty buffer */
#define OUT_SHIFT_BYTES    (64 * 1024)

void connection_touch(struct connection *connection)
{
	if (connection->is_dirty)
		return;
	connection->is_dirty = true;
	connection->dirty_next = connection->gateway->dirty;
	connection->gateway->dirty = connection;
}

size_t connection_output(const struct connection *connection)
{
	return connection->out.len - connection->out_at;
}

static void out_compact(struct connection *connection)
{
	if (connection_output(connection) == 0) {
		connection->out.len = 0;
		connection->out_at = 0;
		if (connection->out.capacity > OUT_KEPT_BYTES_MAX ||
		    connection->state != CONNECTION_OPEN)
			tc_bytes_free(&connection->out);
	} else if (connection->out_at >= OUT_SHIFT_BYTES &&
		   connection->out_at >= connection->out.len / 2) {
		tc_bytes_consume(&connection->out, connection->out_at);
		connection->out_at = 0;
	}
}

/* 0: all is out. 1: the socket is full. < 0: closed. */
static int out_write(struct connection *connection)
{
	while (connection_output(connection) > 0) {
		size_t written = 0;
		int r = tc_tls_connection_write(connection->tls,
						connection->out.data + connection->out_at,
						connection_output(connection), &written);

		if (r == TC_TLS_WANT_WRITE || r == TC_TLS_WANT_READ)
			return 1;
		if (r) {
			connection_close(connection, "closed");
			return -1;
		}
		connection->out_at += written;
		connection->drained_us = connection->gateway->now_us;
		atomic_fetch_add_explicit(&connection->gateway->options.counters->bytes_out,
					  written, memory_order_relaxed);
	}
	return 0;
}

void connection_flush(struct connection *connection)
{
	int r;

	connection->is_dirty = false;
	if (connection->state == CONNECTION_CLOSED || connection->state == CONNECTION_TLS ||
	    connection->state == CONNECTION_LINGERING)
		return;
	do {
		if (connection->state == CONNECTION_OPEN)
			handover_fill(connection);
		if (connection->state == CONNECTION_CLOSED)
			return;
		r = out_write(connection);
		if (r < 0)
			return;
	} while (r == 0 && connection->waiting.first && connection->state == CONNECTION_OPEN);
	out_compact(connection);
	if (r > 0) {
		if (!connection->is_stuck)
			connection->drained_us = connection->gateway->now_us;
		connection->is_stuck = true;
		event_add(connection->write_event, NULL);
	} else {
		connection->is_stuck = false;
		if (!connection->read_wants_write)
			event_del(connection->write_event);
		if (connection->state == CONNECTION_SAYING)
			connection_linger(connection);
	}
}
