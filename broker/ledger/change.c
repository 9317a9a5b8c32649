#include "ledger/change.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ledger/arena.h"

#define CHANGES_MAX 64

/* A value as text, and a hash of all of it. */
struct change_text {
	char text[CHANGE_TEXT_BYTES_MAX + 1];
	size_t len;
	bool cut;
	uint64_t hash; /* FNV-1a */
};

static void text_put(struct change_text *to, const char *from, size_t len)
{
	size_t room = CHANGE_TEXT_BYTES_MAX - to->len;
	size_t taken = len;

	for (size_t i = 0; i < len; i++)
		to->hash = (to->hash ^ (uint8_t)from[i]) * UINT64_C(0x100000001b3);
	if (to->cut)
		return;
	if (taken > room) {
		/* Not in the middle of a character. */
		for (taken = room; taken > 0 && ((uint8_t)from[taken] & 0xc0) == 0x80; taken--)
			;
		to->cut = true;
	}
	memcpy(to->text + to->len, from, taken);
	to->len += taken;
	to->text[to->len] = '\0';
}

static void text_say(struct change_text *to, const char *text)
{
	text_put(to, text, strlen(text));
}

static void number_put(struct change_text *to, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	text_say(to, text);
}

static void message_put(struct change_text *to, const ProtobufCMessage *message);

static void bytes_put(struct change_text *to, const ProtobufCBinaryData *bytes)
{
	char hex[65];

	for (size_t at = 0; at < bytes->len; at += 32) {
		size_t len = bytes->len - at < 32 ? bytes->len - at : 32;

		tc_hex(bytes->data + at, len, hex);
		text_put(to, hex, 2 * len);
	}
}

static void enum_put(struct change_text *to, const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);

	if (named != NULL)
		text_say(to, named->name);
	else
		number_put(to, value);
}

/* One value of the field, at its place in memory. */
static void value_put(struct change_text *to, const ProtobufCFieldDescriptor *field, const void *at)
{
	char real[32];

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		number_put(to, *(const int32_t *)at);
		return;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		number_put(to, *(const uint32_t *)at);
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		number_put(to, *(const int64_t *)at);
		return;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		(void)snprintf(real, sizeof(real), "%.9g",
			       field->type == PROTOBUF_C_TYPE_FLOAT ? (double)*(const float *)at
								    : *(const double *)at);
		text_say(to, real);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		text_say(to, *(const protobuf_c_boolean *)at ? "yes" : "no");
		return;
	case PROTOBUF_C_TYPE_ENUM:
		enum_put(to, field->descriptor, *(const int *)at);
		return;
	case PROTOBUF_C_TYPE_STRING:
		text_say(to, *(char *const *)at);
		return;
	case PROTOBUF_C_TYPE_BYTES:
		bytes_put(to, at);
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		message_put(to, *(ProtobufCMessage *const *)at);
		return;
	}
}

static size_t value_bytes(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	}
	return 0;
}

static bool by_pointer(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* How many values the field has, and the first of them. */
static size_t field_values(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
			   const uint8_t **ret)
{
	const uint8_t *base = (const uint8_t *)message;
	size_t count;

	*ret = base + field->offset;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		memcpy(&count, base + field->quantifier_offset, sizeof(count));
		memcpy(ret, base + field->offset, sizeof(*ret));
		return count;
	}
	if (by_pointer(field)) {
		const void *at;

		memcpy(&at, *ret, sizeof(at));
		return at != NULL;
	}
	return *(const protobuf_c_boolean *)(base + field->quantifier_offset) != 0;
}

static void field_put(struct change_text *to, const ProtobufCMessage *message,
		      const ProtobufCFieldDescriptor *field)
{
	const uint8_t *at;
	size_t count = field_values(message, field, &at);

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_say(to, ", ");
		value_put(to, field, at + i * value_bytes(field));
	}
}

static void time_put(struct change_text *to, const Google__Protobuf__Timestamp *time)
{
	char text[TC_TIME_TEXT_BYTES];

	tc_time_format(time->seconds * 1000 + time->nanos / 1000000, text);
	text_say(to, text);
}

/* Schemas are never recursive. */
static void message_put(struct change_text *to, const ProtobufCMessage *message)
{
	const char *between = "";

	if (message->descriptor == &google__protobuf__timestamp__descriptor) {
		time_put(to, (const Google__Protobuf__Timestamp *)message);
		return;
	}
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const uint8_t *at;

		if (field_values(message, field, &at) == 0)
			continue;
		text_say(to, between);
		text_say(to, field->name);
		text_say(to, "=");
		field_put(to, message, field);
		between = " ";
	}
}

static char *keep(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *kept = arena_take(arena, size);

	if (kept != NULL)
		memcpy(kept, text, size);
	return kept;
}

int change_add(struct arena *arena, const char *field, const char *before, const char *after,
	       Throughcare__V1__TrailRow *row)
{
	Throughcare__V1__TrailChange *change = arena_take(arena, sizeof(*change));
	bool was = before != NULL && before[0] != '\0';
	bool is = after != NULL && after[0] != '\0';

	if (row->changes == NULL)
		row->changes = arena_take(arena, CHANGES_MAX * sizeof(*row->changes));
	if (change == NULL || row->changes == NULL)
		return TC_ENOMEM;
	if (row->n_changes == CHANGES_MAX)
		return 0;
	throughcare__v1__trail_change__init(change);
	change->field = keep(arena, field);
	change->before = was ? keep(arena, before) : NULL;
	change->after = is ? keep(arena, after) : NULL;
	if (change->field == NULL || (was && change->before == NULL) ||
	    (is && change->after == NULL))
		return TC_ENOMEM;
	row->changes[row->n_changes++] = change;
	return 0;
}

int change_list(struct arena *arena, const ProtobufCMessage *before, const ProtobufCMessage *after,
		Throughcare__V1__TrailRow *row)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < after->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &after->descriptor->fields[i];
		struct change_text was = {.len = 0}, is = {.len = 0};

		if (before != NULL)
			field_put(&was, before, field);
		field_put(&is, after, field);
		if (was.hash == is.hash)
			continue;
		r = change_add(arena, field->name, was.text, is.text, row);
	}
	return r;
}
