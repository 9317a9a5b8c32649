#include "cli/paragraph.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define WIDTH_MIN     40
#define WIDTH_MAX     100
#define WIDTH_DEFAULT 80

int tc_paragraph_width(const struct tc_screen *screen)
{
	struct winsize size;
	int width = WIDTH_DEFAULT;

	if (screen->terminal && ioctl(fileno(screen->out), TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 0)
		width = size.ws_col;
	if (width < WIDTH_MIN)
		return WIDTH_MIN;
	return width > WIDTH_MAX ? WIDTH_MAX : width;
}

/* As much of a word as there is room for; all of it where that is enough. */
static size_t piece_of(const char *text, size_t len, int room)
{
	size_t end = 0;

	for (int columns = 0; end < len; end++) {
		if (((unsigned char)text[end] & 0xc0) != 0x80 && columns++ == room)
			break;
	}
	return end;
}

/* `whole`: words that are longer than a line are not broken. */
static void hang(const struct tc_screen *screen, int indent, bool whole, const char *text)
{
	int width = tc_paragraph_width(screen), column = indent;

	while (*text != '\0') {
		size_t len = strcspn(text, " \n");
		int columns = (int)tc_screen_columns(text, len);
		int space = column > indent;

		if (space && column + 1 + columns > width) {
			fprintf(screen->out, "\n%*s", indent, "");
			column = indent;
			space = 0;
		}
		if (!whole && !space && columns > width - indent)
			len = piece_of(text, len, width - indent);
		fprintf(screen->out, "%s%.*s", space ? " " : "", (int)len, text);
		column += space + (int)tc_screen_columns(text, len);
		text += len;
		text += strspn(text, " \n");
	}
	fputc('\n', screen->out);
}

void tc_paragraph_hang(const struct tc_screen *screen, int indent, const char *text)
{
	hang(screen, indent, false, text);
}

void tc_paragraph_say(const struct tc_screen *screen, int indent, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	if (screen->json)
		return;
	va_start(arguments, format);
	int len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	char *safe = tc_screen_escape(tc_slice_text(text));
	if (safe) {
		fprintf(screen->out, "%*s", indent, "");
		hang(screen, indent, true, safe);
	}
	free(safe);
	free(text);
}
