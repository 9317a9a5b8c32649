/* Tables fit the screen, whatever is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/screen.h"

#define WIDTH 80
#define ID    "0197a0c0-0000-7000-8000-000000000001"

static char said[16384];

static struct tc_screen screen_open(void)
{
	FILE *to;

	memset(said, 0, sizeof(said));
	to = fmemopen(said, sizeof(said), "w");
	assert_non_null(to);
	return (struct tc_screen){.out = to, .err = to};
}

static void assert_fits(void)
{
	for (const char *line = said; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n"), columns = 0;

		for (size_t i = 0; i < len; i++)
			columns += ((unsigned char)line[i] & 0xc0) != 0x80;
		if (columns > WIDTH)
			fail_msg("%zu columns: %.*s", columns, (int)len, line);
		if (line[len] == '\0')
			break;
	}
}

/* Every word of the text, in its order, whatever stands between them. */
static void assert_says(const char *text)
{
	char words[1024], *next = words;
	const char *at = said;

	assert_true(strlen(text) < sizeof(words));
	memcpy(words, text, strlen(text) + 1);
	for (char *word; (word = strsep(&next, " ")) != NULL;) {
		at = strstr(at, word);
		if (at == NULL)
			fail_msg("%s is missing in: %s", word, said);
		at += strlen(word);
	}
}

static void what_fits_is_one_line_a_row(void **state)
{
	static const struct tc_column columns[] = {{"a", "FIRST"}, {"b", "SECOND"}, {NULL, NULL}};
	struct tc_screen screen = screen_open();
	json_t *rows = json_pack("[{s:s,s:s}]", "a", ID, "b", "short words only");

	(void)state;
	tc_screen_table(&screen, columns, rows);
	fclose(screen.out);
	assert_non_null(strstr(said, ID " short words only\n"));
	json_decref(rows);
}

static void long_cells_wrap_between_words_and_ids_stay_whole(void **state)
{
	static const struct tc_column columns[] = {
		{"a", "ID"}, {"b", "STATE"}, {"c", "AT RISK"}, {NULL, NULL}};
	static const char risks[] = "release_1d, hearing_3d, high_risk, in_custody, absconded, "
				    "alert, offer_expires_1d, supervision_ends_10d";
	struct tc_screen screen = screen_open();
	json_t *rows = json_pack("[{s:s,s:s,s:s},{s:s,s:s,s:s}]", "a", ID, "b", "CANCEL_REQUESTED",
				 "c", risks, "a", ID, "b", "RECEIVED", "c", "urgent");

	(void)state;
	tc_screen_table(&screen, columns, rows);
	fclose(screen.out);
	assert_fits();
	assert_says(ID " CANCEL_REQUESTED");
	for (const char *word = risks; *word; word += strcspn(word, " "), word += *word == ' ') {
		char one[64];

		snprintf(one, sizeof(one), "%.*s", (int)strcspn(word, " "), word);
		assert_non_null(strstr(said, one));
	}
	json_decref(rows);
}

static void a_title_of_several_words_takes_its_room(void **state)
{
	static const struct tc_column columns[] = {
		{"a", "A"}, {"b", "A TITLE OF MANY WORDS"}, {"c", "C"}, {NULL, NULL}};
	struct tc_screen screen = screen_open();
	json_t *rows = json_pack("[{s:s,s:s,s:s}]", "a", ID, "b", "no", "c",
				 "some words that go on until there is no room");

	(void)state;
	tc_screen_table(&screen, columns, rows);
	fclose(screen.out);
	assert_fits();
	assert_non_null(strstr(said, "A TITLE OF MANY WORDS"));
	json_decref(rows);
}

static void a_word_that_is_longer_than_an_id_is_broken(void **state)
{
	static const struct tc_column columns[] = {{"a", "A"}, {"b", "B"}, {NULL, NULL}};
	struct tc_screen screen = screen_open();
	char word[301];
	json_t *rows;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	rows = json_pack("[{s:s,s:s}]", "a", ID, "b", word);
	tc_screen_table(&screen, columns, rows);
	fclose(screen.out);
	assert_fits();
	json_decref(rows);
	screen = screen_open();
	rows = json_pack("{s:s}", "a", word);
	tc_screen_record(&screen, columns, rows);
	fclose(screen.out);
	assert_fits();
	json_decref(rows);
}

static void rows_of_too_many_ids_stand_as_records(void **state)
{
	static const struct tc_column columns[] = {
		{"a", "FIRST"}, {"b", "SECOND"}, {"c", "THIRD"}, {NULL, NULL}};
	struct tc_screen screen = screen_open();
	json_t *rows = json_pack("[{s:s,s:s,s:s},{s:s}]", "a", ID, "b", ID, "c", ID, "a", ID);

	(void)state;
	tc_screen_table(&screen, columns, rows);
	fclose(screen.out);
	assert_fits();
	assert_string_equal(said,
			    "FIRST   " ID "\nSECOND  " ID "\nTHIRD   " ID "\n\nFIRST   " ID "\n");
	json_decref(rows);
}

static void a_record_hangs_its_long_values(void **state)
{
	static const struct tc_column columns[] = {{"a", "legal now"}, {NULL, NULL}};
	static const char legal[] =
		"ReferralResponse RECEIVED, ReferralResponse WAITLISTED, ReferralResponse OFFERED, "
		"ReferralResponse ACCEPTED, ReferralResponse DECLINED, ReferralResponse REROUTED";
	struct tc_screen screen = screen_open();
	json_t *row = json_pack("{s:s}", "a", legal);

	(void)state;
	tc_screen_record(&screen, columns, row);
	fclose(screen.out);
	assert_fits();
	assert_says(legal);
	assert_non_null(strstr(said, "\n           Referral"));
	json_decref(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_one_line_a_row),
		cmocka_unit_test(long_cells_wrap_between_words_and_ids_stay_whole),
		cmocka_unit_test(a_title_of_several_words_takes_its_room),
		cmocka_unit_test(a_word_that_is_longer_than_an_id_is_broken),
		cmocka_unit_test(rows_of_too_many_ids_stand_as_records),
		cmocka_unit_test(a_record_hangs_its_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
