/*
 * One walk over the wire bytes, one frame of the C stack for each message inside a message. The
 * plugin has made sure that types do not recurse, so the depth is the schema's, never the peer's.
 * The path of a field is put together only when something is refused: each frame that a refusal
 * passes through adds its own field's name in front.
 */
#include "wire/validate.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/id.h"
#include "wire/fields.h"
#include "wire/limits.h"
#include "wire/part_types.h"
#include "wire/utf8.h"

#define WIRE_VARINT      0
#define WIRE_FIXED64     1
#define WIRE_DELIMITED   2
#define TIME_SECONDS_MIN (-62135596800LL) /* 0001-01-01T00:00:00Z */
#define TIME_SECONDS_MAX 253402300799LL   /* 9999-12-31T23:59:59Z */

/* One message being walked. */
struct scan {
	const struct tc_message_rule *rule;
	uint64_t seen;        /* bit i: fields[i] was there */
	uint64_t said;        /* bit i: and it says something: required needs that */
	uint32_t oneofs_seen; /* bit of each oneof with a member present */
	uint32_t items[TC_MESSAGE_FIELDS_MAX]; /* of repeated fields; the others' are not used */
};

static int scan_message(struct tc_slice packed, const struct tc_message_rule *rule,
			struct tc_refusal *refusal);

static bool code_valid(struct tc_slice text)
{
	if (text.len == 0 || text.len > 64)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
		      c == ':' || c == '-'))
			return false;
	}
	return true;
}

static bool digits_read(const uint8_t *text, size_t len, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*ret = value;
	return true;
}

static bool date_valid(struct tc_slice text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;

	if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-' ||
	    !digits_read(text.data, 4, &year) || !digits_read(text.data + 5, 2, &month) ||
	    !digits_read(text.data + 8, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* Of a version and variant of RFC 9562: so no id is the same bytes as a word, a name or a number
 * next to another, and whoever looks for an id in stored bytes finds nothing else. */
static bool uuid_valid(struct tc_slice text)
{
	struct tc_id id;

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] >= 'A' && text.data[i] <= 'F')
			return false;
	return tc_id_parse(text, &id) && id.bytes[6] >> 4 >= 1 && id.bytes[6] >> 4 <= 8 &&
	       id.bytes[8] >> 6 == 2;
}

static int scan_format(const struct tc_field_rule *field, struct tc_slice text,
		       struct tc_refusal *refusal)
{
	const char *wanted = "";
	bool valid = true;

	switch ((Throughcare__V1__Format)field->format) {
	case THROUGHCARE__V1__FORMAT__FORMAT_UUID:
		valid = uuid_valid(text);
		wanted = "a UUID (RFC 9562) in lower case, 36 characters";
		break;
	case THROUGHCARE__V1__FORMAT__FORMAT_NAME:
		valid = tc_name_valid(text);
		wanted = "a name: a-z, 0-9 and inner hyphens, at most 63";
		break;
	case THROUGHCARE__V1__FORMAT__FORMAT_DATE:
		valid = date_valid(text);
		wanted = "a date: YYYY-MM-DD";
		break;
	case THROUGHCARE__V1__FORMAT__FORMAT_CODE:
		valid = code_valid(text);
		wanted = "a code: a-z, 0-9 and _.:-, at most 64";
		break;
	case THROUGHCARE__V1__FORMAT__FORMAT_TEXT:
	case _THROUGHCARE__V1__FORMAT_IS_INT_SIZE:
		break;
	}
	return valid ? 0 : tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": not %s", wanted);
}

static int scan_bytes(const struct tc_field_rule *field, struct tc_slice bytes,
		      struct tc_refusal *refusal)
{
	if (bytes.len > field->max_bytes)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, ": %zu bytes, at most %u",
				 bytes.len, field->max_bytes);
	if (field->kind == TC_FIELD_BYTES)
		return 0;
	if (!tc_utf8_valid(bytes))
		return tc_refuse(refusal, TC_REFUSAL_UTF8_INVALID, "%s", "");
	if (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": a NUL inside");
	if (field->format != THROUGHCARE__V1__FORMAT__FORMAT_TEXT)
		return scan_format(field, bytes, refusal);
	return 0;
}

static int scan_timestamp(struct tc_slice packed, struct tc_refusal *refusal)
{
	struct tc_field field;
	bool seen[3] = {false};
	int r;

	while ((r = tc_fields_next(&packed, &field)) == 0) {
		int64_t value = (int64_t)field.value;

		if (field.number > 2 || field.wire_type != WIRE_VARINT)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_UNKNOWN,
					 ": field %u of the time", field.number);
		if (seen[field.number])
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": given twice");
		seen[field.number] = true;
		if (field.number == 1 && (value < TIME_SECONDS_MIN || value > TIME_SECONDS_MAX))
			return tc_refuse(refusal, TC_REFUSAL_TIME_ABSURD,
					 ": outside the years 0001 to 9999");
		if (field.number == 2 && (value < 0 || value > 999999999))
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 ": nanoseconds out of range");
	}
	if (r != TC_FIELDS_END)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "%s", "");
	return 0;
}

static int scan_enum(const struct tc_field_rule *field, uint64_t value, struct tc_refusal *refusal)
{
	const ProtobufCEnumDescriptor *type = field->enumeration->descriptor;

	/* Nearly all enumerations are one run of numbers from 0. */
	if (type->n_value_ranges == 1 && type->value_ranges[0].start_value == 0 &&
	    value < type->n_values)
		return 0;
	if (value <= INT32_MAX && protobuf_c_enum_descriptor_get_value(type, (int)value))
		return 0;
	return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": a number without a meaning");
}

static int scan_number(const struct tc_field_rule *field, uint64_t value,
		       struct tc_refusal *refusal)
{
	int64_t whole = (int64_t)value;
	double real;

	switch ((enum tc_field_kind)field->kind) {
	case TC_FIELD_ENUM:
		return scan_enum(field, value, refusal);
	case TC_FIELD_BOOL:
		if (value > 1)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
					 ": neither true nor false");
		return 0;
	case TC_FIELD_INT32:
		if (whole < INT32_MIN || whole > INT32_MAX)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": over 32 bits");
		return 0;
	case TC_FIELD_UINT32:
		if (value > UINT32_MAX)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": over 32 bits");
		return 0;
	case TC_FIELD_DOUBLE:
		memcpy(&real, &value, sizeof(real));
		if (!isfinite(real))
			return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": not a number");
		return 0;
	case TC_FIELD_INT64:
	case TC_FIELD_UINT64:
	case TC_FIELD_STRING:
	case TC_FIELD_BYTES:
	case TC_FIELD_TIMESTAMP:
	case TC_FIELD_MESSAGE:
		break;
	}
	return 0;
}

/* Whether the value is more than an empty text or an enumeration's "unspecified". */
static bool says_something(const struct tc_field_rule *field, const struct tc_field *value)
{
	if (field->kind == TC_FIELD_STRING)
		return value->bytes.len > 0;
	return field->kind != TC_FIELD_ENUM || value->value != 0;
}

static int scan_value(const struct tc_field_rule *field, const struct tc_field *value,
		      struct tc_refusal *refusal)
{
	uint8_t wire_type = WIRE_VARINT;

	if (field->kind >= TC_FIELD_STRING)
		wire_type = WIRE_DELIMITED;
	else if (field->kind == TC_FIELD_DOUBLE)
		wire_type = WIRE_FIXED64;
	if (value->wire_type != wire_type)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, ": of another wire type");
	if (field->kind == TC_FIELD_STRING || field->kind == TC_FIELD_BYTES)
		return scan_bytes(field, value->bytes, refusal);
	if (field->kind == TC_FIELD_TIMESTAMP)
		return scan_timestamp(value->bytes, refusal);
	if (field->kind == TC_FIELD_MESSAGE)
		return scan_message(value->bytes, field->message, refusal);
	return scan_number(field, value->value, refusal);
}

/* Takes the next number off a packed repeated field. */
static bool packed_next(const struct tc_field_rule *field, struct tc_slice *rest, uint64_t *ret)
{
	size_t len = 0;

	*ret = 0;
	if (field->kind == TC_FIELD_DOUBLE) {
		if (rest->len < 8)
			return false;
		for (len = 0; len < 8; len++)
			*ret |= (uint64_t)rest->data[len] << (8 * len);
	} else {
		do {
			if (len == rest->len || len == 10)
				return false;
			*ret |= (uint64_t)(rest->data[len] & 0x7f) << (7 * len);
		} while (rest->data[len++] >= 0x80);
	}
	*rest = tc_slice(rest->data + len, rest->len - len);
	return true;
}

/* Puts the field's own place in front of what was refused inside it. */
static int refuse_in(const struct tc_field_rule *field, uint32_t item, struct tc_refusal *refusal)
{
	const char *joint = refusal->detail[0] == '\0' || refusal->detail[0] == ':' ? "" : ".";

	if (field->repeated)
		return tc_refuse_within(refusal, "%s[%u]%s", field->name, item, joint);
	return tc_refuse_within(refusal, "%s%s", field->name, joint);
}

static int scan_item(struct scan *scan, size_t index, const struct tc_field *value,
		     struct tc_refusal *refusal)
{
	const struct tc_field_rule *field = &scan->rule->fields[index];
	uint32_t item = 0;

	if (field->repeated) {
		item = scan->items[index]++;
		if (item >= field->max_items)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG,
					 "%s: more than %u entries", field->name, field->max_items);
	}
	if (scan_value(field, value, refusal) != 0)
		return refuse_in(field, item, refusal);
	if (says_something(field, value))
		scan->said |= UINT64_C(1) << index;
	return 0;
}

static int scan_packed(struct scan *scan, size_t index, const struct tc_field *value,
		       struct tc_refusal *refusal)
{
	const struct tc_field_rule *field = &scan->rule->fields[index];
	struct tc_slice rest = value->bytes;
	struct tc_field one = {.number = value->number};
	int r;

	one.wire_type = field->kind == TC_FIELD_DOUBLE ? WIRE_FIXED64 : WIRE_VARINT;
	while (rest.len > 0) {
		if (!packed_next(field, &rest, &one.value))
			return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "%s", field->name);
		r = scan_item(scan, index, &one, refusal);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A singular field comes once, and of a oneof one member. */
static int scan_once(struct scan *scan, const struct tc_field_rule *field, size_t index,
		     struct tc_refusal *refusal)
{
	uint64_t bit = UINT64_C(1) << index;

	if (!field->repeated && (scan->seen & bit))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "%s: given twice", field->name);
	scan->seen |= bit;
	if (field->oneof == 0)
		return 0;
	if (scan->oneofs_seen & (UINT32_C(1) << field->oneof))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID,
				 "%s: beside another of its alternatives", field->name);
	scan->oneofs_seen |= UINT32_C(1) << field->oneof;
	return 0;
}

static int scan_required(const struct scan *scan, struct tc_refusal *refusal)
{
	for (size_t i = 0; i < scan->rule->field_count; i++)
		if (scan->rule->fields[i].required && !(scan->said & (UINT64_C(1) << i)))
			return tc_refuse(refusal, TC_REFUSAL_FIELD_MISSING, "%s",
					 scan->rule->fields[i].name);
	return 0;
}

static int scan_message(struct tc_slice packed, const struct tc_message_rule *rule,
			struct tc_refusal *refusal)
{
	struct scan scan;
	struct tc_field value;
	int r;

	scan.rule = rule;
	scan.seen = scan.said = 0;
	scan.oneofs_seen = 0;
	memset(scan.items, 0, rule->field_count * sizeof(scan.items[0]));
	while ((r = tc_fields_next(&packed, &value)) == 0) {
		const struct tc_field_rule *field = tc_field_rule_find(rule, value.number);
		size_t index;

		if (!field)
			return tc_refuse(refusal, TC_REFUSAL_FIELD_UNKNOWN, "field %u",
					 value.number);
		index = (size_t)(field - rule->fields);
		r = scan_once(&scan, field, index, refusal);
		if (r != 0)
			return r;
		if (field->repeated && value.wire_type == WIRE_DELIMITED &&
		    field->kind < TC_FIELD_STRING)
			r = scan_packed(&scan, index, &value, refusal);
		else
			r = scan_item(&scan, index, &value, refusal);
		if (r != 0)
			return r;
	}
	if (r != TC_FIELDS_END)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "%s", "");
	return scan_required(&scan, refusal);
}

int tc_message_scan(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
		    struct tc_refusal *refusal)
{
	const struct tc_message_rule *rule = tc_message_rule_find(type);

	if (!rule)
		return TC_EINVAL;
	return scan_message(packed, rule, refusal) == 0 ? 0 : TC_MESSAGE_REFUSED;
}
