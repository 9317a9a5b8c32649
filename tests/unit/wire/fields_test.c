/* fields: protobuf's wire format, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/fields.h"

#define BYTES(text) tc_slice(text, sizeof(text) - 1)

static void each_wire_type_is_read(void **state)
{
	struct tc_slice rest = BYTES("\x08\x96\x01"
				     "\x12\x02hi"
				     "\x1d\x01\x00\x00\x80"
				     "\x21\x01\x00\x00\x00\x00\x00\x00\x80");
	struct tc_field field;

	(void)state;
	assert_int_equal(tc_fields_next(&rest, &field), 0);
	assert_int_equal(field.number, 1);
	assert_int_equal(field.value, 150);
	assert_int_equal(field.record.len, 3);
	assert_int_equal(tc_fields_next(&rest, &field), 0);
	assert_int_equal(field.number, 2);
	assert_true(tc_slice_equal(field.bytes, tc_slice_text("hi")));
	assert_int_equal(tc_fields_next(&rest, &field), 0);
	assert_true(field.value == 0x80000001U);
	assert_int_equal(tc_fields_next(&rest, &field), 0);
	assert_true(field.value == 0x8000000000000001U);
	assert_int_equal(tc_fields_next(&rest, &field), TC_FIELDS_END);
}

static void what_is_no_message_is_malformed(void **state)
{
	const struct tc_slice wrong[] = {
		BYTES("\x08"),
		BYTES("\x08\x80"),
		BYTES("\x12\x03hi"),
		BYTES("\x0b"),
		BYTES("\x0c"),
		BYTES("\x0e"),
		BYTES("\x00\x01"),
		BYTES("\x0d\x01\x02"),
		BYTES("\x09\x01\x02"),
		BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		BYTES("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
		BYTES("\xff\xff\xff\xff\xff\xff\x01\x01"),
	};
	struct tc_field field;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct tc_slice rest = wrong[i];

		assert_int_equal(tc_fields_next(&rest, &field), TC_FIELDS_MALFORMED);
		assert_ptr_equal(rest.data, wrong[i].data);
	}
}

static void timestamps_are_cut_to_milliseconds(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_true(tc_fields_timestamp(BYTES(""), &ms));
	assert_int_equal(ms, 0);
	/* 1 s 999999999 ns */
	assert_true(tc_fields_timestamp(BYTES("\x08\x01\x10\xff\x93\xeb\xdc\x03"), &ms));
	assert_int_equal(ms, 1999);
	/* -1 s */
	assert_true(
		tc_fields_timestamp(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &ms));
	assert_int_equal(ms, -1000);
	/* 1000000000 ns; the greatest 64-bit number of seconds; a text */
	assert_false(tc_fields_timestamp(BYTES("\x10\x80\x94\xeb\xdc\x03"), &ms));
	assert_false(tc_fields_timestamp(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), &ms));
	assert_false(tc_fields_timestamp(BYTES("\x0a\x01x"), &ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wire_type_is_read),
		cmocka_unit_test(what_is_no_message_is_malformed),
		cmocka_unit_test(timestamps_are_cut_to_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
