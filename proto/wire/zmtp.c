/*
 * How a connection goes:
 *
 *   both ends send 64 bytes of greeting at once;
 *   the agency sends READY behind it; the exchange looks at that, has the log-on
 *   journaled, and only then sends its own READY (or ERROR): the HELD state;
 *   then both may send messages, PING and PONG.
 *
 * Everything that a peer may send is one frame: flags, size, body. A frame is looked at only when
 * it is whole, its size is judged as soon as it can be read.
 */
#include "wire/zmtp.h"

#include <string.h>

#include "base/check.h"
#include "wire/limits.h"
#include "wire/zmtp_command.h"

enum {
	FLAG_MORE = 0x01,
	FLAG_LONG = 0x02,
	FLAG_COMMAND = 0x04,
	FLAGS_KNOWN = FLAG_MORE | FLAG_LONG | FLAG_COMMAND,
};

/* The mechanism field of the greeting, filled up with zeros. */
static const char null_mechanism[20] = "NULL";

struct frame {
	uint8_t flags;
	struct tc_slice body;
	size_t bytes; /* header and body */
};

void tc_zmtp_init(struct tc_zmtp *zmtp, enum tc_zmtp_role role, size_t frame_bytes_max)
{
	memset(zmtp, 0, sizeof(*zmtp));
	zmtp->role = role;
	zmtp->state = TC_ZMTP_STATE_GREETING;
	zmtp->frame_bytes_max = frame_bytes_max;
	zmtp->wanted = TC_ZMTP_GREETING_BYTES;
}

static int refused(struct tc_zmtp *zmtp)
{
	zmtp->state = TC_ZMTP_STATE_OVER;
	return TC_ZMTP_REFUSED;
}

/* Judges the greeting byte by byte as far as it is there: who speaks another protocol may wait for
 * us to speak first and never send all of it. */
static int greeting_check(struct tc_zmtp *zmtp, struct tc_slice in)
{
	struct tc_refusal *refusal = &zmtp->refusal;

	if (in.len > 0 && in.data[0] != 0xff)
		return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "this is no ZMTP greeting");
	if (in.len > 9 && in.data[9] != 0x7f)
		return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "this is no ZMTP greeting");
	if (in.len > 10 && in.data[10] < 3)
		return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "the peer speaks ZMTP %s",
				 in.data[10] == 0 ? "1.0" : "2.0");
	for (size_t i = 12; i < in.len && i < 32; i++) {
		if (in.data[i] != (uint8_t)null_mechanism[i - 12])
			return tc_refuse(refusal, TC_REFUSAL_PROTOCOL,
					 "the peer wants another mechanism than NULL");
	}
	return 0;
}

static int greeting_next(struct tc_zmtp *zmtp, struct tc_slice in, size_t *ret_used)
{
	if (greeting_check(zmtp, in) != 0)
		return refused(zmtp);
	if (in.len < TC_ZMTP_GREETING_BYTES) {
		zmtp->wanted = TC_ZMTP_GREETING_BYTES;
		return TC_ZMTP_MORE;
	}
	zmtp->peer_minor = in.data[11];
	zmtp->state = TC_ZMTP_STATE_HANDSHAKE;
	*ret_used = TC_ZMTP_GREETING_BYTES;
	return 0;
}

static int size_check(struct tc_zmtp *zmtp, uint8_t flags, uint64_t size)
{
	uint64_t max = zmtp->frame_bytes_max;

	if (flags & FLAG_COMMAND)
		max = TC_COMMAND_BYTES_MAX;
	if (size <= max)
		return 0;
	return tc_refuse(&zmtp->refusal, TC_REFUSAL_FRAME_TOO_LARGE,
			 "%llu bytes; the limit is %llu", (unsigned long long)size,
			 (unsigned long long)max);
}

static int flags_check(struct tc_zmtp *zmtp, uint8_t flags)
{
	if (flags & ~FLAGS_KNOWN)
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL, "a frame has flags 0x%02x",
				 flags);
	if (flags & FLAG_COMMAND) {
		if (flags & FLAG_MORE)
			return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL,
					 "a command has more frames");
		return 0;
	}
	if (zmtp->state != TC_ZMTP_STATE_OPEN)
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL,
				 "a message came before READY");
	if (flags & FLAG_MORE)
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_TOO_MANY_FRAMES,
				 "the first frame says that more follow");
	return 0;
}

static int frame_read(struct tc_zmtp *zmtp, struct tc_slice in, struct frame *ret)
{
	size_t header = 2;
	uint64_t size;

	if (in.len < 1) {
		zmtp->wanted = 2;
		return TC_ZMTP_MORE;
	}
	if (flags_check(zmtp, in.data[0]) != 0)
		return refused(zmtp);
	if (in.data[0] & FLAG_LONG)
		header = TC_ZMTP_FRAME_HEADER_MAX;
	if (in.len < header) {
		zmtp->wanted = header;
		return TC_ZMTP_MORE;
	}
	size = header == 2 ? in.data[1] : tc_get_be64(in.data + 1);
	if (size_check(zmtp, in.data[0], size) != 0)
		return refused(zmtp);
	if (in.len - header < size) {
		zmtp->wanted = header + (size_t)size;
		return TC_ZMTP_MORE;
	}
	ret->flags = in.data[0];
	ret->body = tc_slice(in.data + header, (size_t)size);
	ret->bytes = header + (size_t)size;
	return 0;
}

static int ready_read(struct tc_zmtp *zmtp, const struct tc_zmtp_command *command,
		      struct tc_zmtp_event *ret)
{
	const char *peer_type = zmtp->role == TC_ZMTP_ROUTER ? "DEALER" : "ROUTER";
	struct tc_slice identity;

	if (zmtp->state != TC_ZMTP_STATE_HANDSHAKE)
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL, "a second READY");
	if (tc_zmtp_ready_check(command->body, peer_type, &identity, &zmtp->refusal) != 0)
		return 1;
	zmtp->state = zmtp->own_ready ? TC_ZMTP_STATE_OPEN : TC_ZMTP_STATE_HELD;
	ret->kind = TC_ZMTP_PEER_READY;
	ret->bytes = identity;
	return 0;
}

static int ping_read(struct tc_zmtp *zmtp, const struct tc_zmtp_command *command,
		     struct tc_zmtp_event *ret)
{
	bool ping = command->kind == TC_ZMTP_COMMAND_PING;
	struct tc_slice context = command->body;

	if (zmtp->state != TC_ZMTP_STATE_OPEN)
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL, "%s came before READY",
				 ping ? "PING" : "PONG");
	if (ping) {
		if (context.len < 2)
			return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL, "PING has no TTL");
		ret->ttl_ds = tc_get_be16(context.data);
		context = tc_slice(context.data + 2, context.len - 2);
	}
	if (context.len > TC_ZMTP_CONTEXT_BYTES_MAX)
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL,
				 "the context of %s is too long", ping ? "PING" : "PONG");
	ret->kind = ping ? TC_ZMTP_PING : TC_ZMTP_PONG;
	ret->bytes = context;
	return 0;
}

static int error_read(struct tc_zmtp *zmtp, const struct tc_zmtp_command *command,
		      struct tc_zmtp_event *ret)
{
	struct tc_slice body = command->body;

	if (body.len < 1 || body.len != 1U + body.data[0])
		return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL, "ERROR is malformed");
	zmtp->state = TC_ZMTP_STATE_OVER;
	ret->kind = TC_ZMTP_PEER_ERROR;
	ret->bytes = tc_slice(body.data + 1, body.len - 1);
	return 0;
}

static int command_read(struct tc_zmtp *zmtp, struct tc_slice body, struct tc_zmtp_event *ret)
{
	struct tc_zmtp_command command;
	int r = tc_zmtp_command_read(body, &command, &zmtp->refusal);

	if (r != 0)
		return r;
	switch (command.kind) {
	case TC_ZMTP_COMMAND_READY:
		return ready_read(zmtp, &command, ret);
	case TC_ZMTP_COMMAND_ERROR:
		return error_read(zmtp, &command, ret);
	case TC_ZMTP_COMMAND_PING:
	case TC_ZMTP_COMMAND_PONG:
		return ping_read(zmtp, &command, ret);
	}
	return tc_refuse(&zmtp->refusal, TC_REFUSAL_PROTOCOL, "an unknown command");
}

int tc_zmtp_next(struct tc_zmtp *zmtp, struct tc_slice in, size_t *ret_used,
		 struct tc_zmtp_event *ret)
{
	struct tc_zmtp_event event = {0};
	struct frame frame;
	size_t used = 0;
	int r;

	*ret_used = 0;
	if (zmtp->state == TC_ZMTP_STATE_OVER)
		return TC_ZMTP_REFUSED;
	if (zmtp->state == TC_ZMTP_STATE_HELD) {
		zmtp->wanted = in.len + 1;
		return TC_ZMTP_MORE;
	}
	if (zmtp->state == TC_ZMTP_STATE_GREETING) {
		r = greeting_next(zmtp, in, &used);
		if (r != 0)
			return r;
		*ret_used = used;
		in = tc_slice(in.data + used, in.len - used);
	}
	r = frame_read(zmtp, in, &frame);
	if (r != 0)
		return r;
	if (frame.flags & FLAG_COMMAND) {
		if (command_read(zmtp, frame.body, &event) != 0)
			return refused(zmtp);
	} else {
		event.kind = TC_ZMTP_MESSAGE;
		event.bytes = frame.body;
	}
	*ret_used = used + frame.bytes;
	*ret = event;
	return 0;
}

int tc_zmtp_write_greeting(struct tc_bytes *out)
{
	uint8_t greeting[TC_ZMTP_GREETING_BYTES] = {0};

	greeting[0] = 0xff;
	greeting[9] = 0x7f;
	greeting[10] = 3;
	greeting[11] = 1;
	memcpy(greeting + 12, null_mechanism, sizeof(null_mechanism));
	return tc_bytes_append(out, greeting, sizeof(greeting));
}

int tc_zmtp_write_ready(struct tc_zmtp *zmtp, struct tc_bytes *out)
{
	int r;

	TC_CHECK(!zmtp->own_ready);
	r = tc_zmtp_command_write_ready(zmtp->role == TC_ZMTP_ROUTER ? "ROUTER" : "DEALER", out);
	if (r < 0)
		return r;
	zmtp->own_ready = true;
	if (zmtp->state == TC_ZMTP_STATE_HELD)
		zmtp->state = TC_ZMTP_STATE_OPEN;
	return 0;
}

int tc_zmtp_write_error(struct tc_zmtp *zmtp, const struct tc_refusal *refusal,
			struct tc_bytes *out)
{
	zmtp->state = TC_ZMTP_STATE_OVER;
	return tc_zmtp_command_write_error(refusal, out);
}

int tc_zmtp_write_room(size_t len, struct tc_bytes *out, uint8_t **ret_room)
{
	uint8_t header[TC_ZMTP_FRAME_HEADER_MAX] = {0};
	size_t header_len = 2;
	int r;

	if (len > TC_FRAME_BYTES_MAX)
		return TC_EINVAL;
	if (len > 255) {
		header[0] = FLAG_LONG;
		tc_put_be64(header + 1, len);
		header_len = TC_ZMTP_FRAME_HEADER_MAX;
	} else {
		header[1] = (uint8_t)len;
	}
	r = tc_bytes_reserve(out, header_len + len);
	if (r < 0)
		return r;
	memcpy(out->data + out->len, header, header_len);
	*ret_room = out->data + out->len + header_len;
	out->len += header_len + len;
	return 0;
}

int tc_zmtp_write_message(struct tc_slice body, struct tc_bytes *out)
{
	uint8_t *room;
	int r = tc_zmtp_write_room(body.len, out, &room);

	if (r < 0)
		return r;
	if (body.len > 0)
		memcpy(room, body.data, body.len);
	return 0;
}
