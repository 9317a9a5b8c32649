/* Sentences for a person: wrapped at words, indented, and safe to look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/paragraph.h"

/* What is printed; the caller frees it. */
static char *printed(int indent, const char *text, bool json)
{
	struct tc_screen screen = {.json = json};
	char *to = NULL;
	size_t len = 0;

	screen.out = open_memstream(&to, &len);
	assert_non_null(screen.out);
	tc_paragraph_say(&screen, indent, "%s", text);
	assert_int_equal(fclose(screen.out), 0);
	return to;
}

static void words_go_on_the_next_line_where_the_width_ends(void **state)
{
	char text[1000], *to;

	(void)state;
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 60; i++)
		strncat(text, "released to ", sizeof(text) - strlen(text) - 1);
	to = printed(4, text, false);
	for (char *line = to; *line;) {
		size_t len = strcspn(line, "\n");

		assert_true(len <= 80 && len > 4);
		assert_memory_equal(line, "    ", 4);
		assert_int_not_equal(line[4], ' ');
		assert_int_not_equal(line[len - 1], ' ');
		line += len + 1;
	}
	free(to);
}

static void a_word_longer_than_the_width_stays_whole(void **state)
{
	char word[121], *to;

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	to = printed(2, word, false);
	assert_int_equal(strlen(to), 2 + 120 + 1);
	free(to);
}

static void letters_count_and_not_their_bytes(void **state)
{
	char text[400] = "", *to;

	(void)state;
	for (int i = 0; i < 20; i++)
		strncat(text, "\xc3\xa4\xc3\xa4\xc3\xa4 ", sizeof(text) - strlen(text) - 1);
	to = printed(0, text, false);
	/* 20 words of three letters and the spaces between them: one line of 79. */
	assert_int_equal(strcspn(to, "\n"), strlen(to) - 1);
	free(to);
}

static void what_would_move_the_cursor_is_shown(void **state)
{
	char *to;

	(void)state;
	to = printed(0, "by grant \033[2Jx\nHeld.", false);
	assert_null(strchr(to, '\033'));
	assert_non_null(strstr(to, "\\x1b"));
	assert_non_null(strstr(to, "\\x0aHeld."));
	free(to);
}

static void programs_are_told_nothing(void **state)
{
	char *to;

	(void)state;
	to = printed(0, "Released: attendance.", true);
	assert_string_equal(to, "");
	free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_go_on_the_next_line_where_the_width_ends),
		cmocka_unit_test(a_word_longer_than_the_width_stays_whole),
		cmocka_unit_test(letters_count_and_not_their_bytes),
		cmocka_unit_test(what_would_move_the_cursor_is_shown),
		cmocka_unit_test(programs_are_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
