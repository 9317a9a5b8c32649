/* utf8: agrees with libunistring on every sequence that could matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <unistr.h>

#include "wire/utf8.h"

static void agree(const uint8_t *bytes, size_t len)
{
	bool theirs = u8_check(bytes, len) == NULL;

	if (tc_utf8_valid(tc_slice(bytes, len)) != theirs)
		fail_msg("disagreement on %02x %02x %02x %02x (%zu bytes)", bytes[0], bytes[1],
			 bytes[2], bytes[3], len);
}

static void every_sequence_of_three_bytes_is_judged_as_libunistring_does(void **state)
{
	uint8_t bytes[4] = {0};

	(void)state;
	for (uint32_t n = 0; n < 1u << 24; n++) {
		bytes[0] = (uint8_t)(n >> 16);
		bytes[1] = (uint8_t)(n >> 8);
		bytes[2] = (uint8_t)n;
		agree(bytes, 3);
	}
}

static void sequences_of_four_bytes_are_judged_as_libunistring_does(void **state)
{
	static const uint8_t edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
					0xa0, 0xbf, 0xc0, 0xc2, 0xf0, 0xff};
	uint8_t bytes[4];

	(void)state;
	for (unsigned first = 0xe0; first <= 0xff; first++)
		for (unsigned second = 0; second <= 0xff; second++)
			for (size_t i = 0; i < sizeof(edges); i++)
				for (size_t k = 0; k < sizeof(edges); k++) {
					bytes[0] = (uint8_t)first;
					bytes[1] = (uint8_t)second;
					bytes[2] = edges[i];
					bytes[3] = edges[k];
					agree(bytes, 4);
				}
}

static void a_broken_byte_is_found_wherever_it_stands(void **state)
{
	uint8_t text[64];

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, 'a', sizeof(text));
		assert_true(tc_utf8_valid(tc_slice(text, sizeof(text))));
		text[at] = 0xc3;
		assert_false(tc_utf8_valid(tc_slice(text, sizeof(text))));
		if (at + 1 < sizeof(text)) {
			text[at + 1] = 0xa9;
			assert_true(tc_utf8_valid(tc_slice(text, sizeof(text))));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_of_three_bytes_is_judged_as_libunistring_does),
		cmocka_unit_test(sequences_of_four_bytes_are_judged_as_libunistring_does),
		cmocka_unit_test(a_broken_byte_is_found_wherever_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
