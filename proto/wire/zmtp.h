/*
 * zmtp - ZMTP 3.1 with the NULL mechanism (rfc.zeromq.org/spec/37), both ends.
 *
 * A pure state machine over the caller's buffers: it holds no bytes and allocates
 * nothing. The caller reads into a buffer of its own, asks tc_zmtp_next again and
 * again until it wants more, and drops what was used. Slices in an event point into
 * that buffer. A frame's size is checked as soon as its header is there, so a peer
 * cannot make anybody wait for, or make room for, more than the limit.
 *
 * The exchange is the ROUTER and decides when it is READY (a log-on is journaled
 * first); the agency is the DEALER. A message is one frame.
 *
 * Owner: the thread of the connection. Blocks: never.
 */
#ifndef WIRE_ZMTP_H
#define WIRE_ZMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/refusal.h"

#define TC_ZMTP_GREETING_BYTES     64
#define TC_ZMTP_FRAME_HEADER_MAX   9
#define TC_ZMTP_IDENTITY_BYTES_MAX 255
#define TC_ZMTP_CONTEXT_BYTES_MAX  16 /* of a PING */

enum tc_zmtp_outcome {
	TC_ZMTP_MORE = 1, /* what is there is no whole frame yet, or we are not READY yet */
	TC_ZMTP_REFUSED,  /* the peer broke the protocol: .refusal says how; close */
};

enum tc_zmtp_role {
	TC_ZMTP_ROUTER, /* the exchange */
	TC_ZMTP_DEALER, /* an agency */
};

enum tc_zmtp_event_kind {
	TC_ZMTP_PEER_READY, /* .bytes is the peer's Identity, mostly empty */
	TC_ZMTP_MESSAGE,    /* .bytes is the frame's body */
	TC_ZMTP_PING,       /* answer with tc_zmtp_write_pong(.bytes) */
	TC_ZMTP_PONG,       /* .bytes is the context of our PING */
	TC_ZMTP_PEER_ERROR, /* .bytes is the reason; the peer closes */
};

struct tc_zmtp_event {
	enum tc_zmtp_event_kind kind;
	struct tc_slice bytes;
	uint16_t ttl_ds; /* PING: the peer may be taken for dead after so many tenths of a second */
};

enum tc_zmtp_state {
	TC_ZMTP_STATE_GREETING,  /* reads the peer's greeting */
	TC_ZMTP_STATE_HANDSHAKE, /* waits for the peer's READY */
	TC_ZMTP_STATE_HELD,      /* has the peer's READY and owes its own */
	TC_ZMTP_STATE_OPEN,      /* both are READY */
	TC_ZMTP_STATE_OVER,      /* refused, or an ERROR went by */
};

struct tc_zmtp {
	enum tc_zmtp_role role;
	enum tc_zmtp_state state;
	size_t frame_bytes_max;
	bool own_ready; /* our READY is written */
	uint8_t peer_minor;
	/* How many bytes the caller should have before it asks again; at least one more than it
	 * had, never over the limit plus the header. */
	size_t wanted;
	struct tc_refusal refusal;
};

/* `frame_bytes_max` bounds a message; commands have TC_COMMAND_BYTES_MAX. */
void tc_zmtp_init(struct tc_zmtp *zmtp, enum tc_zmtp_role role, size_t frame_bytes_max);

/*
 * Looks at the unread bytes `in`. 0: *ret is an event and *ret_used bytes are done with (drop them
 * when the event's slices are no longer needed). TC_ZMTP_MORE: *ret_used bytes are done with, and
 * the rest is not enough; *ret is unchanged. TC_ZMTP_REFUSED: for good.
 */
int tc_zmtp_next(struct tc_zmtp *zmtp, struct tc_slice in, size_t *ret_used,
		 struct tc_zmtp_event *ret) TC_MUST_CHECK;

/* Each appends to `out`. Faults: TC_ENOMEM (then nothing is appended); TC_EINVAL when something is
 * over its limit. The greeting goes first, from both ends, without waiting. */
int tc_zmtp_write_greeting(struct tc_bytes *out) TC_MUST_CHECK;
/* The exchange calls it after PEER_READY when the log-on stands; an agency right after the
 * greeting. */
int tc_zmtp_write_ready(struct tc_zmtp *zmtp, struct tc_bytes *out) TC_MUST_CHECK;
/* "code: message: detail", cut at 240 bytes so that the command is a short frame; then close. */
int tc_zmtp_write_error(struct tc_zmtp *zmtp, const struct tc_refusal *refusal,
			struct tc_bytes *out) TC_MUST_CHECK;
int tc_zmtp_write_ping(uint16_t ttl_ds, struct tc_slice context,
		       struct tc_bytes *out) TC_MUST_CHECK;
int tc_zmtp_write_pong(struct tc_slice context, struct tc_bytes *out) TC_MUST_CHECK;
int tc_zmtp_write_message(struct tc_slice body, struct tc_bytes *out) TC_MUST_CHECK;
/* A message of exactly `len` bytes that the caller fills in: *ret_room points into `out` until
 * the next append. Saves a copy of what is packed. */
int tc_zmtp_write_room(size_t len, struct tc_bytes *out, uint8_t **ret_room) TC_MUST_CHECK;

#endif
