/*
 * form - the content of a part, filled in from options, or asked for by name on a terminal.
 *
 * A form is a table: each field is an option of the command, and has its place in the
 * content and the words that it is asked for with. What is required and neither given nor
 * answered is a usage error that names all of it.
 *
 * Owner:  the main thread.
 * Blocks: on the terminal.
 */
#ifndef CLI_FORM_H
#define CLI_FORM_H

#include <jansson.h>

#include "cli/command.h"

enum tc_form_kind {
	TC_FORM_TEXT = 1, /* as it is; enumerations take their short names too */
	TC_FORM_TIME,     /* RFC 3339, or a date: midnight UTC */
	TC_FORM_NUMBER,
	TC_FORM_FLAG,  /* given: true */
	TC_FORM_ID,    /* a fresh one unless it was given */
	TC_FORM_LIST,  /* "a,b": one object each, with the value under `key` */
	TC_FORM_PAIRS, /* "a=x,b=y": one object each, the second value under `value` */
	TC_FORM_TEXTS, /* "a,b": an array of texts */
};

struct tc_form_field {
	const char *option; /* of the command; NULL ends a form */
	const char *path;   /* in the content: "worker.id" */
	const char *ask;    /* "why, as a code (no_capacity, not_eligible ...)" */
	enum tc_form_kind kind;
	bool required;
	const char *key, *value; /* LIST and PAIRS */
};

/* Fills `content`. TC_EXIT_DONE, or TC_EXIT_USAGE with the problem. */
enum tc_exit tc_form_fill(struct tc_invocation *invocation, const struct tc_form_field *fields,
			  json_t *content);

/* Whether `value` can stand in such a field, and into the content with it. Takes apart what a
 * person typed; false: it cannot be read. */
bool tc_form_put(const struct tc_form_field *field, const char *value, json_t *content);

/* {"type": type, "parts": [{"type": type, "content": content}]}, and takes the content. */
json_t *tc_form_message(const char *type, json_t *content);

#endif
