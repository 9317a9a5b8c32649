#include "store/store_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int order(const struct store_key *a, const struct store_key *b)
{
	struct tc_slice x = store_key_slice(a);
	struct tc_slice y = store_key_slice(b);
	int d = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

	return d != 0 ? d : (x.len > y.len) - (x.len < y.len);
}

static void numbers_sort_as_numbers(void **state)
{
	static const int64_t values[] = {INT64_MIN, -70000, -1, 0, 1, 255, 256, INT64_MAX};
	struct store_key a, b;

	(void)state;
	for (size_t i = 1; i < sizeof(values) / sizeof(values[0]); i++) {
		store_key_init(&a);
		store_key_init(&b);
		store_key_i64(&a, values[i - 1]);
		store_key_i64(&b, values[i]);
		assert_true(order(&a, &b) < 0);
	}
	store_key_init(&a);
	store_key_init(&b);
	store_key_u64(&a, 255);
	store_key_u64(&b, 256);
	assert_true(order(&a, &b) < 0);
}

static void text_sorts_before_its_longer_self(void **state)
{
	struct store_key a, b;

	(void)state;
	store_key_init(&a);
	store_key_init(&b);
	store_key_text(&a, tc_slice_text("ab"));
	store_key_u64(&a, UINT64_MAX);
	store_key_text(&b, tc_slice_text("abc"));
	store_key_u64(&b, 0);
	assert_true(order(&a, &b) < 0);
}

static void what_was_put_together_comes_apart_again(void **state)
{
	tc_agency agency, agency_back;
	struct tc_id id = {.bytes = {1, 2, 3, 255}};
	struct tc_slice text, bytes, rest;
	struct store_key key;
	struct tc_id id_back;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	int64_t i64;
	uint8_t u8;

	(void)state;
	assert_true(tc_agency_parse(tc_slice_text("parole-county"), &agency));
	store_key_init(&key);
	store_key_u8(&key, 7);
	store_key_u16(&key, 0x1234);
	store_key_u32(&key, 0x89abcdef);
	store_key_u64(&key, 0x0123456789abcdef);
	store_key_i64(&key, -5);
	store_key_text(&key, tc_slice_text("zwölf"));
	store_key_id(&key, id);
	store_key_agency(&key, &agency);
	store_key_bytes(&key, tc_slice("xyz", 3));
	rest = store_key_slice(&key);
	assert_true(store_key_take_u8(&rest, &u8));
	assert_true(store_key_take_u16(&rest, &u16));
	assert_true(store_key_take_u32(&rest, &u32));
	assert_true(store_key_take_u64(&rest, &u64));
	assert_true(store_key_take_i64(&rest, &i64));
	assert_true(store_key_take_text(&rest, &text));
	assert_true(store_key_take_id(&rest, &id_back));
	assert_true(store_key_take_agency(&rest, &agency_back));
	assert_true(store_key_take_bytes(&rest, 3, &bytes));
	assert_int_equal(rest.len, 0);
	assert_int_equal(u8, 7);
	assert_int_equal(u16, 0x1234);
	assert_int_equal(u32, 0x89abcdef);
	assert_true(u64 == 0x0123456789abcdef);
	assert_true(i64 == -5);
	assert_true(tc_slice_equal(text, tc_slice_text("zwölf")));
	assert_true(tc_id_equal(id, id_back));
	assert_true(tc_agency_equal(&agency, &agency_back));
	assert_memory_equal(bytes.data, "xyz", 3);
}

static void taking_from_too_short_a_key_is_refused(void **state)
{
	uint8_t few[] = {'a', 'b'};
	struct tc_slice key = tc_slice(few, sizeof(few));
	struct tc_slice slice;
	struct tc_id id;
	tc_agency agency;
	uint64_t u64;
	uint32_t u32;
	int64_t i64;

	(void)state;
	assert_false(store_key_take_u32(&key, &u32));
	assert_false(store_key_take_u64(&key, &u64));
	assert_false(store_key_take_i64(&key, &i64));
	assert_false(store_key_take_id(&key, &id));
	assert_false(store_key_take_text(&key, &slice));
	assert_false(store_key_take_agency(&key, &agency));
	assert_false(store_key_take_bytes(&key, 3, &slice));
	assert_int_equal(key.len, 2);
}

static void a_key_over_the_limit_stays_invalid(void **state)
{
	static const uint8_t block[STORE_KEY_BYTES_MAX];
	struct store_key key;

	(void)state;
	store_key_init(&key);
	store_key_bytes(&key, tc_slice(block, sizeof(block)));
	assert_int_equal(store_key_slice(&key).len, STORE_KEY_BYTES_MAX);
	store_key_u8(&key, 1);
	assert_true(store_key_slice(&key).len > STORE_KEY_BYTES_MAX);
	store_key_u64(&key, 1);
	assert_true(store_key_slice(&key).len > STORE_KEY_BYTES_MAX);
}

static void text_with_a_nul_inside_makes_the_key_invalid(void **state)
{
	struct store_key key;

	(void)state;
	store_key_init(&key);
	store_key_text(&key, tc_slice("a\0b", 3));
	assert_true(store_key_slice(&key).len > STORE_KEY_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_sort_as_numbers),
		cmocka_unit_test(text_sorts_before_its_longer_self),
		cmocka_unit_test(what_was_put_together_comes_apart_again),
		cmocka_unit_test(taking_from_too_short_a_key_is_refused),
		cmocka_unit_test(a_key_over_the_limit_stays_invalid),
		cmocka_unit_test(text_with_a_nul_inside_makes_the_key_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
