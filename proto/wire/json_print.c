/*
 * Writing: what is set in a message, in the order of its field numbers.
 */
#include "wire/json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/base64.h"
#include "wire/part_types.h"

#define FRACTION_ROOM 40

static json_t *print_message(const ProtobufCMessage *message, const struct tc_message_rule *rule);

static json_t *print_bytes(const ProtobufCBinaryData *bytes)
{
	char *text = malloc(TC_BASE64_TEXT_BYTES(bytes->len));
	json_t *json;

	if (!text)
		return NULL;
	tc_base64_encode(tc_slice(bytes->data, bytes->len), text);
	json = json_string(text);
	free(text);
	return json;
}

/* RFC 3339 with 0, 3, 6 or 9 digits of the second. */
static json_t *print_timestamp(const Google__Protobuf__Timestamp *time)
{
	char whole[TC_TIME_TEXT_BYTES];
	char text[FRACTION_ROOM];
	int nanos = time->nanos;

	tc_time_format(time->seconds * 1000, whole);
	whole[strlen("YYYY-MM-DDThh:mm:ss")] = '\0';
	if (nanos == 0)
		snprintf(text, sizeof(text), "%sZ", whole);
	else if (nanos % 1000000 == 0)
		snprintf(text, sizeof(text), "%s.%03dZ", whole, nanos / 1000000);
	else if (nanos % 1000 == 0)
		snprintf(text, sizeof(text), "%s.%06dZ", whole, nanos / 1000);
	else
		snprintf(text, sizeof(text), "%s.%09dZ", whole, nanos);
	return json_string(text);
}

static json_t *print_enum(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

	return found ? json_string(found->name) : json_integer(value);
}

static json_t *print_whole(bool negative, uint64_t magnitude)
{
	char text[24];

	snprintf(text, sizeof(text), "%s%" PRIu64, negative ? "-" : "", magnitude);
	return json_string(text);
}

/* NULL: no memory, or a value that JSON cannot hold. */
static json_t *print_value(const struct tc_field_rule *field, const void *member)
{
	int64_t whole;

	switch ((enum tc_field_kind)field->kind) {
	case TC_FIELD_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)member);
	case TC_FIELD_INT32:
		return json_integer(*(const int32_t *)member);
	case TC_FIELD_UINT32:
		return json_integer(*(const uint32_t *)member);
	case TC_FIELD_INT64:
		whole = *(const int64_t *)member;
		return print_whole(whole < 0,
				   whole < 0 ? (uint64_t)0 - (uint64_t)whole : (uint64_t)whole);
	case TC_FIELD_UINT64:
		return print_whole(false, *(const uint64_t *)member);
	case TC_FIELD_DOUBLE:
		return json_real(*(const double *)member);
	case TC_FIELD_ENUM:
		return print_enum(field->enumeration->descriptor, *(const int *)member);
	case TC_FIELD_STRING:
		return json_string(*(char *const *)member);
	case TC_FIELD_BYTES:
		return print_bytes(member);
	case TC_FIELD_TIMESTAMP:
		return print_timestamp(*(Google__Protobuf__Timestamp *const *)member);
	case TC_FIELD_MESSAGE:
		return print_message(*(ProtobufCMessage *const *)member, field->message);
	}
	return NULL;
}

static size_t element_bytes(const struct tc_field_rule *field)
{
	switch ((enum tc_field_kind)field->kind) {
	case TC_FIELD_BOOL:
	case TC_FIELD_INT32:
	case TC_FIELD_UINT32:
	case TC_FIELD_ENUM:
		return sizeof(uint32_t);
	case TC_FIELD_INT64:
	case TC_FIELD_UINT64:
	case TC_FIELD_DOUBLE:
		return sizeof(uint64_t);
	case TC_FIELD_BYTES:
		return sizeof(ProtobufCBinaryData);
	case TC_FIELD_STRING:
	case TC_FIELD_TIMESTAMP:
	case TC_FIELD_MESSAGE:
		break;
	}
	return sizeof(void *);
}

static json_t *print_array(const struct tc_field_rule *field, const void *array, size_t count)
{
	json_t *json = json_array();

	for (size_t i = 0; json && i < count; i++) {
		json_t *item = print_value(field, (const char *)array + i * element_bytes(field));

		if (!item || json_array_append_new(json, item) != 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

static bool is_present(const struct tc_field_rule *field, const void *member,
		       const void *quantifier)
{
	if (field->oneof != 0)
		return *(const uint32_t *)quantifier == field->number;
	if (field->repeated)
		return *(const size_t *)quantifier > 0;
	if (field->kind == TC_FIELD_STRING || field->kind >= TC_FIELD_TIMESTAMP)
		return *(const void *const *)member != NULL;
	return *(const protobuf_c_boolean *)quantifier;
}

static json_t *print_message(const ProtobufCMessage *message, const struct tc_message_rule *rule)
{
	json_t *json = json_object();

	for (size_t i = 0; json && i < rule->field_count; i++) {
		const struct tc_field_rule *field = &rule->fields[i];
		const ProtobufCFieldDescriptor *place = &rule->descriptor->fields[i];
		const char *base = (const char *)message;
		const void *member = base + place->offset;
		const void *quantifier = base + place->quantifier_offset;
		json_t *value;

		if (!is_present(field, member, quantifier))
			continue;
		if (field->repeated)
			value = print_array(field, *(const void *const *)member,
					    *(const size_t *)quantifier);
		else
			value = print_value(field, member);
		if (!value || json_object_set_new(json, field->json_name, value) != 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

int tc_json_from_message(const ProtobufCMessage *message, json_t **ret)
{
	const struct tc_message_rule *rule = tc_message_rule_find(message->descriptor);
	json_t *json;

	if (!rule)
		return TC_EINVAL;
	json = print_message(message, rule);
	if (!json)
		return TC_ENOMEM;
	*ret = json;
	return 0;
}
