/*
 * csv - rows as RFC 4180 text that a spreadsheet can open without running anything.
 *
 * Values stand as tables show them (screen.h): enumerations in words, lists with commas,
 * control characters shown. A cell that a spreadsheet would take for a formula, since it
 * begins with = + - @, a tab or a carriage return, gets a ' before it.
 *
 * Owner:  the calling thread.
 * Blocks: on the file.
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <jansson.h>
#include <stdio.h>

#include "cli/screen.h"

/* The titles. */
void tc_csv_head(FILE *to, const struct tc_column *columns);
/* What the row does not have is an empty cell. */
void tc_csv_row(FILE *to, const struct tc_column *columns, const json_t *row);

#endif
