/*
 * table - rows in columns, no wider than the screen.
 *
 * What is too long is wrapped between its words in the widest columns first; an id is never broken.
 * Rows whose ids alone do not fit beside each other stand below each other, as records.
 *
 * Owner:  the calling thread.
 * Blocks: on the terminal or pipe.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/screen.h"

/* `rows` is an array of objects, and there is at least one. */
void tc_table_print(const struct tc_screen *screen, const struct tc_column *columns,
		    const json_t *rows, int width);

#endif
