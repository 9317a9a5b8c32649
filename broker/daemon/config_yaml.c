#include "daemon/config_yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "daemon/config_value.h"

#define KEY_BYTES_MAX 128
#define DEPTH_MAX     4

struct reader {
	yaml_parser_t parser;
	struct config *config;
	struct config_error *error;
	char folder[256];                            /* of the file */
	char path[KEY_BYTES_MAX];                    /* "gateway." inside that mapping */
	char sections[SETTING_COUNT][KEY_BYTES_MAX]; /* mappings seen, against repetition */
	size_t section_count;
};

__attribute__((format(printf, 4, 5))) static int refuse(struct reader *reader, yaml_mark_t mark,
							const char *hint, const char *format, ...)
{
	struct config_error *error = reader->error;
	va_list args;

	va_start(args, format);
	vsnprintf(error->error, sizeof(error->error), format, args);
	va_end(args);
	snprintf(error->hint, sizeof(error->hint), "%s", hint);
	error->line = (unsigned)mark.line + 1;
	error->column = (unsigned)mark.column + 1;
	return CONFIG_WRONG;
}

static int parser_failed(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return TC_ENOMEM;
	if (parser->error == YAML_READER_ERROR) {
		/* Bytes that are no UTF-8 have an offset and no mark. */
		mark = parser->mark;
		snprintf(reader->error->detail, sizeof(reader->error->detail),
			 "byte %zu of the file", parser->problem_offset);
	} else if (parser->context) {
		snprintf(reader->error->detail, sizeof(reader->error->detail), "%s",
			 parser->context);
	}
	return refuse(reader, mark, "correct the YAML", "%s",
		      parser->problem ? parser->problem : "the file is no YAML");
}

/* The next event, refusing everything that this file may not have. */
static int next(struct reader *reader, yaml_event_t *event)
{
	const char *what = NULL;

	if (!yaml_parser_parse(&reader->parser, event))
		return parser_failed(reader);
	if (event->type == YAML_ALIAS_EVENT)
		what = "an alias";
	if (event->type == YAML_SCALAR_EVENT)
		what = event->data.scalar.anchor ? "an anchor"
		       : event->data.scalar.tag  ? "a tag"
						 : NULL;
	if (event->type == YAML_MAPPING_START_EVENT)
		what = event->data.mapping_start.anchor ? "an anchor"
		       : event->data.mapping_start.tag  ? "a tag"
							: NULL;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		what = event->data.sequence_start.anchor ? "an anchor"
		       : event->data.sequence_start.tag  ? "a tag"
							 : NULL;
	if (what) {
		yaml_mark_t mark = event->start_mark;

		yaml_event_delete(event);
		return refuse(reader, mark, "write the value itself", "%s is not allowed here",
			      what);
	}
	return 0;
}

static int key_unknown(struct reader *reader, yaml_mark_t mark, const char *key)
{
	const char *nearest = config_row_nearest(key);
	char hint[200] = "remove it; `throughcared --print-example` shows every setting";

	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean %s?", nearest);
	return refuse(reader, mark, hint, "there is no setting %.100s", key);
}

/* "gateway" when a key starts with "gateway.". */
static bool is_section(const char *key)
{
	size_t len = strlen(key);

	for (int i = 0; i < SETTING_COUNT; i++) {
		if (strncmp(config_rows[i].key, key, len) == 0 && config_rows[i].key[len] == '.')
			return true;
	}
	return false;
}

static int scalar_bind(struct reader *reader, const struct config_row *row,
		       const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	int r;

	if (strlen(text) != event->data.scalar.length)
		return refuse(reader, event->start_mark, "remove it", "%s holds a NUL", row->key);
	if (*text == '\0' && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return refuse(reader, event->start_mark, "write a value or remove the line",
			      "%s has no value", row->key);
	r = config_value_read(reader->config, row, text, reader->folder, reader->error);
	if (r > 0) {
		reader->error->line = (unsigned)event->start_mark.line + 1;
		reader->error->column = (unsigned)event->start_mark.column + 1;
	}
	return r;
}

static int list_bind(struct reader *reader, const struct config_row *row, yaml_mark_t mark)
{
	yaml_event_t event;
	int r, count = 0;

	for (;; count++) {
		bool end;

		r = next(reader, &event);
		if (r)
			return r;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		if (!end && event.type != YAML_SCALAR_EVENT)
			r = refuse(reader, event.start_mark, "write HOST:PORT",
				   "an entry of %s is not a text", row->key);
		else if (!end)
			r = scalar_bind(reader, row, &event);
		yaml_event_delete(&event);
		if (r)
			return r;
		if (end)
			break;
	}
	if (count == 0)
		return refuse(reader, mark, "write at least one entry", "%s is empty", row->key);
	return 0;
}

/* The value after the key of `row`. */
static int value_bind(struct reader *reader, const struct config_row *row)
{
	yaml_event_t event;
	int r = next(reader, &event);

	if (r)
		return r;
	if (event.type == YAML_SCALAR_EVENT)
		r = scalar_bind(reader, row, &event);
	else if (event.type == YAML_SEQUENCE_START_EVENT && row->type == CONFIG_ADDRESSES)
		r = list_bind(reader, row, event.start_mark);
	else
		r = refuse(reader, event.start_mark, "write the value on the key's line",
			   "%s is not a %s", row->key, config_type_name(row->type));
	yaml_event_delete(&event);
	return r;
}

static int section_enter(struct reader *reader, yaml_mark_t mark, const char *key)
{
	yaml_event_t event;
	size_t len;
	int r;

	for (size_t i = 0; i < reader->section_count; i++) {
		if (strcmp(reader->sections[i], key) == 0)
			return refuse(reader, mark, "join the two", "%s stands there twice", key);
	}
	snprintf(reader->sections[reader->section_count++], KEY_BYTES_MAX, "%s", key);
	r = next(reader, &event);
	if (r)
		return r;
	if (event.type != YAML_MAPPING_START_EVENT)
		r = refuse(reader, event.start_mark, "write its settings below it, indented",
			   "%s is a section", key);
	yaml_event_delete(&event);
	len = strlen(key);
	memcpy(reader->path, key, len);
	memcpy(reader->path + len, ".", 2);
	return r;
}

/* A key: a setting with its value, or a section that is entered. */
static int key_bind(struct reader *reader, const yaml_event_t *event, int *depth)
{
	char key[KEY_BYTES_MAX];
	int row;

	if (strlen(reader->path) + event->data.scalar.length >= sizeof(key))
		return refuse(reader, event->start_mark, "remove it", "a key is too long");
	snprintf(key, sizeof(key), "%s%s", reader->path, (const char *)event->data.scalar.value);
	row = config_row_find(key);
	if (row < 0 && is_section(key) && *depth < DEPTH_MAX) {
		++*depth;
		return section_enter(reader, event->start_mark, key);
	}
	if (row < 0)
		return key_unknown(reader, event->start_mark, key);
	if (reader->config->from_file[row])
		return refuse(reader, event->start_mark, "remove one of them",
			      "%s stands there twice", key);
	reader->config->from_file[row] = true;
	return value_bind(reader, &config_rows[row]);
}

/* The mapping that is the document, and the sections inside it. */
static int mapping_bind(struct reader *reader)
{
	yaml_event_t event;
	int depth = 1;
	int r = 0;

	while (depth > 0 && r == 0) {
		r = next(reader, &event);
		if (r)
			return r;
		if (event.type == YAML_MAPPING_END_EVENT) {
			char *dot;

			depth--;
			/* "a.b." becomes "a.", "a." becomes "". */
			if (*reader->path)
				reader->path[strlen(reader->path) - 1] = '\0';
			dot = strrchr(reader->path, '.');
			dot ? (dot[1] = '\0') : (reader->path[0] = '\0');
		} else if (event.type == YAML_SCALAR_EVENT) {
			r = key_bind(reader, &event, &depth);
		} else {
			r = refuse(reader, event.start_mark, "write KEY: VALUE",
				   "a key is not a text");
		}
		yaml_event_delete(&event);
	}
	return r;
}

static int document_bind(struct reader *reader)
{
	yaml_event_t event;
	int r;

	for (;;) {
		yaml_event_type_t type;
		yaml_mark_t mark;

		r = next(reader, &event);
		if (r)
			return r;
		type = event.type;
		mark = event.start_mark;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			return 0; /* an empty file: what is required is missed later */
		if (type == YAML_MAPPING_START_EVENT)
			break;
		if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT)
			return refuse(reader, mark, "write KEY: VALUE lines",
				      "the file is not a mapping");
	}
	r = mapping_bind(reader);
	while (r == 0) {
		bool end;

		r = next(reader, &event);
		if (r)
			return r;
		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT)
			r = refuse(reader, event.start_mark, "use one document",
				   "a second document is not allowed");
		yaml_event_delete(&event);
		if (end)
			break;
	}
	return r;
}

int config_yaml_read(struct config *config, const char *path, struct config_error *error)
{
	struct reader reader = {.config = config, .error = error};
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "re");
	int r;

	if (!file) {
		snprintf(error->error, sizeof(error->error), "the file cannot be read");
		snprintf(error->detail, sizeof(error->detail), "%s", strerror(errno));
		snprintf(error->hint, sizeof(error->hint), "check --config and its permissions");
		return CONFIG_WRONG;
	}
	if (slash)
		snprintf(reader.folder, sizeof(reader.folder), "%.*s",
			 slash == path ? 1 : (int)(slash - path), path);
	if (!yaml_parser_initialize(&reader.parser)) {
		fclose(file);
		return TC_ENOMEM;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_file(&reader.parser, file);
	r = document_bind(&reader);
	yaml_parser_delete(&reader.parser);
	fclose(file);
	return r;
}
