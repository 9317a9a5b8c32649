#include "client/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/dial.h"
#include "client/failure.h"
#include "tls/tls_connection.h"
#include "wire/limits.h"
#include "wire/zmtp.h"

#define READ_BYTES (64 * 1024)

struct tc_link {
	int fd;
	struct tc_tls_connection *tls;
	struct tc_zmtp zmtp;
	struct tc_bytes in;
	size_t in_used; /* of `in`: frames that were handed out */
	struct tc_bytes out;
	size_t out_sent;
	short wants; /* what TLS waits for: POLLIN or POLLOUT; 0: what we wait for */
};

void tc_link_close(struct tc_link **link)
{
	if (!*link)
		return;
	if ((*link)->tls)
		tc_tls_connection_shutdown((*link)->tls);
	tc_tls_connection_free(&(*link)->tls);
	if ((*link)->fd >= 0)
		close((*link)->fd);
	tc_bytes_free(&(*link)->in);
	tc_bytes_free(&(*link)->out);
	free(*link);
	*link = NULL;
}

int tc_link_fd(const struct tc_link *link)
{
	return link->fd;
}

size_t tc_link_unsent_bytes(const struct tc_link *link)
{
	return link->out.len - link->out_sent;
}

bool tc_link_wants_write(const struct tc_link *link)
{
	return tc_link_unsent_bytes(link) > 0 || (link->wants & POLLOUT);
}

static int tls_failed(struct tc_link *link, struct tc_client_error *error)
{
	enum tc_tls_reason reason = tc_tls_connection_reason(link->tls);
	const char *text = tc_tls_connection_reason_text(link->tls);
	enum tc_refusal_code code = tc_refusal_find(tc_slice_text(tc_tls_reason_code(reason)));

	if (tc_tls_connection_refused_by_peer(link->tls)) {
		tc_failure_set_code(error, code, tc_slice_text(text));
		return TC_LINK_REFUSED;
	}
	if (tc_tls_connection_cut(link->tls))
		return tc_failure_set(error, TC_FAILURE_CONNECTION_LOST, "TLS: %s", text);
	if (reason == TC_TLS_REASON_TLS)
		return tc_failure_set(error, TC_FAILURE_EXCHANGE_PROTOCOL, "TLS: %s", text);
	return tc_failure_set(error, TC_FAILURE_EXCHANGE_IDENTITY, "its certificate: %s", text);
}

/* Turns an outcome of TLS into ours: 0 means wait (link->wants says for what). */
static int tls_outcome(struct tc_link *link, int r, struct tc_client_error *error)
{
	switch (r) {
	case TC_TLS_WANT_READ:
		link->wants = POLLIN;
		return 0;
	case TC_TLS_WANT_WRITE:
		link->wants = POLLOUT;
		return 0;
	case TC_TLS_CLOSED:
		return tc_failure_set(error, TC_FAILURE_CONNECTION_LOST, "the exchange closed it");
	case TC_TLS_FAILED:
		return tls_failed(link, error);
	default:
		return tc_failure_set_fault(error, r);
	}
}

/* Sends what the socket takes now. */
static int flush(struct tc_link *link, struct tc_client_error *error)
{
	while (tc_link_unsent_bytes(link) > 0) {
		size_t n;
		int r = tc_tls_connection_write(link->tls, link->out.data + link->out_sent,
						tc_link_unsent_bytes(link), &n);

		if (r != 0)
			return tls_outcome(link, r, error);
		link->out_sent += n;
	}
	link->out.len = 0;
	link->out_sent = 0;
	return 0;
}

static void in_compact(struct tc_link *link)
{
	tc_bytes_consume(&link->in, link->in_used);
	link->in_used = 0;
}

/* Takes what is there, at most READ_BYTES. *ret_any: whether anything came. */
static int receive(struct tc_link *link, struct tc_client_error *error, bool *ret_any)
{
	size_t room;
	size_t n;
	int r;

	*ret_any = false;
	in_compact(link);
	r = tc_bytes_reserve(&link->in, READ_BYTES);
	if (r < 0)
		return tc_failure_set_fault(error, r);
	room = link->in.capacity - link->in.len;
	r = tc_tls_connection_read(link->tls, link->in.data + link->in.len, room, &n);
	if (r != 0)
		return tls_outcome(link, r, error);
	link->in.len += n;
	*ret_any = true;
	return 0;
}

/* TC_ETIMEDOUT when the deadline has passed; sets no text. */
static int socket_wait(struct tc_link *link, short events, int64_t deadline_ms)
{
	struct pollfd watched = {.fd = link->fd, .events = events};
	int n;

	do {
		n = poll(&watched, 1, tc_deadline_left(deadline_ms));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return TC_EIO;
	return n == 0 ? TC_ETIMEDOUT : 0;
}

int tc_link_wait(struct tc_link *link, int64_t deadline_ms, struct tc_client_error *error)
{
	short events;
	bool any;
	int r;

	link->wants = 0;
	r = flush(link, error);
	if (r != 0)
		return r;
	r = receive(link, error, &any);
	if (r != 0 || any)
		return r;
	events = POLLIN;
	if (tc_link_unsent_bytes(link) > 0)
		events |= POLLOUT;
	if (link->wants == POLLOUT)
		events |= POLLOUT;
	r = socket_wait(link, events, deadline_ms);
	if (r == TC_ETIMEDOUT)
		return 0;
	if (r < 0)
		return tc_failure_set_fault(error, r);
	r = flush(link, error);
	if (r != 0)
		return r;
	return receive(link, error, &any);
}

int tc_link_send(struct tc_link *link, struct tc_slice body, struct tc_client_error *error)
{
	bool idle = tc_link_unsent_bytes(link) == 0;
	int r = tc_zmtp_write_message(body, &link->out);

	if (r == TC_EINVAL)
		return tc_failure_set(error, TC_FAILURE_ARGUMENT,
				      "the request is %zu bytes; the limit is %d", body.len,
				      TC_FRAME_BYTES_MAX);
	if (r < 0)
		return tc_failure_set_fault(error, r);
	/* With a queue in front of it, the message goes out with the queue. */
	return idle ? flush(link, error) : 0;
}

/* 0: *ret is an event; TC_LINK_EMPTY; a fault. */
static int event_next(struct tc_link *link, struct tc_client_error *error,
		      struct tc_zmtp_event *ret)
{
	struct tc_slice rest;
	size_t used;
	int r;

	/* Before the first bytes there is no buffer to point into. */
	if (link->in_used == link->in.len)
		return TC_LINK_EMPTY;
	rest = tc_slice(link->in.data + link->in_used, link->in.len - link->in_used);
	r = tc_zmtp_next(&link->zmtp, rest, &used, ret);
	link->in_used += used;
	if (r == TC_ZMTP_MORE)
		return TC_LINK_EMPTY;
	if (r == TC_ZMTP_REFUSED)
		return tc_failure_set(error, TC_FAILURE_EXCHANGE_PROTOCOL, "%s",
				      link->zmtp.refusal.detail);
	return 0;
}

int tc_link_next(struct tc_link *link, struct tc_client_error *error, struct tc_slice *ret)
{
	struct tc_zmtp_event event;
	int r;

	while ((r = event_next(link, error, &event)) == 0) {
		switch (event.kind) {
		case TC_ZMTP_MESSAGE:
			*ret = event.bytes;
			return 0;
		case TC_ZMTP_PING:
			r = tc_zmtp_write_pong(event.bytes, &link->out);
			if (r < 0)
				return tc_failure_set_fault(error, r);
			break;
		case TC_ZMTP_PEER_ERROR:
			tc_failure_set_reason(error, event.bytes);
			return TC_LINK_REFUSED;
		case TC_ZMTP_PONG:
		case TC_ZMTP_PEER_READY:
			break;
		}
	}
	return r;
}

static int timed_out(struct tc_client_error *error, const char *during)
{
	return tc_failure_set(error, TC_FAILURE_TIMEOUT, "%s", during);
}

static int tls_handshake(struct tc_link *link, int64_t deadline_ms, struct tc_client_error *error)
{
	int r;

	while ((r = tc_tls_connection_handshake(link->tls)) != 0) {
		link->wants = 0;
		r = tls_outcome(link, r, error);
		if (r != 0)
			return r;
		r = socket_wait(link, link->wants, deadline_ms);
		if (r == TC_ETIMEDOUT)
			return timed_out(error, "during the TLS handshake");
		if (r < 0)
			return tc_failure_set_fault(error, r);
	}
	return 0;
}

/* With TLS 1.3 the exchange's opinion of our certificate comes only now, and its log-on decision
 * is its READY: until that has come, nobody is connected. */
static int log_on(struct tc_link *link, int64_t deadline_ms, struct tc_client_error *error)
{
	struct tc_zmtp_event event;
	int r = tc_zmtp_write_greeting(&link->out);

	if (r == 0)
		r = tc_zmtp_write_ready(&link->zmtp, &link->out);
	if (r < 0)
		return tc_failure_set_fault(error, r);
	for (;;) {
		r = event_next(link, error, &event);
		if (r == 0 && event.kind == TC_ZMTP_PEER_READY)
			return 0;
		if (r == 0 && event.kind == TC_ZMTP_PEER_ERROR) {
			tc_failure_set_reason(error, event.bytes);
			return TC_LINK_REFUSED;
		}
		if (r != TC_LINK_EMPTY)
			return r < 0 ? r
				     : tc_failure_set(error, TC_FAILURE_EXCHANGE_PROTOCOL,
						      "something came before READY");
		if (tc_deadline_left(deadline_ms) == 0)
			return timed_out(error, "while the exchange decided about the log-on");
		r = tc_link_wait(link, deadline_ms, error);
		if (r != 0)
			return r;
	}
}

int tc_link_open(const struct tc_address *address, struct tc_tls_config *tls, int64_t deadline_ms,
		 struct tc_client_error *error, enum tc_client_stage *ret_stage,
		 struct tc_link **ret)
{
	struct tc_link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return tc_failure_set_fault(error, TC_ENOMEM);
	link->fd = -1;
	tc_zmtp_init(&link->zmtp, TC_ZMTP_DEALER, TC_FRAME_BYTES_MAX);
	r = tc_dial(address, deadline_ms, error, ret_stage, &link->fd);
	if (r != 0)
		goto out;
	r = tc_tls_connection_new(tls, link->fd, address->host, &link->tls);
	if (r < 0) {
		r = tc_failure_set_fault(error, r);
		goto out;
	}
	r = tls_handshake(link, deadline_ms, error);
	if (r != 0)
		goto out;
	*ret_stage = TC_STAGE_TLS;
	r = log_on(link, deadline_ms, error);
	if (r != 0)
		goto out;
	*ret_stage = TC_STAGE_READY;
	*ret = link;
	link = NULL;
out:
	tc_link_close(&link);
	return r;
}
