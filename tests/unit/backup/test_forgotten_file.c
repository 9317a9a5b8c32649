/* forgotten_file: no entry is passed over in silence, whatever became of the file. */
#include "backup/forgotten_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const char *const contents[] = {"the first one", "", "the one in the middle", "the last"};
#define COUNT (sizeof(contents) / sizeof(contents[0]))

struct place {
	char path[PATH_MAX];
	struct backup_folder folder;
	struct tc_bytes whole;
	size_t starts[COUNT + 1]; /* of each entry, and of the one that is not there */
	struct tc_slice known;    /* by a log */
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	scratch_make(place->path);
	assert_int_equal(backup_folder_open(place->path, false, &place->folder), 0);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(forgotten_file_add(&place->whole, tc_slice_text(contents[i])), 0);
		place->starts[i + 1] = place->whole.len;
	}
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	tc_bytes_free(&place->whole);
	backup_folder_close(&place->folder);
	scratch_remove(place->path);
	free(place);
	return 0;
}

/* Where the entry begins that this byte is in. */
static size_t start_of(const struct place *place, size_t at)
{
	size_t i = 0;

	while (place->starts[i + 1] <= at)
		i++;
	return place->starts[i];
}

static int check(struct place *place, struct tc_slice bytes, size_t *ret_at)
{
	FILE *file;
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/" FORGOTTEN_FILE_NAME, place->path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
	return forgotten_file_check(&place->folder, place->known, ret_at);
}

static void entries_are_read_as_they_were_written(void **state)
{
	struct place *place = *state;
	struct tc_slice left = tc_bytes_slice(&place->whole), entry;
	size_t at;

	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(forgotten_file_next(&left, &entry), 0);
		assert_true(tc_slice_equal(entry, tc_slice_text(contents[i])));
	}
	assert_int_equal(forgotten_file_next(&left, &entry), FORGOTTEN_FILE_END);
	assert_int_equal(forgotten_file_check(&place->folder, place->known, &at),
			 0); /* there is none */
	assert_int_equal(check(place, tc_bytes_slice(&place->whole), &at), 0);
}

static void a_byte_that_changed_is_damage_wherever_it_is(void **state)
{
	struct place *place = *state;
	size_t at;

	for (size_t i = 0; i < place->whole.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			place->whole.data[i] ^= (uint8_t)(1U << bit);
			assert_int_equal(check(place, tc_bytes_slice(&place->whole), &at),
					 TC_ECORRUPT);
			assert_int_equal(at, start_of(place, i));
			place->whole.data[i] ^= (uint8_t)(1U << bit);
		}
	}
}

static void a_part_of_an_entry_is_damage(void **state)
{
	struct place *place = *state;
	size_t at;

	for (size_t len = 0; len < place->whole.len; len++) {
		int r = check(place, tc_slice(place->whole.data, len), &at);

		assert_int_equal(r, start_of(place, len) == len ? 0 : TC_ECORRUPT);
		assert_int_equal(at, start_of(place, len));
	}
}

static void a_log_knows_what_it_begins_with(void **state)
{
	struct place *place = *state;
	uint8_t known[FORGOTTEN_KNOWN_BYTES];
	struct tc_bytes other = {0};
	size_t at;

	for (size_t i = 1; i <= COUNT; i++) {
		assert_int_equal(
			forgotten_file_know(tc_slice(place->whole.data, place->starts[i]), known),
			0);
		place->known = tc_slice(known, sizeof(known));
		for (size_t had = 0; had <= COUNT; had++)
			assert_int_equal(
				check(place, tc_slice(place->whole.data, place->starts[had]), &at),
				had < i ? FORGOTTEN_FILE_LESS : 0);
	}
	/* As long, and of other entries. */
	for (size_t i = COUNT; i > 0; i--)
		assert_int_equal(forgotten_file_add(&other, tc_slice_text(contents[i - 1])), 0);
	assert_int_equal(check(place, tc_bytes_slice(&other), &at), FORGOTTEN_FILE_LESS);
	tc_bytes_free(&other);
	/* It is never by chance that nothing is known. */
	for (size_t i = 0; i < sizeof(known) * 8; i++) {
		known[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_int_equal(check(place, tc_bytes_slice(&place->whole), &at),
				 FORGOTTEN_FILE_LESS);
		known[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	place->known.len--;
	assert_int_equal(check(place, tc_bytes_slice(&place->whole), &at), FORGOTTEN_FILE_LESS);
}

static void it_does_not_become_larger_than_can_be_read(void **state)
{
	struct tc_bytes full = {.len = FORGOTTEN_FILE_BYTES_MAX - 36};

	(void)state;
	assert_int_equal(forgotten_file_add(&full, tc_slice_text("x")), TC_EFULL);
	full.len = FORGOTTEN_FILE_BYTES_MAX;
	assert_int_equal(forgotten_file_add(&full, tc_slice_text("")), TC_EFULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_are_read_as_they_were_written),
		TEST(a_byte_that_changed_is_damage_wherever_it_is),
		TEST(a_part_of_an_entry_is_damage),
		TEST(a_log_knows_what_it_begins_with),
		cmocka_unit_test(it_does_not_become_larger_than_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
