/* By way of JSON, as yaml_message reads: wire/json.h is the one walk over a message's members. */
#include "yaml/yaml_print.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/part_types.h"

#define INDENT 2

struct printer {
	struct tc_bytes *to;
	int fault;
};

static int mapping_print(struct printer *printer, const json_t *object,
			 const struct tc_message_rule *rule, unsigned depth, bool in_list);

static void put(struct printer *printer, const char *text)
{
	if (printer->fault == 0)
		printer->fault = tc_bytes_append(printer->to, text, strlen(text));
}

static void put_indent(struct printer *printer, unsigned columns)
{
	for (unsigned i = 0; i < columns; i++)
		put(printer, " ");
}

/* A word that no reader of YAML takes for anything but a text. */
static bool plain(const char *text)
{
	static const char *const meant[] = {"true", "false", "null", "yes", "no",
					    "on",   "off",   "y",    "n"};

	if (*text < 'a' || *text > 'z')
		return false;
	for (size_t i = 0; i < sizeof(meant) / sizeof(meant[0]); i++)
		if (strcmp(text, meant[i]) == 0)
			return false;
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.-")] == '\0';
}

/* JSON's quoted texts are YAML's. */
static void put_quoted(struct printer *printer, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (!text && printer->fault == 0)
		printer->fault = TC_ENOMEM;
	if (text)
		put(printer, text);
	free(text);
}

static void scalar_print(struct printer *printer, const json_t *value,
			 const struct tc_field_rule *field)
{
	const char *text = json_string_value(value);
	char name[128];
	int number;

	if (field->kind == TC_FIELD_ENUM && text &&
	    tc_enum_value_find(field->enumeration->descriptor, tc_slice_text(text), &number)) {
		tc_enum_short_name(field->enumeration->descriptor, number, name, sizeof(name));
		put(printer, name);
	} else if (text && plain(text)) {
		put(printer, text);
	} else {
		put_quoted(printer, value);
	}
}

static void list_print(struct printer *printer, const json_t *list,
		       const struct tc_field_rule *field, unsigned depth)
{
	size_t index;
	json_t *value;

	if (field->kind == TC_FIELD_MESSAGE) {
		put(printer, "\n");
		json_array_foreach((json_t *)(uintptr_t)list, index, value)
		{
			put_indent(printer, (depth + 1) * INDENT);
			put(printer, "- ");
			mapping_print(printer, value, field->message, depth + 2, true);
		}
		return;
	}
	put(printer, " [");
	json_array_foreach((json_t *)(uintptr_t)list, index, value)
	{
		if (index > 0)
			put(printer, ", ");
		scalar_print(printer, value, field);
	}
	put(printer, "]\n");
}

/* The first line of a mapping in a list follows its hyphen. */
static int mapping_print(struct printer *printer, const json_t *object,
			 const struct tc_message_rule *rule, unsigned depth, bool in_list)
{
	bool first = in_list;

	for (size_t i = 0; i < rule->field_count; i++) {
		const struct tc_field_rule *field = &rule->fields[i];
		const json_t *value = json_object_get(object, field->json_name);

		if (!value || (field->repeated && json_array_size(value) == 0))
			continue;
		if (!first)
			put_indent(printer, depth * INDENT);
		first = false;
		put(printer, field->name);
		put(printer, ":");
		if (field->repeated) {
			list_print(printer, value, field, depth);
		} else if (field->kind == TC_FIELD_MESSAGE) {
			put(printer, "\n");
			mapping_print(printer, value, field->message, depth + 1, false);
		} else {
			put(printer, " ");
			scalar_print(printer, value, field);
			put(printer, "\n");
		}
	}
	if (first)
		put(printer, "{}\n");
	return printer->fault;
}

int tc_yaml_print(const ProtobufCMessage *message, struct tc_bytes *ret)
{
	struct printer printer = {.to = ret};
	json_t *object = NULL;
	int r = tc_json_from_message(message, &object);

	if (r == 0)
		r = mapping_print(&printer, object, tc_message_rule_find(message->descriptor), 0,
				  false);
	json_decref(object);
	return r;
}
