#include "yaml/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct tree_reader {
	yaml_parser_t parser;
	struct tc_yaml_error *error;
	unsigned depth;
};

static int node_read(struct tree_reader *reader, const yaml_event_t *event,
		     struct tc_yaml_node *ret);

int tc_yaml_wrong(struct tc_yaml_error *error, unsigned line, unsigned column, const char *hint,
		  const char *message_format, ...)
{
	va_list args;

	va_start(args, message_format);
	(void)vsnprintf(error->message, sizeof(error->message), message_format, args);
	va_end(args);
	(void)snprintf(error->hint, sizeof(error->hint), "%s", hint);
	error->line = line;
	error->column = column;
	return TC_YAML_WRONG;
}

static unsigned mark_line(yaml_mark_t mark)
{
	return (unsigned)mark.line + 1;
}

static unsigned mark_column(yaml_mark_t mark)
{
	return (unsigned)mark.column + 1;
}

static int parser_failed(struct tree_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	yaml_mark_t mark = parser->problem_mark;
	struct tc_yaml_error *error = reader->error;

	if (parser->error == YAML_MEMORY_ERROR)
		return TC_ENOMEM;
	if (parser->error == YAML_READER_ERROR) {
		/* Bytes that are no UTF-8 have an offset and no mark. */
		mark = parser->mark;
		(void)snprintf(error->detail, sizeof(error->detail), "byte %zu of the file",
			       parser->problem_offset);
	} else if (parser->context) {
		(void)snprintf(error->detail, sizeof(error->detail), "%s", parser->context);
	}
	return tc_yaml_wrong(error, mark_line(mark), mark_column(mark), "correct the YAML", "%s",
			     parser->problem ? parser->problem : "the file is no YAML");
}

static const char *forbidden(const void *anchor, const void *tag)
{
	return anchor ? "an anchor" : tag ? "a tag" : NULL;
}

/* The next event, refusing everything that a strict file may not have. */
static int next(struct tree_reader *reader, yaml_event_t *event)
{
	const char *what = NULL;
	int r;

	if (!yaml_parser_parse(&reader->parser, event))
		return parser_failed(reader);
	if (event->type == YAML_ALIAS_EVENT)
		what = "an alias";
	else if (event->type == YAML_SCALAR_EVENT)
		what = forbidden(event->data.scalar.anchor, event->data.scalar.tag);
	else if (event->type == YAML_MAPPING_START_EVENT)
		what = forbidden(event->data.mapping_start.anchor, event->data.mapping_start.tag);
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		what = forbidden(event->data.sequence_start.anchor, event->data.sequence_start.tag);
	if (!what)
		return 0;
	r = tc_yaml_wrong(reader->error, mark_line(event->start_mark),
			  mark_column(event->start_mark), "write the value itself",
			  "%s is not allowed here", what);
	yaml_event_delete(event);
	return r;
}

/* A scalar's text as a string of its own. */
static int text_take(struct tree_reader *reader, const yaml_event_t *event, char **ret)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length)
		return tc_yaml_wrong(reader->error, mark_line(event->start_mark),
				     mark_column(event->start_mark), "remove it",
				     "a text holds a NUL");
	if (*text == '\0' && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return tc_yaml_wrong(reader->error, mark_line(event->start_mark),
				     mark_column(event->start_mark),
				     "write a value or remove the line", "a value is missing");
	*ret = strdup(text);
	return *ret ? 0 : TC_ENOMEM;
}

/* Room for one more entry, all zero. */
static int entry_add(struct tree_reader *reader, const yaml_event_t *event,
		     struct tc_yaml_node *node, struct tc_yaml_node **ret)
{
	if (node->count == TC_YAML_ENTRIES_MAX)
		return tc_yaml_wrong(reader->error, mark_line(event->start_mark),
				     mark_column(event->start_mark), "remove some",
				     "there are more than %d entries", TC_YAML_ENTRIES_MAX);
	if (node->count == node->capacity) {
		size_t capacity = node->capacity ? node->capacity * 2 : 8;
		struct tc_yaml_node *entries = realloc(node->entries, capacity * sizeof(*entries));

		if (!entries)
			return TC_ENOMEM;
		node->entries = entries;
		node->capacity = capacity;
	}
	*ret = &node->entries[node->count++];
	**ret = (struct tc_yaml_node){0};
	return 0;
}

static int list_read(struct tree_reader *reader, struct tc_yaml_node *node)
{
	for (;;) {
		struct tc_yaml_node *entry;
		yaml_event_t event;
		bool end;
		int r = next(reader, &event);

		if (r != 0)
			return r;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		if (!end)
			r = entry_add(reader, &event, node, &entry);
		if (!end && r == 0)
			r = node_read(reader, &event, entry);
		yaml_event_delete(&event);
		if (r != 0 || end)
			return r;
	}
}

static int name_read(struct tree_reader *reader, const yaml_event_t *event,
		     struct tc_yaml_node *mapping, struct tc_yaml_node **ret)
{
	const struct tc_yaml_node *earlier;
	unsigned line = mark_line(event->start_mark), column = mark_column(event->start_mark);
	int r;

	if (event->type != YAML_SCALAR_EVENT)
		return tc_yaml_wrong(reader->error, line, column, "write NAME: VALUE",
				     "a name is not a text");
	earlier = tc_yaml_entry(mapping, (const char *)event->data.scalar.value);
	if (earlier)
		return tc_yaml_wrong(reader->error, line, column, "remove one of them",
				     "%.100s stands there twice, first in line %u", earlier->name,
				     earlier->name_line);
	r = entry_add(reader, event, mapping, ret);
	if (r != 0)
		return r;
	(*ret)->name_line = line;
	(*ret)->name_column = column;
	return text_take(reader, event, &(*ret)->name);
}

static int mapping_read(struct tree_reader *reader, struct tc_yaml_node *node)
{
	for (;;) {
		struct tc_yaml_node *entry = NULL;
		yaml_event_t event;
		bool end;
		int r = next(reader, &event);

		if (r != 0)
			return r;
		end = event.type == YAML_MAPPING_END_EVENT;
		if (!end)
			r = name_read(reader, &event, node, &entry);
		yaml_event_delete(&event);
		if (r != 0 || end)
			return r;
		r = next(reader, &event);
		if (r != 0)
			return r;
		r = node_read(reader, &event, entry);
		yaml_event_delete(&event);
		if (r != 0)
			return r;
	}
}

/* The value that `event` begins. What was filled when it fails goes with the tree. */
static int node_read(struct tree_reader *reader, const yaml_event_t *event,
		     struct tc_yaml_node *ret)
{
	int r;

	ret->line = mark_line(event->start_mark);
	ret->column = mark_column(event->start_mark);
	if (event->type == YAML_SCALAR_EVENT) {
		ret->kind = TC_YAML_SCALAR;
		return text_take(reader, event, &ret->text);
	}
	if (reader->depth == TC_YAML_DEPTH_MAX)
		return tc_yaml_wrong(reader->error, ret->line, ret->column, "see the manual page",
				     "it is nested too deeply");
	reader->depth++;
	ret->kind = event->type == YAML_MAPPING_START_EVENT ? TC_YAML_MAPPING : TC_YAML_LIST;
	r = ret->kind == TC_YAML_MAPPING ? mapping_read(reader, ret) : list_read(reader, ret);
	reader->depth--;
	return r;
}

/* Skips to the first event of the document's content, or to what follows it. */
static int document_read(struct tree_reader *reader, struct tc_yaml_node *ret)
{
	bool seen = false;

	for (;;) {
		yaml_event_t event;
		bool end, content;
		int r = next(reader, &event);

		if (r != 0)
			return r;
		end = event.type == YAML_STREAM_END_EVENT;
		content = event.type == YAML_SCALAR_EVENT ||
			  event.type == YAML_MAPPING_START_EVENT ||
			  event.type == YAML_SEQUENCE_START_EVENT;
		if (content && !seen)
			r = node_read(reader, &event, ret);
		else if (seen && event.type == YAML_DOCUMENT_START_EVENT)
			r = tc_yaml_wrong(reader->error, mark_line(event.start_mark),
					  mark_column(event.start_mark), "use one document",
					  "a second document is not allowed");
		yaml_event_delete(&event);
		seen = seen || content;
		if (r != 0)
			return r;
		if (end)
			return seen ? 0
				    : tc_yaml_wrong(reader->error, 1, 1, "write NAME: VALUE lines",
						    "the file is empty");
	}
}

int tc_yaml_tree_read(struct tc_slice text, struct tc_yaml_node *ret, struct tc_yaml_error *error)
{
	struct tree_reader reader = {.error = error};
	int r;

	*ret = (struct tc_yaml_node){0};
	*error = (struct tc_yaml_error){0};
	if (text.len > TC_YAML_BYTES_MAX)
		return tc_yaml_wrong(error, 1, 1, "shorten it", "the file is over %d bytes",
				     TC_YAML_BYTES_MAX);
	if (!yaml_parser_initialize(&reader.parser))
		return TC_ENOMEM;
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, text.data, text.len);
	r = document_read(&reader, ret);
	yaml_parser_delete(&reader.parser);
	if (r != 0)
		tc_yaml_tree_done(ret);
	return r;
}

void tc_yaml_tree_done(struct tc_yaml_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		tc_yaml_tree_done(&node->entries[i]);
	free(node->entries);
	free(node->text);
	free(node->name);
	*node = (struct tc_yaml_node){0};
}

const struct tc_yaml_node *tc_yaml_entry(const struct tc_yaml_node *mapping, const char *name)
{
	for (size_t i = 0; i < mapping->count; i++)
		if (strcmp(mapping->entries[i].name, name) == 0)
			return &mapping->entries[i];
	return NULL;
}
