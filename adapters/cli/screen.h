/*
 * screen - what a command prints: rows, records and problems, for a person or for
 * a program.
 *
 * Every row is a JSON object. With --json it is printed as one line on stdout and
 * nothing else is; without, columns of it become a table or lines of "name: value".
 * Whatever comes from elsewhere is escaped, so that no message can move a cursor,
 * hide text or reverse its direction on the reader's terminal.
 *
 * Owner:  the calling thread.
 * Blocks: on the terminal or pipe.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/bytes.h"
#include "cli/problem.h"

struct tc_screen {
	FILE *out;
	FILE *err;
	bool json;
	bool colour;   /* stdout is a terminal and NO_COLOR is not set */
	bool terminal; /* stdout is a terminal */
};

/* A column of a table or a line of a record. */
struct tc_column {
	const char *key;   /* in the row; "a.b" looks into objects */
	const char *title; /* NULL ends a list of columns */
};

struct tc_screen tc_screen_standard(bool json);

/* Text with what a terminal would act on shown as \xNN or \u{NNNN}: control characters, broken
 * UTF-8, direction marks. Owned by the caller (free); NULL when there is no memory. */
char *tc_screen_escape(struct tc_slice text);

/* The value at `key` as tables show it: enumerations in words, lists with commas, escaped. Owned by
 * the caller (free); NULL when the row has no such value. */
char *tc_screen_cell(const json_t *row, const char *key);

/* How many columns it takes: characters, not bytes, of valid UTF-8. */
size_t tc_screen_columns(const char *text, size_t len);

/* For a table: the time of a row without its seconds. */
void tc_screen_minute(json_t *row, const char *key);
/* A line for people only; nothing with --json. What is interpolated is escaped. */
void tc_screen_say(const struct tc_screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One row as its own line of JSON; for people nothing. */
void tc_screen_line(const struct tc_screen *screen, const json_t *row);
/* Rows of an array: lines of JSON, or a table of `columns` ("(none)" when there are none). */
void tc_screen_table(const struct tc_screen *screen, const struct tc_column *columns,
		     const json_t *rows);
/* One object: a line of JSON, or one line per column that it has. */
void tc_screen_record(const struct tc_screen *screen, const struct tc_column *columns,
		      const json_t *row);
/* One object: a line of JSON, or the same indented. */
void tc_screen_document(const struct tc_screen *screen, const json_t *object);
/* {"error":{...}} on stdout, or three lines on stderr. */
void tc_screen_problem(const struct tc_screen *screen, const struct tc_problem *problem);
/* False when something could not be written: the command has then failed. */
bool tc_screen_flush(const struct tc_screen *screen);

#endif
