/*
 * Templates: the schema's examples, put together.
 */
#include "wire/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "throughcare/v1/options.pb-c.h"
#include "wire/part_types.h"

#define DATE_CHARACTERS 10 /* of "2026-11-21" */
#define SECOND_MS       1000LL
#define DAY_MS          (86400 * SECOND_MS)

static json_t *template_message(const struct tc_message_rule *rule, int64_t now_ms);

/* "+90d", "-1d", "+2h", "+30m" from now, on the whole second. False when it is something else. */
static bool time_shift(const char *example, int64_t now_ms, int64_t *ret)
{
	char *end;
	long count;
	int64_t unit;

	if (example[0] != '+' && example[0] != '-')
		return false;
	count = strtol(example, &end, 10);
	if (end == example + 1 || strlen(end) != 1)
		return false;
	if (*end == 'd')
		unit = DAY_MS;
	else if (*end == 'h')
		unit = DAY_MS / 24;
	else if (*end == 'm')
		unit = DAY_MS / 24 / 60;
	else
		return false;
	*ret = (now_ms / SECOND_MS) * SECOND_MS + count * unit;
	return true;
}

static json_t *template_time(const struct tc_field_rule *field, int64_t now_ms)
{
	char text[TC_TIME_TEXT_BYTES];
	int64_t ms;

	if (!time_shift(field->example, now_ms, &ms))
		return json_string(field->example);
	tc_time_format(ms, text);
	if (field->kind == TC_FIELD_STRING)
		text[DATE_CHARACTERS] = '\0';
	return json_string(text);
}

static json_t *template_value(const struct tc_field_rule *field, int64_t now_ms)
{
	switch ((enum tc_field_kind)field->kind) {
	case TC_FIELD_TIMESTAMP:
		return template_time(field, now_ms);
	case TC_FIELD_STRING:
		if (field->format == THROUGHCARE__V1__FORMAT__FORMAT_DATE)
			return template_time(field, now_ms);
		return json_string(field->example);
	case TC_FIELD_BYTES:
	case TC_FIELD_ENUM:
		return json_string(field->example);
	case TC_FIELD_MESSAGE:
		return template_message(field->message, now_ms);
	case TC_FIELD_BOOL:
	case TC_FIELD_INT32:
	case TC_FIELD_INT64:
	case TC_FIELD_UINT32:
	case TC_FIELD_UINT64:
	case TC_FIELD_DOUBLE:
		break;
	}
	return json_loads(field->example, JSON_DECODE_ANY, NULL);
}

static json_t *template_field(const struct tc_field_rule *field, int64_t now_ms)
{
	json_t *value = template_value(field, now_ms);
	json_t *array;

	if (!field->repeated || !value)
		return value;
	array = json_array();
	if (!array || json_array_append_new(array, value) != 0) {
		json_decref(array);
		return NULL;
	}
	return array;
}

static json_t *template_message(const struct tc_message_rule *rule, int64_t now_ms)
{
	json_t *json = json_object();

	for (size_t i = 0; json && i < rule->field_count; i++) {
		const struct tc_field_rule *field = &rule->fields[i];
		json_t *value;

		if (!field->example)
			continue;
		value = template_field(field, now_ms);
		if (!value || json_object_set_new(json, field->json_name, value) != 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

int tc_json_template(const ProtobufCMessageDescriptor *type, int64_t now_ms, json_t **ret)
{
	const struct tc_message_rule *rule = tc_message_rule_find(type);
	json_t *json;

	if (!rule)
		return TC_EINVAL;
	json = template_message(rule, now_ms);
	if (!json)
		return TC_ENOMEM;
	*ret = json;
	return 0;
}
