/* Memory for unpacking is bounded and given back at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "gateway/scratch.h"
#include "wire/limits.h"

static void what_is_taken_does_not_overlap(void **state)
{
	struct scratch scratch;
	unsigned char *a, *b;

	(void)state;
	assert_int_equal(scratch_init(&scratch), 0);
	for (int round = 0; round < 3; round++) {
		a = scratch.allocator.alloc(scratch.allocator.allocator_data, 100000);
		b = scratch.allocator.alloc(scratch.allocator.allocator_data, 7);
		assert_non_null(a);
		assert_non_null(b);
		memset(a, 1, 100000);
		memset(b, 2, 7);
		assert_int_equal(a[99999], 1);
		scratch_reset(&scratch);
	}
	scratch_done(&scratch);
}

static void more_than_the_limit_is_refused(void **state)
{
	struct scratch scratch;
	size_t taken = 0;

	(void)state;
	assert_int_equal(scratch_init(&scratch), 0);
	assert_null(scratch.allocator.alloc(&scratch, TC_UNPACK_BYTES_MAX + 1));
	while (scratch.allocator.alloc(&scratch, 65536))
		taken += 65536;
	assert_int_equal(taken, TC_UNPACK_BYTES_MAX);
	scratch_reset(&scratch);
	assert_non_null(scratch.allocator.alloc(&scratch, 65536));
	scratch_done(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_does_not_overlap),
		cmocka_unit_test(more_than_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
