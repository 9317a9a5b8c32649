#include "cli/screen.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/paragraph.h"
#include "cli/table.h"
#include "wire/part_types.h"
#include "wire/utf8.h"

struct tc_screen tc_screen_standard(bool json)
{
	const char *no_colour = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO) == 1;

	return (struct tc_screen){.out = stdout,
				  .err = stderr,
				  .json = json,
				  .terminal = terminal,
				  .colour = terminal && !json && !(no_colour && *no_colour)};
}

/* Invisible or direction-changing characters that could make a line read as another. */
static bool deceptive(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0xad ||
	       (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0xfeff ||
	       (character >= 0xe0000 && character <= 0xe0fff);
}

/* Decodes one character of valid UTF-8; 0 bytes when it is not valid. */
static size_t character_read(struct tc_slice text, uint32_t *ret)
{
	uint8_t first = text.data[0];
	size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (len > text.len || !tc_utf8_valid(tc_slice(text.data, len)))
		return 0;
	uint32_t character = len == 1 ? first : first & (0x7fU >> len);
	for (size_t i = 1; i < len; i++)
		character = (character << 6) | (text.data[i] & 0x3fU);
	*ret = character;
	return len;
}

char *tc_screen_escape(struct tc_slice text)
{
	/* The longest escape, \u{e0fff}, takes nine bytes for at least one. */
	char *to = malloc(text.len * 9 + 1);
	size_t used = 0;

	if (!to)
		return NULL;
	for (size_t i = 0; i < text.len;) {
		uint32_t character = 0;
		size_t len = character_read(tc_slice(text.data + i, text.len - i), &character);
		if (len == 0) {
			used += (size_t)snprintf(to + used, 10, "\\x%02x", text.data[i]);
			len = 1;
		} else if (!deceptive(character)) {
			memcpy(to + used, text.data + i, len);
			used += len;
		} else if (character < 0x80) {
			used += (size_t)snprintf(to + used, 10, "\\x%02x", character);
		} else {
			used += (size_t)snprintf(to + used, 10, "\\u{%x}", character);
		}
		i += len;
	}
	to[used] = '\0';
	return to;
}

static void escaped_put(FILE *to, const char *text)
{
	char *safe = tc_screen_escape(tc_slice_text(text));
	fputs(safe ? safe : "?", to);
	free(safe);
}

size_t tc_screen_columns(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void tc_screen_minute(json_t *row, const char *key)
{
	const char *at = json_string_value(json_object_get(row, key));

	if (at && strlen(at) >= 16)
		json_object_set_new(row, key, json_sprintf("%.10s %.5s", at, at + 11));
}

void tc_screen_say(const struct tc_screen *screen, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	if (screen->json)
		return;
	va_start(arguments, format);
	int len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	/* Line by line: our own line feeds are meant, all else is not. */
	char *line = text;
	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		escaped_put(screen->out, line);
		fputc('\n', screen->out);
	}
	escaped_put(screen->out, line);
	fputc('\n', screen->out);
	free(text);
}

/* JSON escapes C0 itself; on a terminal everything beyond ASCII is escaped as well. */
static void json_put(const struct tc_screen *screen, const json_t *value, size_t flags)
{
	if (screen->terminal)
		flags |= JSON_ENSURE_ASCII;
	char *text = json_dumps(value, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	for (const char *c = text ? text : ""; *c; c++) {
		if (*c == 0x7f)
			fputs("\\u007f", screen->out);
		else
			fputc(*c, screen->out);
	}
	fputc('\n', screen->out);
	free(text);
}

void tc_screen_line(const struct tc_screen *screen, const json_t *row)
{
	if (screen->json)
		json_put(screen, row, JSON_COMPACT);
}

/* The value at "a.b"; NULL when it is absent. */
static const json_t *row_value(const json_t *row, const char *key)
{
	char name[64];
	const char *dot;

	while ((dot = strchr(key, '.')) != NULL && (size_t)(dot - key) < sizeof(name)) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - key), key);
		row = json_object_get(row, name);
		key = dot + 1;
	}
	return json_object_get(row, key);
}

/* "CATEGORY_DRUG_TEST" as "drug test": for people only. NULL when it is no such name. */
static char *enumeration_read(const char *value)
{
	for (size_t i = 0; i < tc_enum_rule_count; i++) {
		const struct tc_enum_rule *rule = &tc_enum_rules[i];
		size_t len = strlen(rule->prefix);
		if (len == 0 || strncmp(value, rule->prefix, len) != 0 ||
		    !protobuf_c_enum_descriptor_get_value_by_name(rule->descriptor, value))
			continue;
		char *text = strdup(value + len);
		for (char *c = text; c && *c; c++)
			*c = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
		return text;
	}
	return NULL;
}

static void value_append(struct tc_bytes *text, const json_t *value)
{
	char number[32] = "";
	const char *put = number;
	size_t index;
	const json_t *element;
	char *words = NULL;
	int r = 0;

	switch (json_typeof(value)) {
	case JSON_STRING:
		put = json_string_value(value);
		words = enumeration_read(put);
		if (words)
			put = words;
		break;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		snprintf(number, sizeof(number), "%g", json_real_value(value));
		break;
	case JSON_TRUE:
		put = "yes";
		break;
	case JSON_FALSE:
		put = "no";
		break;
	case JSON_ARRAY:
		json_array_foreach(value, index, element)
		{
			if (index > 0)
				r = tc_bytes_append(text, ", ", 2);
			if (r == 0)
				value_append(text, element);
		}
		return;
	case JSON_OBJECT: {
		char *object = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
		r = object ? tc_bytes_append(text, object, strlen(object)) : TC_ENOMEM;
		free(object);
		return;
	}
	case JSON_NULL:
		return;
	}
	r = tc_bytes_append(text, put, strlen(put));
	free(words);
	(void)r; /* a cell that memory has no room for stays short */
}

char *tc_screen_cell(const json_t *row, const char *key)
{
	const json_t *value = row_value(row, key);
	struct tc_bytes text = {0};

	if (!value)
		return NULL;
	value_append(&text, value);
	char *safe = tc_screen_escape(tc_bytes_slice(&text));
	tc_bytes_free(&text);
	return safe;
}

void tc_screen_table(const struct tc_screen *screen, const struct tc_column *columns,
		     const json_t *rows)
{
	size_t index;
	const json_t *row;

	if (screen->json) {
		json_array_foreach(rows, index, row) tc_screen_line(screen, row);
	} else if (json_array_size(rows) == 0) {
		fputs("(none)\n", screen->out);
	} else {
		tc_table_print(screen, columns, rows, tc_paragraph_width(screen));
	}
}

void tc_screen_record(const struct tc_screen *screen, const struct tc_column *columns,
		      const json_t *row)
{
	int width = 0;

	if (screen->json) {
		tc_screen_line(screen, row);
		return;
	}
	for (const struct tc_column *column = columns; column->title; column++)
		if ((int)strlen(column->title) > width)
			width = (int)strlen(column->title);
	for (const struct tc_column *column = columns; column->title; column++) {
		char *text = tc_screen_cell(row, column->key);
		if (text && *text) {
			fprintf(screen->out, "%s%-*s%s  ", screen->colour ? "\033[1m" : "", width,
				column->title, screen->colour ? "\033[0m" : "");
			tc_paragraph_hang(screen, width + 2, text);
		}
		free(text);
	}
}

void tc_screen_document(const struct tc_screen *screen, const json_t *object)
{
	json_put(screen, object, screen->json ? JSON_COMPACT : JSON_INDENT(2));
}

void tc_screen_problem(const struct tc_screen *screen, const struct tc_problem *problem)
{
	if (screen->json) {
		json_t *object = json_pack("{s:{s:s,s:s,s:s,s:s}}", "error", "code", problem->code,
					   "message", problem->message, "detail", problem->detail,
					   "hint", problem->hint);
		/* A detail that is not UTF-8 (a path, say) cannot stand in JSON as it is. */
		char *detail = object ? NULL : tc_screen_escape(tc_slice_text(problem->detail));
		if (!object)
			object = json_pack("{s:{s:s,s:s,s:s,s:s}}", "error", "code", problem->code,
					   "message", problem->message, "detail",
					   detail ? detail : "", "hint", problem->hint);
		tc_screen_line(screen, object);
		json_decref(object);
		free(detail);
		return;
	}
	fputs("error: ", screen->err);
	escaped_put(screen->err, problem->message);
	fprintf(screen->err, " (%s)\n", problem->code);
	if (problem->detail[0]) {
		fputs("detail: ", screen->err);
		escaped_put(screen->err, problem->detail);
		fputc('\n', screen->err);
	}
	if (problem->hint[0]) {
		fputs("hint: ", screen->err);
		escaped_put(screen->err, problem->hint);
		fputc('\n', screen->err);
	}
}

bool tc_screen_flush(const struct tc_screen *screen)
{
	return fflush(screen->out) == 0 && !ferror(screen->out);
}
