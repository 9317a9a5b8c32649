#include "cli/csv.h"

#include <stdlib.h>
#include <string.h>

/* Spreadsheets take the wide forms of East Asia for the narrow ones. */
static bool formula_begins(const char *text)
{
	static const char *const signs[] = {"=",  "+",  "-",  "@",  "\t", "\r",
					    "\n", "＝", "＋", "－", "＠"};
	bool begins = false;

	for (size_t i = 0; !begins && i < sizeof(signs) / sizeof(*signs); i++)
		begins = strncmp(text, signs[i], strlen(signs[i])) == 0;
	return begins;
}

static void cell_put(FILE *to, const char *text)
{
	bool formula = formula_begins(text);

	if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	if (formula)
		fputc('\'', to);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void row_end(FILE *to)
{
	fputs("\r\n", to);
}

void tc_csv_head(FILE *to, const struct tc_column *columns)
{
	for (const struct tc_column *column = columns; column->title; column++) {
		if (column != columns)
			fputc(',', to);
		cell_put(to, column->title);
	}
	row_end(to);
}

void tc_csv_row(FILE *to, const struct tc_column *columns, const json_t *row)
{
	for (const struct tc_column *column = columns; column->title; column++) {
		char *text = tc_screen_cell(row, column->key);

		if (column != columns)
			fputc(',', to);
		if (text)
			cell_put(to, text);
		free(text);
	}
	row_end(to);
}
