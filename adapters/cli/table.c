#include "cli/table.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 24
#define WORD_MAX    36 /* an id; what is longer may be broken */

/* Of each column: how wide it is, and how narrow it may become. */
struct layout {
	size_t count;
	size_t width[COLUMNS_MAX], least[COLUMNS_MAX];
	bool wrapped;
};

static void measure(struct layout *layout, size_t column, const char *text)
{
	size_t whole = tc_screen_columns(text, strlen(text));

	if (whole > layout->width[column])
		layout->width[column] = whole;
	while (*text) {
		size_t len = strcspn(text, " ");
		size_t word = tc_screen_columns(text, len);

		if (word > WORD_MAX)
			word = WORD_MAX;
		if (word > layout->least[column])
			layout->least[column] = word;
		text += len + (text[len] == ' ');
	}
}

static size_t total(const struct layout *layout)
{
	size_t sum = layout->count - 1; /* a space between two */

	for (size_t i = 0; i < layout->count; i++)
		sum += layout->width[i];
	return sum;
}

/* Takes from the widest that has something to give. False: it does not fit. */
static bool shrink(struct layout *layout, size_t width)
{
	while (total(layout) > width) {
		size_t widest = layout->count;

		for (size_t i = 0; i < layout->count; i++) {
			if (layout->width[i] > layout->least[i] &&
			    (widest == layout->count || layout->width[i] > layout->width[widest]))
				widest = i;
		}
		if (widest == layout->count)
			return false;
		layout->width[widest]--;
		layout->wrapped = true;
	}
	return true;
}

static bool lay_out(const struct tc_column *columns, const json_t *rows, size_t width,
		    struct layout *ret)
{
	size_t index;
	const json_t *row;

	*ret = (struct layout){.count = 0};
	for (; columns[ret->count].title; ret->count++) {
		size_t title = strlen(columns[ret->count].title);

		ret->width[ret->count] = ret->least[ret->count] = title; /* it is not wrapped */
	}
	json_array_foreach(rows, index, row)
	{
		for (size_t i = 0; i < ret->count; i++) {
			char *text = tc_screen_cell(row, columns[i].key);

			measure(ret, i, text ? text : "");
			free(text);
		}
	}
	return shrink(ret, width);
}

/* The same with line feeds in the place of spaces; a word without any has one put in. Takes it. */
static char *wrap(char *text, size_t width)
{
	size_t len = strlen(text), used = 0, line = 0;
	char *wrapped = malloc(2 * len + 1);

	for (size_t at = 0; wrapped && at < len;) {
		size_t word = strcspn(text + at, " ");
		size_t wide = tc_screen_columns(text + at, word);

		if (line > 0 && line + 1 + wide > width) {
			wrapped[used++] = '\n';
			line = 0;
		} else if (line > 0) {
			wrapped[used++] = ' ';
			line++;
		}
		for (size_t i = 0; i < word; i++) {
			bool begins = ((unsigned char)text[at + i] & 0xc0) != 0x80;

			if (begins && line == width) {
				wrapped[used++] = '\n';
				line = 0;
			}
			line += begins;
			wrapped[used++] = text[at + i];
		}
		at += word + (text[at + word] == ' ');
	}
	if (wrapped)
		wrapped[used] = '\0';
	free(text);
	return wrapped;
}

static void table_row(struct libscols_table *table, const struct tc_column *columns,
		      const struct layout *layout, const json_t *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (size_t i = 0; line && i < layout->count; i++) {
		char *text = tc_screen_cell(row, columns[i].key);

		if (text && layout->wrapped)
			text = wrap(text, layout->width[i]);
		if (text && scols_line_refer_data(line, i, text) != 0)
			free(text);
	}
}

static void table_print(const struct tc_screen *screen, const struct tc_column *columns,
			const struct layout *layout, const json_t *rows)
{
	struct libscols_table *table = scols_new_table();
	size_t index;
	const json_t *row;

	if (!table)
		return;
	scols_table_set_stream(table, screen->out);
	scols_table_enable_colors(table, screen->colour);
	/* Escaping is done already; the library would escape the escapes. */
	scols_table_enable_noencoding(table, 1);
	for (size_t i = 0; i < layout->count; i++) {
		struct libscols_column *made = scols_table_new_column(
			table, columns[i].title, layout->wrapped ? (double)layout->width[i] : 0.1,
			layout->wrapped ? SCOLS_FL_WRAP : 0);
		if (!made)
			continue;
		scols_cell_set_color(scols_column_get_header(made), "bold");
		if (layout->wrapped)
			scols_column_set_wrapfunc(made, scols_wrapnl_chunksize,
						  scols_wrapnl_nextchunk, NULL);
	}
	json_array_foreach(rows, index, row) table_row(table, columns, layout, row);
	scols_print_table(table);
	scols_unref_table(table);
}

static void records_print(const struct tc_screen *screen, const struct tc_column *columns,
			  const json_t *rows)
{
	size_t index;
	const json_t *row;

	json_array_foreach(rows, index, row)
	{
		if (index > 0)
			fputc('\n', screen->out);
		tc_screen_record(screen, columns, row);
	}
}

void tc_table_print(const struct tc_screen *screen, const struct tc_column *columns,
		    const json_t *rows, int width)
{
	struct layout layout;

	if (lay_out(columns, rows, (size_t)width, &layout))
		table_print(screen, columns, &layout, rows);
	else
		records_print(screen, columns, rows);
}
