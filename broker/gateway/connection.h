/*
 * connection - one agency's connection, from accept to close.
 *
 *   TLS ─▶ GREETING ─▶ LOGON ─▶ OPEN ─▶ (closed)
 *     │        │         │        │
 *     └────────┴─────────┴────────┴─▶ SAYING ─▶ LINGERING ─▶ (closed)
 *
 * TLS handshake; the peer's greeting and READY; the log-on record is on its way; open;
 * SAYING writes the last words (a refusal), LINGERING waits until the peer has had the
 * time to read them: closing a socket with unread input would destroy them. All states
 * before OPEN share one absolute deadline, so dripping bytes keeps nobody here.
 *
 * Reading stops while too much of the connection is unanswered, while its output waits
 * to be read, and while the whole gateway is full; TCP carries that to the client.
 *
 * Owner: the gateway thread. Blocks: never.
 */
#ifndef GATEWAY_CONNECTION_H
#define GATEWAY_CONNECTION_H

#include <sys/socket.h>

#include "gateway/gateway.h"
#include "gateway/owed.h"
#include "tls/tls_connection.h"
#include "wire/certificate.h"
#include "wire/zmtp.h"

enum connection_state {
	CONNECTION_TLS,
	CONNECTION_GREETING,
	CONNECTION_LOGON,
	CONNECTION_OPEN,
	CONNECTION_SAYING,
	CONNECTION_LINGERING,
	CONNECTION_CLOSED,
};

struct connection {
	struct gateway *gateway;
	enum connection_state state;
	int fd;
	uint64_t number; /* 0 until it logs on */
	struct tc_tls_connection *tls;
	struct tc_certificate *certificate;
	struct tc_zmtp zmtp;
	struct tc_bytes in;  /* what of a frame has come so far */
	struct tc_bytes out; /* what is to be written, from out_at on */
	size_t out_at;
	struct owed_queue replies;
	struct effects waiting; /* deliveries that wait for room in `out` */
	uint64_t collect_id;    /* request of the latest Collect */
	uint32_t malformed;
	bool entered_identity;
	bool read_wants_write; /* TLS: a read goes on when the socket is writable */
	bool is_dirty;
	bool is_paused;
	bool is_stuck;       /* the socket takes no more output */
	int64_t deadline_us; /* of the states before and after OPEN */
	int64_t heard_us;    /* last input */
	int64_t drained_us;  /* while stuck: when something went out last */
	struct admission_key address;
	struct admission_key identity;

	struct event *read_event;
	struct event *write_event;
	struct event *timer;

	struct connection *next, **slot; /* of gateway->connections */
	struct connection *number_next;  /* of a by_number bucket */
	struct connection *dirty_next;
	struct connection *paused_next;
};

/* Takes the descriptor whatever it returns. */
int connection_open(struct gateway *gateway, int fd, const struct admission_key *address,
		    struct connection **ret) TC_MUST_CHECK;
/* Lets go of it now; what it had in flight returns to the mailbox by the log-off record. `code` is
 * for that record. Freed at the end of the turn. */
void connection_close(struct connection *connection, const char *code);
/* To a state that may follow. */
void connection_enter(struct connection *connection, enum connection_state state);
/* Says why as a ZMTP ERROR, then closes. */
void connection_refuse(struct connection *connection, const struct tc_refusal *refusal);
void connection_free(struct connection **connection);

/* NULL when it is gone. */
struct connection *connection_find(struct gateway *gateway, uint64_t number);
/* Who it is, for the diagnostic log; NULL before that is known. */
const tc_agency *connection_agency(const struct connection *connection);
const struct tc_peer *connection_peer(const struct connection *connection);

/* The last words are written: waits, not for long, until the peer closes. */
void connection_linger(struct connection *connection);
/* The log-on stands. */
void connection_opened(struct connection *connection);
/* ---- connection_output.c ---- */

/* Something was appended to `out`: it goes out at the end of the turn. */
void connection_touch(struct connection *connection);
size_t connection_output(const struct connection *connection);
/* Writes what it can; called at the end of a turn for each dirty one. */
void connection_flush(struct connection *connection);
/* ---- connection_input.c ---- */

/* Reads on when there is room again. */
void connection_resume(struct connection *connection);
/* Reads and takes requests in until there is no more, or no room. */
void connection_read(struct connection *connection);
/* Records of it are answered: takes `records` and `bytes` out of the gateway's sums. */
void connection_settle_sums(struct connection *connection, size_t records, size_t bytes);

/* effect_route.c: writes the answer of an EFFECT_REPLY or EFFECT_RECEIPT. May close the
 * connection. */
void effect_answer(struct connection *connection, struct effect *effect);

#endif
