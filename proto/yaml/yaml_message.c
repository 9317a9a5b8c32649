/*
 * By way of JSON: the tree is turned into JSON values along the schema, since the one reader of
 * messages by their names is that of wire/json.h. What it and the scan refuse names a path,
 * which leads back to a place in the tree.
 */
#include "yaml/yaml_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"
#include "wire/part_types.h"
#include "wire/validate.h"

static int node_to_json(const struct tc_yaml_node *node, const struct tc_field_rule *field,
			json_t **ret, struct tc_yaml_error *error);

static const struct tc_field_rule *field_named(const struct tc_message_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->field_count; i++)
		if (strcmp(rule->fields[i].name, name) == 0)
			return &rule->fields[i];
	return NULL;
}

static int wrong_here(struct tc_yaml_error *error, const struct tc_yaml_node *node,
		      const char *hint, const char *message)
{
	return tc_yaml_wrong(error, node->line, node->column, hint, "%s", message);
}

/* "one of a, b, c", as far as there is room. */
struct choice {
	char text[TC_YAML_HINT_BYTES];
	size_t len;
};

static void choice_add(struct choice *choice, const char *name)
{
	const size_t room = sizeof(choice->text) - choice->len;
	int more = snprintf(choice->text + choice->len, room, "%s %s", choice->len ? "," : "one of",
			    name);

	if (more > 0 && (size_t)more < room)
		choice->len += (size_t)more;
	else
		choice->text[choice->len] = '\0';
}

static int value_unknown(struct tc_yaml_error *error, const struct tc_yaml_node *node,
			 const ProtobufCEnumDescriptor *type)
{
	struct choice choice = {.len = 0};

	for (unsigned i = 0; i < type->n_values; i++) {
		char name[64];

		tc_enum_short_name(type, type->values[i].value, name, sizeof(name));
		if (type->values[i].value != 0)
			choice_add(&choice, name);
	}
	return tc_yaml_wrong(error, node->line, node->column, choice.text, "there is no %.64s here",
			     node->text);
}

static int name_unknown(struct tc_yaml_error *error, const struct tc_yaml_node *entry,
			const struct tc_message_rule *rule)
{
	struct choice choice = {.len = 0};

	for (size_t i = 0; i < rule->field_count; i++)
		choice_add(&choice, rule->fields[i].name);
	return tc_yaml_wrong(error, entry->name_line, entry->name_column, choice.text,
			     "there is no %.64s here", entry->name);
}

static int mapping_to_json(const struct tc_yaml_node *node, const struct tc_message_rule *rule,
			   json_t **ret, struct tc_yaml_error *error)
{
	json_t *object;
	int r = 0;

	if (node->kind != TC_YAML_MAPPING)
		return wrong_here(error, node, "write NAME: VALUE lines", "a mapping is wanted");
	object = json_object();
	for (size_t i = 0; object && r == 0 && i < node->count; i++) {
		const struct tc_yaml_node *entry = &node->entries[i];
		const struct tc_field_rule *field = field_named(rule, entry->name);
		json_t *value = NULL;

		r = field ? node_to_json(entry, field, &value, error)
			  : name_unknown(error, entry, rule);
		if (r == 0 && json_object_set_new(object, entry->name, value) != 0)
			r = TC_ENOMEM;
	}
	if (r == 0 && object) {
		*ret = object;
		return 0;
	}
	json_decref(object);
	return r ? r : TC_ENOMEM;
}

static int value_to_json(const struct tc_yaml_node *node, const struct tc_field_rule *field,
			 json_t **ret, struct tc_yaml_error *error)
{
	int number;

	if (field->kind == TC_FIELD_MESSAGE)
		return mapping_to_json(node, field->message, ret, error);
	if (node->kind != TC_YAML_SCALAR)
		return wrong_here(error, node, "write the value itself",
				  "a single value is wanted");
	if (field->kind == TC_FIELD_ENUM &&
	    (!tc_enum_value_find(field->enumeration->descriptor, tc_slice_text(node->text),
				 &number) ||
	     number == 0))
		return value_unknown(error, node, field->enumeration->descriptor);
	if (field->kind != TC_FIELD_BOOL)
		*ret = json_string(node->text);
	else if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
		*ret = json_boolean(node->text[0] == 't');
	else
		return wrong_here(error, node, "write true or false", "neither true nor false");
	/* jansson refuses texts that are no UTF-8; libyaml has read it as that. */
	return *ret ? 0 : TC_ENOMEM;
}

static int node_to_json(const struct tc_yaml_node *node, const struct tc_field_rule *field,
			json_t **ret, struct tc_yaml_error *error)
{
	json_t *list;
	int r = 0;

	if (!field->repeated)
		return value_to_json(node, field, ret, error);
	if (node->kind != TC_YAML_LIST)
		return wrong_here(error, node, "write [A, B] or lines that begin with a hyphen",
				  "a list is wanted");
	list = json_array();
	for (size_t i = 0; list && r == 0 && i < node->count; i++) {
		json_t *value = NULL;

		r = value_to_json(&node->entries[i], field, &value, error);
		if (r == 0 && json_array_append_new(list, value) != 0)
			r = TC_ENOMEM;
	}
	if (r == 0 && list) {
		*ret = list;
		return 0;
	}
	json_decref(list);
	return r ? r : TC_ENOMEM;
}

/* ---- paths ---- */

static bool name_equal(const char *name, const char *text, size_t len)
{
	/* JSON's names are the schema's without the underscores, with capitals in their place. */
	size_t at = 0;

	for (; *name; name++) {
		char want = *name;

		if (want == '_' && at < len && text[at] != '_') {
			want = *++name;
			if (at >= len || text[at] != want - 'a' + 'A')
				return false;
		} else if (at >= len || text[at] != want) {
			return false;
		}
		at++;
	}
	return at == len;
}

static const struct tc_yaml_node *entry_named(const struct tc_yaml_node *node, const char *text,
					      size_t len)
{
	for (size_t i = 0; node->kind == TC_YAML_MAPPING && i < node->count; i++)
		if (name_equal(node->entries[i].name, text, len))
			return &node->entries[i];
	return NULL;
}

const struct tc_yaml_node *tc_yaml_document_find(const struct tc_yaml_document *document,
						 const char *path)
{
	const struct tc_yaml_node *at = &document->root;

	for (;;) {
		const struct tc_yaml_node *next = NULL;
		size_t len = strcspn(path, ".[:");

		if (*path == '[') {
			char *end;
			unsigned long index = strtoul(path + 1, &end, 10);

			if (at->kind == TC_YAML_LIST && *end == ']' && index < at->count)
				next = &at->entries[index];
			path = end + (*end == ']');
		} else {
			next = entry_named(at, path, len);
			path += len;
		}
		if (!next)
			return at;
		at = next;
		if (*path == '.')
			path++;
		else if (*path != '[')
			return at;
	}
}

/* ---- reading ---- */

static int wrong_refused(const struct tc_yaml_document *document, const struct tc_refusal *refusal,
			 struct tc_yaml_error *error)
{
	const struct tc_yaml_node *node = tc_yaml_document_find(document, refusal->detail);

	(void)snprintf(error->detail, sizeof(error->detail), "%s", refusal->detail);
	return tc_yaml_wrong(error, node->line, node->column, tc_refusal_hint(refusal->code), "%s",
			     tc_refusal_message(refusal->code));
}

static int message_pack(const ProtobufCMessage *message, struct tc_bytes *ret)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	int r = tc_bytes_reserve(ret, len + 1);

	if (r == 0)
		ret->len = protobuf_c_message_pack(message, ret->data);
	return r;
}

int tc_yaml_message_read(struct tc_slice text, const ProtobufCMessageDescriptor *type,
			 struct tc_yaml_document *ret, struct tc_yaml_error *error)
{
	const struct tc_message_rule *rule = tc_message_rule_find(type);
	struct tc_refusal refusal = {0};
	json_t *json = NULL;
	int r;

	*ret = (struct tc_yaml_document){0};
	if (!rule)
		return TC_EINVAL;
	r = tc_yaml_tree_read(text, &ret->root, error);
	if (r != 0)
		return r;
	r = mapping_to_json(&ret->root, rule, &json, error);
	if (r != 0)
		goto out;
	r = tc_json_to_message(json, type, &ret->message, &refusal);
	if (r == 0)
		r = message_pack(ret->message, &ret->packed);
	if (r == 0)
		r = tc_message_scan(tc_bytes_slice(&ret->packed), type, &refusal);
	if (r > 0)
		r = wrong_refused(ret, &refusal, error);
out:
	json_decref(json);
	if (r != 0)
		tc_yaml_document_done(ret);
	return r;
}

void tc_yaml_document_done(struct tc_yaml_document *document)
{
	tc_yaml_tree_done(&document->root);
	if (document->message)
		protobuf_c_message_free_unpacked(document->message, NULL);
	tc_bytes_free(&document->packed);
	*document = (struct tc_yaml_document){0};
}
