#include "journal/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal/crc32c.h"

static void add(struct record_batch *batch, uint64_t request_id, size_t bytes)
{
	struct record *record = record_new();

	assert_non_null(record);
	assert_int_equal(tc_bytes_reserve(&record->owned, bytes), 0);
	memset(record->owned.data, 0, bytes);
	record->owned.len = bytes;
	record->body = tc_bytes_slice(&record->owned);
	record->request_id = request_id;
	record_batch_push(batch, &record);
	assert_null(record);
}

static void a_batch_keeps_order_count_and_bytes(void **state)
{
	struct record_batch a = {0};
	struct record_batch b = {0};
	struct record *record;

	(void)state;
	assert_null(record_batch_pop(&a));
	add(&a, 1, 10);
	add(&b, 2, 20);
	add(&b, 3, 30);
	record_batch_join(&a, &b);
	assert_int_equal(b.count, 0);
	assert_null(b.first);
	record_batch_join(&b, &a);
	record_batch_join(&b, &a);
	add(&b, 4, 40);
	assert_int_equal(b.count, 4);
	assert_int_equal(b.bytes, 100);
	for (uint64_t i = 1; i <= 3; i++) {
		record = record_batch_pop(&b);
		assert_non_null(record);
		assert_int_equal(record->request_id, i);
		record_free(&record);
		assert_null(record);
		record_free(&record);
	}
	assert_int_equal(b.bytes, 40);
	record_batch_free(&b);
	assert_int_equal(b.count, 0);
	assert_null(b.last);
}

/* The leaf's bytes are a promise to verifiers: they may never change. */
static void the_leaf_entry_is_what_was_promised(void **state)
{
	static const uint8_t expected[RECORD_LEAF_BYTES] =
		"throughcare/leaf/v1\n"
		"\x00\x00\x01\x9a\xa0\x10\x20\x30"
		"\x00\x00\x00\x00\x00\x00\x01\x02"
		"\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab"
		"\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab";
	uint8_t entry[RECORD_LEAF_BYTES];
	uint8_t commitment[32];

	(void)state;
	memset(commitment, 0xab, sizeof(commitment));
	record_leaf_entry(0x19aa0102030, 258, commitment, entry);
	assert_memory_equal(entry, expected, sizeof(entry));
}

/* RFC 3720, appendix B.4, and the usual check value. */
static void crc32c_gives_the_published_values(void **state)
{
	uint8_t block[32];

	(void)state;
	assert_int_equal(crc32c(0, tc_slice_text("123456789")), 0xe3069283);
	assert_int_equal(crc32c(crc32c(0, tc_slice_text("1234")), tc_slice_text("56789")),
			 0xe3069283);
	memset(block, 0, sizeof(block));
	assert_int_equal(crc32c(0, tc_slice(block, sizeof(block))), 0x8a9136aa);
	memset(block, 0xff, sizeof(block));
	assert_int_equal(crc32c(0, tc_slice(block, sizeof(block))), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, tc_slice(block, sizeof(block))), 0x46dd794e);
	/* Both ways of computing it. */
	assert_int_equal(crc32c_portable(0, tc_slice(block, sizeof(block))), 0x46dd794e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_keeps_order_count_and_bytes),
		cmocka_unit_test(the_leaf_entry_is_what_was_promised),
		cmocka_unit_test(crc32c_gives_the_published_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
