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

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static int columns_of(const char *text, size_t len)
{
	int columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void wrap(const struct tc_screen *screen, int indent, const char *text)
{
	int width = tc_paragraph_width(screen), column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		int columns = columns_of(text, len);

		if (column > 0 && column + 1 + columns > width) {
			fputc('\n', screen->out);
			column = 0;
		}
		fprintf(screen->out, "%*s%.*s", column == 0 ? indent : 1, "", (int)len, text);
		column += (column == 0 ? indent : 1) + columns;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', screen->out);
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
	if (safe)
		wrap(screen, indent, safe);
	free(safe);
	free(text);
}
