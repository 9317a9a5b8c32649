#include "wire/zmtp_command.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/zmtp.h"

enum { FLAG_COMMAND = 0x04 };

static const struct {
	const char *name;
	enum tc_zmtp_command_kind kind;
} commands[] = {
	{"READY", TC_ZMTP_COMMAND_READY},
	{"ERROR", TC_ZMTP_COMMAND_ERROR},
	{"PING", TC_ZMTP_COMMAND_PING},
	{"PONG", TC_ZMTP_COMMAND_PONG},
};

int tc_zmtp_command_read(struct tc_slice frame, struct tc_zmtp_command *ret,
			 struct tc_refusal *refusal)
{
	struct tc_slice name;

	if (frame.len < 1 || frame.data[0] == 0 || frame.len - 1 < frame.data[0])
		return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "a command has no name");
	name = tc_slice(frame.data + 1, frame.data[0]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!tc_slice_equal(name, tc_slice_text(commands[i].name)))
			continue;
		ret->kind = commands[i].kind;
		ret->body = tc_slice(name.data + name.len, frame.len - 1 - name.len);
		return 0;
	}
	return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "an unknown command");
}

/* Property names are case-insensitive (spec/37, "Metadata"). */
static bool name_is(struct tc_slice name, const char *text)
{
	return name.len == strlen(text) &&
	       strncasecmp((const char *)name.data, text, name.len) == 0;
}

static bool property_take(struct tc_slice *rest, struct tc_slice *ret_name,
			  struct tc_slice *ret_value)
{
	size_t name_len;
	size_t value_len;

	name_len = rest->data[0];
	if (name_len == 0 || rest->len < 1 + name_len + 4)
		return false;
	value_len = tc_get_be32(rest->data + 1 + name_len);
	if (rest->len - 1 - name_len - 4 < value_len)
		return false;
	*ret_name = tc_slice(rest->data + 1, name_len);
	*ret_value = tc_slice(rest->data + 1 + name_len + 4, value_len);
	*rest = tc_slice(ret_value->data + value_len, rest->len - 1 - name_len - 4 - value_len);
	return true;
}

int tc_zmtp_ready_check(struct tc_slice properties, const char *socket_type,
			struct tc_slice *ret_identity, struct tc_refusal *refusal)
{
	struct tc_slice rest = properties;
	struct tc_slice identity = {0};
	struct tc_slice type = {0};

	while (rest.len > 0) {
		struct tc_slice name;
		struct tc_slice value;

		if (!property_take(&rest, &name, &value))
			return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "READY is malformed");
		if (name_is(name, "Socket-Type"))
			type = value;
		else if (name_is(name, "Identity"))
			identity = value;
	}
	if (!tc_slice_equal(type, tc_slice_text(socket_type)))
		return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "the peer's socket is not a %s",
				 socket_type);
	if (identity.len > TC_ZMTP_IDENTITY_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_PROTOCOL, "the Identity is too long");
	*ret_identity = identity;
	return 0;
}

/* Every command that we send fits a short frame. */
static int command_write(const char *name, const struct tc_slice *pieces, size_t count,
			 struct tc_bytes *out)
{
	struct tc_slice text = tc_slice_text(name);
	size_t len = 1 + text.len;
	uint8_t *to;
	int r;

	for (size_t i = 0; i < count; i++)
		len += pieces[i].len;
	if (len > 255)
		return TC_EINVAL;
	r = tc_bytes_reserve(out, 2 + len);
	if (r < 0)
		return r;
	to = out->data + out->len;
	*to++ = FLAG_COMMAND;
	*to++ = (uint8_t)len;
	*to++ = (uint8_t)text.len;
	memcpy(to, text.data, text.len);
	to += text.len;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].len > 0)
			memcpy(to, pieces[i].data, pieces[i].len);
		to += pieces[i].len;
	}
	out->len += 2 + len;
	return 0;
}

static size_t property_write(uint8_t *to, struct tc_slice name, struct tc_slice value)
{
	to[0] = (uint8_t)name.len;
	memcpy(to + 1, name.data, name.len);
	tc_put_be32(to + 1 + name.len, (uint32_t)value.len);
	if (value.len > 0)
		memcpy(to + 1 + name.len + 4, value.data, value.len);
	return 1 + name.len + 4 + value.len;
}

int tc_zmtp_command_write_ready(const char *socket_type, struct tc_bytes *out)
{
	uint8_t properties[64];
	size_t len = property_write(properties, tc_slice_text("Socket-Type"),
				    tc_slice_text(socket_type));
	struct tc_slice piece;

	len += property_write(properties + len, tc_slice_text("Identity"), tc_slice_text(""));
	piece = tc_slice(properties, len);
	return command_write("READY", &piece, 1, out);
}

int tc_zmtp_command_write_error(const struct tc_refusal *refusal, struct tc_bytes *out)
{
	enum { ROOM = 240 }; /* so that the whole command is a short frame */
	char reason[ROOM + 1];
	uint8_t len;
	int n = snprintf(reason, sizeof(reason), "%s: %s%s%s", tc_refusal_name(refusal->code),
			 tc_refusal_message(refusal->code), refusal->detail[0] ? ": " : "",
			 refusal->detail);
	struct tc_slice pieces[2];

	len = (uint8_t)(n < 0 ? 0 : n > ROOM ? ROOM : n);
	pieces[0] = tc_slice(&len, 1);
	pieces[1] = tc_slice(reason, len);
	return command_write("ERROR", pieces, 2, out);
}

int tc_zmtp_write_ping(uint16_t ttl_ds, struct tc_slice context, struct tc_bytes *out)
{
	uint8_t ttl[2];
	struct tc_slice pieces[2];

	if (context.len > TC_ZMTP_CONTEXT_BYTES_MAX)
		return TC_EINVAL;
	tc_put_be16(ttl, ttl_ds);
	pieces[0] = tc_slice(ttl, sizeof(ttl));
	pieces[1] = context;
	return command_write("PING", pieces, 2, out);
}

int tc_zmtp_write_pong(struct tc_slice context, struct tc_bytes *out)
{
	if (context.len > TC_ZMTP_CONTEXT_BYTES_MAX)
		return TC_EINVAL;
	return command_write("PONG", &context, 1, out);
}
