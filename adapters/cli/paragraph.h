/*
 * paragraph - sentences for a person, wrapped to the width of the terminal.
 *
 * What is interpolated is escaped as on the rest of the screen. Nothing is printed with
 * --json.
 *
 * Owner:  the calling thread.
 * Blocks: on the terminal or pipe.
 */
#ifndef CLI_PARAGRAPH_H
#define CLI_PARAGRAPH_H

#include "cli/screen.h"

/* Columns of the terminal, within 40 and 100; 80 where there is none. */
int tc_paragraph_width(const struct tc_screen *screen);

/* Text that is escaped already, at column `indent` where the line stands, and further lines behind
 * as many spaces. Its own line feeds are spaces. A word that no line has room for is broken. */
void tc_paragraph_hang(const struct tc_screen *screen, int indent, const char *text);

/* One paragraph, each of its lines behind `indent` spaces. */
void tc_paragraph_say(const struct tc_screen *screen, int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
