/* The ground floor: bytes, identifiers, names, times, random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/random.h"

static void bytes_grow_and_are_consumed_from_the_front(void **state)
{
	struct tc_bytes bytes = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(tc_bytes_append(&bytes, "abc", 3), 0);
	assert_int_equal(bytes.len, 3000);
	tc_bytes_consume(&bytes, 2998);
	assert_int_equal(bytes.len, 2);
	assert_memory_equal(bytes.data, "bc", 2);
	tc_bytes_consume(&bytes, 100);
	assert_int_equal(bytes.len, 0);
	tc_bytes_free(&bytes);
}

static void an_absurd_reservation_is_refused(void **state)
{
	struct tc_bytes bytes = {0};

	(void)state;
	assert_int_equal(tc_bytes_reserve(&bytes, SIZE_MAX / 2), TC_ENOMEM);
	tc_bytes_free(&bytes);
}

static void big_endian_numbers_come_back(void **state)
{
	uint8_t buffer[8];

	(void)state;
	tc_put_be64(buffer, 0x0102030405060708);
	assert_memory_equal(buffer, "\1\2\3\4\5\6\7\10", 8);
	assert_true(tc_get_be64(buffer) == 0x0102030405060708);
	tc_put_be32(buffer, 0xfffffffe);
	assert_true(tc_get_be32(buffer) == 0xfffffffe);
	tc_put_be16(buffer, 0xabcd);
	assert_int_equal(tc_get_be16(buffer), 0xabcd);
}

static void hexadecimal_is_exact(void **state)
{
	uint8_t data[3] = {0};
	char text[7];

	(void)state;
	assert_true(tc_unhex("00fFa1", 6, data, 3));
	tc_hex(data, 3, text);
	assert_string_equal(text, "00ffa1");
	assert_false(tc_unhex("00ffa", 5, data, 3));
	assert_false(tc_unhex("00ffag", 6, data, 3));
}

static void ids_are_parsed_strictly_and_come_back(void **state)
{
	static const char *const bad[] = {
		"",
		"019a1b2c-0000-7000-8000-00000000000",
		"019a1b2c-0000-7000-8000-0000000000011",
		"019a1b2c00000-7000-8000-000000000001",
		"g19a1b2c-0000-7000-8000-000000000001",
		"{19a1b2c-0000-7000-8000-000000000001",
	};
	char text[TC_ID_TEXT_BYTES];
	struct tc_id id;

	(void)state;
	assert_true(tc_id_parse(tc_slice_text("019A1b2c-0000-7000-8000-000000000001"), &id));
	tc_id_format(id, text);
	assert_string_equal(text, "019a1b2c-0000-7000-8000-000000000001");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tc_id_parse(tc_slice_text(bad[i]), &id));
}

static void new_ids_carry_their_time_and_differ(void **state)
{
	struct tc_id a = tc_id_new(1763760000123);
	struct tc_id b = tc_id_new(1763760000123);

	(void)state;
	assert_true(tc_id_time_ms(a) == 1763760000123);
	assert_false(tc_id_equal(a, b));
	assert_false(tc_id_is_none(a));
	assert_int_equal(a.bytes[8] & 0xc0, 0x80);
}

static void names_are_lower_case_words(void **state)
{
	static const char *const good[] = {"a", "parole-eastside", "9-1"};
	static const char *const bad[] = {
		"",         "-a",
		"a-",       "A",
		"a_b",      "a b",
		"\xc3\xa9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(tc_name_valid(tc_slice_text(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tc_name_valid(tc_slice_text(bad[i])));
}

static void times_are_read_in_every_rfc_3339_form(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-21T10:20:30.123Z", 1795256430123},
		{"2026-11-21t10:20:30.123456789z", 1795256430123},
		{"2026-11-21T12:20:30.1+02:00", 1795256430100},
		{"2026-11-21", 1795219200000},
		{"1969-12-31T23:59:59.999Z", -1},
		{"2024-02-29T00:00:00-00:30", 1709166600000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ms = 0;

		assert_true(tc_time_parse(tc_slice_text(rows[i].text), &ms));
		assert_true(ms == rows[i].ms);
	}
}

static void times_that_do_not_exist_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-13-01",
		"2025-02-29",
		"2026-11-21T25:00:00Z",
		"2026-11-21T10:20Z",
		"2026-11-21T10:20:30",
		"2026-11-21T10:20:30.Z",
		"2026-11-21T10:20:30+2:00",
		"2026-11-21T10:20:30Zx",
		"0000-01-01T00:00:00Z",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tc_time_parse(tc_slice_text(bad[i]), &ms));
}

static void times_come_back_in_milliseconds(void **state)
{
	static const int64_t moments[] = {0, -1, 1795256430123, -62135596800000, 253402300799999};
	char text[TC_TIME_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t ms = 0;

		tc_time_format(moments[i], text);
		assert_true(tc_time_parse(tc_slice_text(text), &ms));
		assert_true(ms == moments[i]);
	}
	tc_time_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void random_bytes_do_not_repeat(void **state)
{
	uint8_t seen[512][8];

	(void)state;
	for (size_t i = 0; i < 512; i++) {
		tc_random_fill(seen[i], sizeof(seen[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], sizeof(seen[i]));
	}
}

static void a_copied_text_ends_whatever_was_there(void **state)
{
	char text[5];

	(void)state;
	memset(text, 0xfe, sizeof(text));
	tc_slice_copy(tc_slice_text("abc"), text, sizeof(text));
	assert_string_equal(text, "abc");
	memset(text, 0xfe, sizeof(text));
	tc_slice_copy(tc_slice_text("abcdefg"), text, sizeof(text));
	assert_string_equal(text, "abcd");
	tc_slice_copy(tc_slice_text(NULL), text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_grow_and_are_consumed_from_the_front),
		cmocka_unit_test(an_absurd_reservation_is_refused),
		cmocka_unit_test(big_endian_numbers_come_back),
		cmocka_unit_test(hexadecimal_is_exact),
		cmocka_unit_test(ids_are_parsed_strictly_and_come_back),
		cmocka_unit_test(new_ids_carry_their_time_and_differ),
		cmocka_unit_test(names_are_lower_case_words),
		cmocka_unit_test(times_are_read_in_every_rfc_3339_form),
		cmocka_unit_test(times_that_do_not_exist_are_refused),
		cmocka_unit_test(times_come_back_in_milliseconds),
		cmocka_unit_test(random_bytes_do_not_repeat),
		cmocka_unit_test(a_copied_text_ends_whatever_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
