/* backup_segment, backup_manifest: what was cut, changed or put in another order is none. */
#include "backup/backup_segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backup/backup_manifest.h"

#define TEST(name)  cmocka_unit_test(name)
#define FIRST       7
#define RECORD(seq) (seq), -1

static const struct tc_id log_id = {.bytes = {1, 2, 3}};

/* A row of the record, or with `part` >= 0 of that part of it. */
static void add(struct tc_bytes *to, uint64_t sequence, int part)
{
	uint8_t key[10], value[40];

	tc_put_be64(key, sequence);
	tc_put_be16(key + 8, (uint16_t)(part < 0 ? 0 : part));
	memset(value, (int)sequence + part, sizeof(value));
	assert_int_equal(backup_segment_row(to, tc_slice(key, part < 0 ? 8 : 10),
					    tc_slice(value, (size_t)(sequence % 40))),
			 0);
}

static void begin(struct tc_bytes *to)
{
	assert_int_equal(backup_segment_begin(to, log_id, FIRST), 0);
}

/* Records 7, 8 with two parts, 9. */
static void sample(struct tc_bytes *to)
{
	begin(to);
	add(to, RECORD(7));
	add(to, RECORD(8));
	add(to, 8, 0);
	add(to, 8, 1);
	add(to, RECORD(9));
	assert_int_equal(backup_segment_end(to, 10), 0);
}

/* What reading to the end gives: BACKUP_SEGMENT_END or TC_ECORRUPT. */
static int outcome(struct tc_slice bytes, struct backup_segment *segment, size_t *ret_rows)
{
	struct journal_raw row;
	int r = backup_segment_open(bytes, segment);

	*ret_rows = 0;
	while (r == 0) {
		r = backup_segment_next(segment, &row);
		*ret_rows += r == 0;
	}
	return r;
}

static int outcome_of(struct tc_bytes *bytes)
{
	struct backup_segment segment;
	size_t rows;
	int r = outcome(tc_bytes_slice(bytes), &segment, &rows);

	tc_bytes_free(bytes);
	return r;
}

static void rows_come_out_as_they_went_in(void **state)
{
	struct tc_bytes bytes = {0};
	struct backup_segment segment;
	struct journal_raw row;
	size_t rows;

	(void)state;
	sample(&bytes);
	assert_int_equal(outcome(tc_bytes_slice(&bytes), &segment, &rows), BACKUP_SEGMENT_END);
	assert_int_equal(rows, 5);
	assert_int_equal(segment.first, 7);
	assert_int_equal(segment.next, 10);
	assert_true(tc_id_equal(segment.log_id, log_id));
	assert_int_equal(backup_segment_open(tc_bytes_slice(&bytes), &segment), 0);
	assert_int_equal(backup_segment_next(&segment, &row), 0);
	assert_int_equal(backup_segment_next(&segment, &row), 0);
	assert_int_equal(row.sequence, 8);
	assert_int_equal(row.value.len, 8);
	assert_int_equal(row.value.data[0], 7);
	tc_bytes_free(&bytes);
}

static void one_that_was_cut_anywhere_is_none(void **state)
{
	struct tc_bytes bytes = {0};
	struct backup_segment segment;
	size_t rows;

	(void)state;
	sample(&bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, bytes.data, len);
		assert_int_equal(outcome(tc_slice(exact, len), &segment, &rows), TC_ECORRUPT);
		free(exact);
	}
	assert_int_equal(tc_bytes_append(&bytes, "", 1), 0);
	assert_int_equal(outcome(tc_bytes_slice(&bytes), &segment, &rows), TC_ECORRUPT);
	tc_bytes_free(&bytes);
}

/* The id of the log stands under no checksum: it is compared with the manifest's. */
static void one_flipped_bit_anywhere_is_found(void **state)
{
	struct tc_bytes bytes = {0};
	struct backup_segment segment;
	size_t rows;

	(void)state;
	sample(&bytes);
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		int r;

		bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		r = outcome(tc_bytes_slice(&bytes), &segment, &rows);
		if (r == BACKUP_SEGMENT_END)
			assert_false(tc_id_equal(segment.log_id, log_id));
		else
			assert_int_equal(r, TC_ECORRUPT);
		bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	tc_bytes_free(&bytes);
}

static void another_order_is_refused(void **state)
{
	static const struct {
		uint64_t sequence;
		int part;
	} wrong[][3] = {
		{{RECORD(8)}, {RECORD(7)}, {RECORD(9)}},  /* swapped */
		{{RECORD(7)}, {RECORD(9)}, {RECORD(10)}}, /* one is missing */
		{{RECORD(7)}, {RECORD(7)}, {RECORD(8)}},  /* one is there twice */
		{{7, 0}, {RECORD(7)}, {RECORD(8)}},       /* a part before its record */
		{{RECORD(7)}, {7, 1}, {RECORD(8)}},       /* the first part is missing */
		{{RECORD(7)}, {RECORD(8)}, {7, 0}},       /* a part of the record before */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct tc_bytes bytes = {0};

		begin(&bytes);
		for (size_t j = 0; j < 3; j++)
			add(&bytes, wrong[i][j].sequence, wrong[i][j].part);
		assert_int_equal(backup_segment_end(&bytes, 10), 0);
		assert_int_equal(outcome_of(&bytes), TC_ECORRUPT);
	}
}

static void an_end_that_counts_other_records_is_none(void **state)
{
	struct tc_bytes bytes = {0};

	(void)state;
	begin(&bytes);
	add(&bytes, RECORD(7));
	assert_int_equal(backup_segment_end(&bytes, 9), 0);
	assert_int_equal(outcome_of(&bytes), TC_ECORRUPT);
}

/* ---- the manifest ---- */

static void manifest_sample(struct backup_manifest *to)
{
	struct backup_run run = {.first = 0, .next = 5, .bytes = 100, .sha256 = {9}};
	struct backup_file file = {.name = "base", .bytes = 3, .sha256 = {8}};

	*to = (struct backup_manifest){.log_id = log_id,
				       .trust_domain = "test.example",
				       .origin = "test.example/trail",
				       .next = 12,
				       .root = {4},
				       .made_ms = 1795000000123};
	assert_int_equal(backup_manifest_add_run(to, &run), 0);
	run.first = 5;
	run.next = 12;
	assert_int_equal(backup_manifest_add_run(to, &run), 0);
	assert_int_equal(backup_manifest_put_file(to, &file), 0);
	assert_int_equal(
		backup_manifest_add_meta(to, tc_slice_text("version"), tc_slice("\0\1", 2)), 0);
}

static void a_manifest_is_read_as_it_was_written(void **state)
{
	struct backup_manifest made, read;
	struct tc_bytes text = {0}, again = {0};

	(void)state;
	manifest_sample(&made);
	assert_int_equal(backup_manifest_write(&made, &text), 0);
	assert_int_equal(backup_manifest_read(tc_bytes_slice(&text), &read), 0);
	assert_int_equal(read.run_count, 2);
	assert_int_equal(read.next, 12);
	assert_true(backup_manifest_meta_equal(&made, &read));
	assert_non_null(backup_manifest_file(&read, "base"));
	assert_null(backup_manifest_file(&read, "forgotten"));
	assert_int_equal(backup_manifest_write(&read, &again), 0);
	assert_true(tc_slice_equal(tc_bytes_slice(&text), tc_bytes_slice(&again)));
	tc_bytes_free(&text);
	tc_bytes_free(&again);
	backup_manifest_free(&made);
	backup_manifest_free(&read);
}

/* The text with the first `from` in it replaced by `to`. */
static int changed(const char *from, const char *to)
{
	struct backup_manifest made, read;
	struct tc_bytes text = {0}, other = {0};
	size_t before;
	uint8_t *at;
	int r;

	manifest_sample(&made);
	assert_int_equal(backup_manifest_write(&made, &text), 0);
	at = memmem(text.data, text.len, from, strlen(from));
	assert_non_null(at);
	before = (size_t)(at - text.data);
	assert_int_equal(tc_bytes_append(&other, text.data, before), 0);
	assert_int_equal(tc_bytes_append(&other, to, strlen(to)), 0);
	before += strlen(from);
	assert_int_equal(tc_bytes_append(&other, text.data + before, text.len - before), 0);
	r = backup_manifest_read(tc_bytes_slice(&other), &read);
	if (r == 0)
		backup_manifest_free(&read);
	tc_bytes_free(&text);
	tc_bytes_free(&other);
	backup_manifest_free(&made);
	return r;
}

static void a_manifest_that_is_wrong_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{"backup/v1", "backup/v2"},
		{"\"next\": 12,\n \"root\"", "\"next\": 13,\n \"root\""},
		{"\"first\": 5", "\"first\": 6"},
		{"\"first\": 0", "\"first\": -1"},
		{"\"name\": \"base\"", "\"name\": \"../base\""},
		{"\"name\": \"base\"", "\"name\": \"/base\""},
		{"\"root\": \"04", "\"root\": \"4"},
		{"\"bytes\": 100", "\"bytes\": \"100\""},
		{"\"origin\": \"test", "\"origin\": \"te st"},
		{"\"logId\"", "\"logID\""},
		{"{", "{\"more\": 1,"},
	};

	(void)state;
	assert_int_equal(changed("test.example", "test.example"), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(changed(wrong[i][0], wrong[i][1]), BACKUP_MANIFEST_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_come_out_as_they_went_in),
		TEST(one_that_was_cut_anywhere_is_none),
		TEST(one_flipped_bit_anywhere_is_found),
		TEST(another_order_is_refused),
		TEST(an_end_that_counts_other_records_is_none),
		TEST(a_manifest_is_read_as_it_was_written),
		TEST(a_manifest_that_is_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
