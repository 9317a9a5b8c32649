#include <string.h>

#include "cli/compose.h"
#include "wire/json.h"

static bool space(uint8_t character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* Drops the first `len` bytes and the space after them; counts the lines that went. */
static struct tc_slice skip(struct tc_slice text, size_t len, size_t *lines)
{
	size_t i = 0;

	for (; i < text.len && (i < len || space(text.data[i])); i++)
		if (text.data[i] == '\n')
			(*lines)++;
	return tc_slice(text.data + i, text.len - i);
}

static int value_take(json_t *messages, json_t *value)
{
	int r = json_is_array(value) ? json_array_extend(messages, value)
				     : json_array_append(messages, value);
	json_decref(value);
	return r == 0 ? 0 : TC_ENOMEM;
}

static int refuse(struct tc_problem *problem, size_t line, const char *why)
{
	tc_problem_set(
		problem, tc_refusal_name(TC_REFUSAL_MALFORMED), "this is not the JSON of a message",
		"write one object per line, one array, or one object", "line %zu: %s", line, why);
	return TC_COMPOSE_REFUSED;
}

/* JSON values one after another: lines, an array, an object over many lines, or any mixture. */
int tc_compose_read(struct tc_slice text, json_t **ret, struct tc_problem *problem)
{
	json_error_t error;
	size_t lines = 1;
	int r = 0;
	json_t *messages = json_array();

	if (!messages)
		return TC_ENOMEM;
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		text = tc_slice(text.data + 3, text.len - 3);
	text = skip(text, 0, &lines);
	while (r == 0 && text.len > 0) {
		json_t *value = json_loadb((const char *)text.data, text.len,
					   TC_JSON_DECODE_FLAGS | JSON_DISABLE_EOF_CHECK, &error);
		if (!value) {
			r = refuse(problem, lines + (error.line > 0 ? (size_t)error.line - 1 : 0),
				   error.text);
			break;
		}
		text = skip(text, (size_t)error.position, &lines);
		r = value_take(messages, value);
	}
	if (r == 0 && json_array_size(messages) == 0)
		r = refuse(problem, lines, "there is no message");
	if (r < 0)
		tc_problem_set(problem, "failed", tc_err_text(r), "send fewer at a time", NULL);
	if (r == 0)
		*ret = messages;
	else
		json_decref(messages);
	return r;
}
