/* form - see the header. */
#include "cli/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"

/* Into the object that the path leads to; objects on the way are made. */
static void path_put(json_t *object, const char *path, json_t *value)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		char name[64];
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		if (!json_object_get(object, name))
			json_object_set_new(object, name, json_object());
		object = json_object_get(object, name);
		path = dot + 1;
	}
	json_object_set_new(object, path, value);
}

static json_t *number_make(const char *text)
{
	char *end = NULL;

	errno = 0;
	long long number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' ? json_integer(number) : NULL;
}

static json_t *time_make(const char *text)
{
	char formatted[TC_TIME_TEXT_BYTES];
	int64_t ms = 0;

	if (!tc_time_parse(tc_slice_text(text), &ms))
		return NULL;
	tc_time_format(ms, formatted);
	return json_string(formatted);
}

static json_t *id_make(const char *text)
{
	char formatted[TC_ID_TEXT_BYTES];
	struct tc_id id;

	if (!text)
		id = tc_id_new(tc_clock_now_ms(&tc_clock_real));
	else if (!tc_id_parse(tc_slice_text(text), &id))
		return NULL;
	tc_id_format(id, formatted);
	return json_string(formatted);
}

/* One element of a list. */
static json_t *element_make(const struct tc_form_field *field, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t first = equals ? (size_t)(equals - text) : len;

	if (field->kind == TC_FORM_TEXTS)
		return json_stringn(text, len);
	if (field->kind == TC_FORM_LIST)
		return json_pack("{s:s%}", field->key, text, len);
	if (!equals || first == 0 || first + 1 == len)
		return NULL;
	return json_pack("{s:s%,s:s%}", field->key, text, first, field->value, equals + 1,
			 len - first - 1);
}

static json_t *list_make(const struct tc_form_field *field, const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");
		json_t *element = len > 0 ? element_make(field, text, len) : NULL;
		if (!element || json_array_append_new(list, element) != 0) {
			json_decref(list);
			return NULL;
		}
		text += len + (text[len] == ',');
	}
	return list;
}

bool tc_form_put(const struct tc_form_field *field, const char *value, json_t *content)
{
	json_t *made = NULL;

	switch (field->kind) {
	case TC_FORM_TEXT:
		made = json_string(value);
		break;
	case TC_FORM_TIME:
		made = time_make(value);
		break;
	case TC_FORM_NUMBER:
		made = number_make(value);
		break;
	case TC_FORM_FLAG:
		made = json_true();
		break;
	case TC_FORM_ID:
		made = id_make(value);
		break;
	case TC_FORM_LIST:
	case TC_FORM_PAIRS:
	case TC_FORM_TEXTS:
		made = list_make(field, value);
		break;
	}
	if (made)
		path_put(content, field->path, made);
	return made != NULL;
}

/* Only somebody who sits at a terminal can be asked. */
static bool may_ask(const struct tc_invocation *invocation)
{
	return invocation->screen.terminal && !invocation->screen.json && isatty(STDIN_FILENO) == 1;
}

static void ask(const struct tc_form_field *field, json_t *content)
{
	char *line = NULL;
	size_t room = 0;

	fprintf(stderr, "%s: ", field->ask);
	fflush(stderr);
	if (getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line && !tc_form_put(field, line, content))
			fprintf(stderr, "\"%s\" cannot be read as that\n", line);
	}
	free(line);
}

static bool present(const json_t *content, const char *path)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		char name[64];
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		content = json_object_get(content, name);
		path = dot + 1;
	}
	return json_object_get(content, path) != NULL;
}

/* Every field that is still missing, in one message. */
static enum tc_exit missing_say(struct tc_invocation *invocation,
				const struct tc_form_field *fields, const json_t *content)
{
	char text[480];
	size_t len = 0;

	for (; fields->option; fields++) {
		if (!fields->required || present(content, fields->path))
			continue;
		int more = snprintf(text + len, sizeof(text) - len, "%s--%s: %s", len ? "; " : "",
				    fields->option, fields->ask);
		if (more < 0 || (size_t)more >= sizeof(text) - len)
			break;
		len += (size_t)more;
	}
	return len == 0 ? TC_EXIT_DONE : tc_invocation_usage(invocation, "name %s", text);
}

enum tc_exit tc_form_fill(struct tc_invocation *invocation, const struct tc_form_field *fields,
			  json_t *content)
{
	for (const struct tc_form_field *field = fields; field->option; field++) {
		const char *given = tc_invocation_option(invocation, field->option);
		if (!given && field->kind != TC_FORM_ID)
			continue;
		if (!tc_form_put(field, given, content))
			return tc_invocation_usage(invocation, "--%s cannot be \"%s\": %s",
						   field->option, given, field->ask);
	}
	for (const struct tc_form_field *field = fields; field->option; field++)
		if (field->required && !present(content, field->path) && may_ask(invocation))
			ask(field, content);
	return missing_say(invocation, fields, content);
}

json_t *tc_form_message(const char *type, json_t *content)
{
	return json_pack("{s:s,s:[{s:s,s:o}]}", "type", type, "parts", "type", type, "content",
			 content);
}
