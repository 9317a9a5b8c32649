/*
 * Reading: one function for each kind of value, each filling the member that protobuf-c's
 * descriptor points to. Whatever was filled when something is refused goes with the message.
 */
#include "wire/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/base64.h"
#include "wire/part_types.h"

#define NANOS_PER_DIGIT_MAX 100000000

static int read_message(const json_t *json, const struct tc_message_rule *rule,
			ProtobufCMessage **ret, struct tc_refusal *refusal);

int tc_json_parse(struct tc_slice text, json_t **ret, struct tc_refusal *refusal)
{
	json_error_t error;
	json_t *json;

	if (text.len > TC_JSON_TEXT_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG,
				 "the JSON text: at most %d bytes", TC_JSON_TEXT_BYTES_MAX);
	json = json_loadb((const char *)text.data, text.len, TC_JSON_DECODE_FLAGS, &error);
	if (!json && json_error_code(&error) == json_error_out_of_memory)
		return TC_ENOMEM;
	if (!json) {
		/* jansson's text may quote the input, which is content. */
		bool doubled = json_error_code(&error) == json_error_duplicate_key;

		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "line %d, column %d: %s",
				 error.line, error.column,
				 doubled ? "a name is given twice" : "not JSON");
	}
	*ret = json;
	return 0;
}

static int refuse_value(struct tc_refusal *refusal, const char *wanted)
{
	tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": not %s", wanted);
	return TC_JSON_REFUSED;
}

static struct tc_slice text_of(const json_t *json)
{
	return tc_slice(json_string_value(json), json_string_length(json));
}

/* Digits, with a sign where `negative` may be set. */
static bool whole_parse(struct tc_slice text, uint64_t *ret, bool *ret_negative)
{
	uint64_t value = 0;
	size_t at = text.len > 0 && text.data[0] == '-';

	*ret_negative = at == 1;
	if (text.len == at || text.len - at > 20)
		return false;
	for (; at < text.len; at++) {
		unsigned digit = (unsigned)text.data[at] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* A whole number as a magnitude and a sign. */
static bool whole_read(const json_t *json, uint64_t *ret, bool *ret_negative)
{
	double real = json_is_real(json) ? json_real_value(json) : 0;
	json_int_t value = json_integer_value(json);

	if (json_is_string(json))
		return whole_parse(text_of(json), ret, ret_negative);
	if (json_is_real(json)) {
		/* 1.0 and 1e3 are whole; over 2^53 a real does not say which number it means. */
		if (!(real >= -9007199254740992.0 && real <= 9007199254740992.0))
			return false;
		value = (json_int_t)real;
		if ((double)value != real)
			return false;
	} else if (!json_is_integer(json)) {
		return false;
	}
	*ret_negative = value < 0;
	*ret = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
	return true;
}

static int read_whole(const json_t *json, const struct tc_field_rule *field, void *member,
		      struct tc_refusal *refusal)
{
	uint64_t value = 0;
	bool negative = false;
	bool is_32 = field->kind == TC_FIELD_INT32 || field->kind == TC_FIELD_UINT32;
	bool is_signed = field->kind == TC_FIELD_INT32 || field->kind == TC_FIELD_INT64;
	uint64_t limit = is_32 ? UINT32_MAX : UINT64_MAX;

	if (!whole_read(json, &value, &negative))
		return refuse_value(refusal, "a whole number");
	if (is_signed)
		limit = limit / 2 + (negative ? 1 : 0);
	else if (negative)
		limit = 0;
	if (value > limit)
		return refuse_value(refusal, "a number that fits the field");
	if (is_32) {
		uint32_t bits = (uint32_t)(negative ? (uint64_t)0 - value : value);

		memcpy(member, &bits, sizeof(bits));
	} else {
		uint64_t bits = negative ? (uint64_t)0 - value : value;

		memcpy(member, &bits, sizeof(bits));
	}
	return 0;
}

static int read_double(const json_t *json, double *member, struct tc_refusal *refusal)
{
	json_t *inner = NULL;

	if (json_is_number(json)) {
		*member = json_number_value(json);
		return 0;
	}
	if (json_is_string(json)) /* jansson, since strtod asks the locale */
		inner = json_loadb(json_string_value(json), json_string_length(json),
				   JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
	if (!json_is_real(inner)) {
		json_decref(inner);
		return refuse_value(refusal, "a number");
	}
	*member = json_real_value(inner);
	json_decref(inner);
	return 0;
}

static int read_enum(const json_t *json, const struct tc_field_rule *field, int *member,
		     struct tc_refusal *refusal)
{
	const ProtobufCEnumDescriptor *type = field->enumeration->descriptor;
	json_int_t number = json_integer_value(json);

	if (json_is_string(json) && tc_enum_value_find(type, text_of(json), member))
		return 0;
	if (json_is_integer(json) && number >= 0 && number <= INT32_MAX &&
	    protobuf_c_enum_descriptor_get_value(type, (int)number)) {
		*member = (int)number;
		return 0;
	}
	tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": not a value of %s", type->short_name);
	return TC_JSON_REFUSED;
}

static int read_string(const json_t *json, char **member, struct tc_refusal *refusal)
{
	struct tc_slice text = text_of(json);

	if (!json_is_string(json))
		return refuse_value(refusal, "a text");
	if (memchr(text.data, '\0', text.len))
		return refuse_value(refusal, "a text without NUL");
	*member = strdup(json_string_value(json));
	return *member ? 0 : TC_ENOMEM;
}

static int read_bytes(const json_t *json, ProtobufCBinaryData *member, struct tc_refusal *refusal)
{
	struct tc_slice text = text_of(json);

	if (!json_is_string(json))
		return refuse_value(refusal, "bytes in base64");
	member->data = malloc(text.len / 4 * 3 + 3);
	if (!member->data)
		return TC_ENOMEM;
	if (!tc_base64_decode(text, member->data, &member->len))
		return refuse_value(refusal, "bytes in base64");
	return 0;
}

/* The nanoseconds of an RFC 3339 text that tc_time_parse takes (it keeps milliseconds only). */
static int32_t nanos_of(struct tc_slice text)
{
	const uint8_t *point = text.len > 20 ? memchr(text.data, '.', text.len) : NULL;
	int32_t nanos = 0;

	if (!point)
		return 0;
	for (int32_t unit = NANOS_PER_DIGIT_MAX; unit > 0; unit /= 10) {
		point++;
		if (point == text.data + text.len || *point < '0' || *point > '9')
			break;
		nanos += (*point - '0') * unit;
	}
	return nanos;
}

static int read_timestamp(const json_t *json, ProtobufCMessage **member, struct tc_refusal *refusal)
{
	Google__Protobuf__Timestamp *time;
	int64_t ms;

	if (!json_is_string(json) || !tc_time_parse(text_of(json), &ms))
		return refuse_value(refusal, "a time as in RFC 3339");
	time = malloc(sizeof(*time));
	if (!time)
		return TC_ENOMEM;
	google__protobuf__timestamp__init(time);
	time->seconds = ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
	time->nanos = nanos_of(text_of(json));
	*member = &time->base;
	return 0;
}

static int read_value(const json_t *json, const struct tc_field_rule *field, void *member,
		      struct tc_refusal *refusal)
{
	switch ((enum tc_field_kind)field->kind) {
	case TC_FIELD_BOOL:
		if (!json_is_boolean(json))
			return refuse_value(refusal, "true or false");
		*(protobuf_c_boolean *)member = json_is_true(json);
		return 0;
	case TC_FIELD_INT32:
	case TC_FIELD_INT64:
	case TC_FIELD_UINT32:
	case TC_FIELD_UINT64:
		return read_whole(json, field, member, refusal);
	case TC_FIELD_DOUBLE:
		return read_double(json, member, refusal);
	case TC_FIELD_ENUM:
		return read_enum(json, field, member, refusal);
	case TC_FIELD_STRING:
		return read_string(json, member, refusal);
	case TC_FIELD_BYTES:
		return read_bytes(json, member, refusal);
	case TC_FIELD_TIMESTAMP:
		return read_timestamp(json, member, refusal);
	case TC_FIELD_MESSAGE:
		return read_message(json, field->message, member, refusal);
	}
	return TC_EINVAL;
}

static size_t member_bytes(const struct tc_field_rule *field)
{
	switch ((enum tc_field_kind)field->kind) {
	case TC_FIELD_BOOL:
		return sizeof(protobuf_c_boolean);
	case TC_FIELD_INT32:
	case TC_FIELD_UINT32:
		return sizeof(uint32_t);
	case TC_FIELD_INT64:
	case TC_FIELD_UINT64:
		return sizeof(uint64_t);
	case TC_FIELD_DOUBLE:
		return sizeof(double);
	case TC_FIELD_ENUM:
		return sizeof(int);
	case TC_FIELD_STRING:
		return sizeof(char *);
	case TC_FIELD_BYTES:
		return sizeof(ProtobufCBinaryData);
	case TC_FIELD_TIMESTAMP:
	case TC_FIELD_MESSAGE:
		break;
	}
	return sizeof(ProtobufCMessage *);
}

static int read_array(const json_t *json, const struct tc_field_rule *field, size_t *count,
		      void **array, struct tc_refusal *refusal)
{
	size_t len = json_array_size(json);
	size_t each = member_bytes(field);
	const json_t *item;
	size_t i;
	int r;

	if (!json_is_array(json))
		return refuse_value(refusal, "an array");
	if (len > field->max_items) {
		tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, ": more than %u entries",
			  field->max_items);
		return TC_JSON_REFUSED;
	}
	if (len == 0)
		return 0;
	*array = calloc(len, each);
	if (!*array)
		return TC_ENOMEM;
	json_array_foreach(json, i, item)
	{
		(*count)++; /* what is half read is released, too */
		r = read_value(item, field, (char *)*array + i * each, refusal);
		if (r == TC_JSON_REFUSED) {
			const char *joint =
				refusal->detail[0] == ':' || refusal->detail[0] == '[' ? "" : ".";

			tc_refuse_within(refusal, "[%zu]%s", i, joint);
		}
		if (r != 0)
			return r;
	}
	return 0;
}

static bool has_flag(const struct tc_field_rule *field)
{
	return field->kind != TC_FIELD_STRING && field->kind < TC_FIELD_TIMESTAMP;
}

static int read_field(const json_t *json, const struct tc_message_rule *rule, size_t index,
		      ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const struct tc_field_rule *field = &rule->fields[index];
	const ProtobufCFieldDescriptor *place = &rule->descriptor->fields[index];
	void *member = (char *)message + place->offset;
	void *quantifier = (char *)message + place->quantifier_offset;
	int r;

	if (field->repeated)
		return read_array(json, field, quantifier, member, refusal);
	if (field->oneof != 0) {
		uint32_t *chosen = quantifier;

		if (*chosen != 0)
			return refuse_value(refusal,
					    "alone: only one of its alternatives may be given");
		*chosen = field->number;
		return read_value(json, field, member, refusal);
	}
	r = read_value(json, field, member, refusal);
	if (r == 0 && has_flag(field))
		*(protobuf_c_boolean *)quantifier = 1;
	return r;
}

static bool field_find(const struct tc_message_rule *rule, const char *key, size_t *ret)
{
	for (size_t i = 0; i < rule->field_count; i++) {
		if (strcmp(rule->fields[i].json_name, key) == 0 ||
		    strcmp(rule->fields[i].name, key) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int read_members(const json_t *json, const struct tc_message_rule *rule,
			ProtobufCMessage *message, struct tc_refusal *refusal)
{
	const char *key;
	json_t *value;
	uint64_t seen = 0;
	size_t i;

	/* jansson's iteration wants a non-const object and changes nothing in it. */
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		int r;

		if (!field_find(rule, key, &i)) {
			/* A key may be anything, also what belongs into a value: only short words
			 * are told. */
			bool tell = strlen(key) <= 64 && strspn(key, "abcdefghijklmnopqrstuvwxyz"
								     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								     "0123456789_") == strlen(key);

			tc_refuse(refusal, TC_REFUSAL_FIELD_UNKNOWN, "%s", tell ? key : "(a name)");
			return TC_JSON_REFUSED;
		}
		if (seen & (UINT64_C(1) << i)) {
			tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "%s: given twice", key);
			return TC_JSON_REFUSED;
		}
		seen |= UINT64_C(1) << i;
		if (json_is_null(value))
			continue;
		r = read_field(value, rule, i, message, refusal);
		if (r == TC_JSON_REFUSED) {
			const char *joint =
				refusal->detail[0] == ':' || refusal->detail[0] == '[' ? "" : ".";

			tc_refuse_within(refusal, "%s%s", rule->fields[i].json_name, joint);
		}
		if (r != 0)
			return r;
	}
	return 0;
}

static int read_message(const json_t *json, const struct tc_message_rule *rule,
			ProtobufCMessage **ret, struct tc_refusal *refusal)
{
	ProtobufCMessage *message;
	int r;

	if (!json_is_object(json))
		return refuse_value(refusal, "an object");
	message = malloc(rule->descriptor->sizeof_message);
	if (!message)
		return TC_ENOMEM;
	protobuf_c_message_init(rule->descriptor, message);
	r = read_members(json, rule, message, refusal);
	if (r != 0) {
		protobuf_c_message_free_unpacked(message, NULL);
		return r;
	}
	*ret = message;
	return 0;
}

int tc_json_to_message(const json_t *json, const ProtobufCMessageDescriptor *type,
		       ProtobufCMessage **ret, struct tc_refusal *refusal)
{
	const struct tc_message_rule *rule = tc_message_rule_find(type);

	return rule ? read_message(json, rule, ret, refusal) : TC_EINVAL;
}
