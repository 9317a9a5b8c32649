/* The maps of the stores let go of memory, and lose nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/residence.h"
#include "scratch.h"

#define BYTES (4 * (size_t)RESIDENCE_BYTES_MAX)

static uint64_t sum_of(const uint8_t *bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < BYTES; i += 512)
		sum += bytes[i];
	return sum;
}

static void a_map_lets_go_and_is_read_again(void **state)
{
	static uint8_t block[65536];
	char folder[PATH_MAX], above[PATH_MAX], file[PATH_MAX + 16], *name;
	struct residence residence;

	(void)state;
	scratch_make(folder);
	snprintf(file, sizeof(file), "%s/data.mdb", folder);
	int fd = open(file, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	memset(block, 7, sizeof(block));
	for (size_t i = 0; i < BYTES; i += sizeof(block))
		assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	const uint8_t *bytes = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	const uint64_t sum = sum_of(bytes);
	const uint64_t before = residence_bytes();
	assert_true(before > BYTES);

	residence_find(&residence, "/nonexistent", "ledger");
	assert_int_equal(residence.count, 0);
	snprintf(above, sizeof(above), "%s", folder);
	name = strrchr(above, '/');
	*name++ = '\0';
	residence_find(&residence, above, name);
	assert_int_equal(residence.count, 0);
	residence_find(&residence, above, "ledger");
	assert_int_equal(residence.count, 1);
	residence_find(&residence, folder, "ledger");
	assert_int_equal(residence.count, 1);
	assert_ptr_equal(residence.maps[0].start, bytes);
	residence_check(&residence);
	assert_true(residence_bytes() < before - BYTES / 2);
	assert_int_equal(sum_of(bytes), sum);

	munmap((void *)(uintptr_t)bytes, BYTES);
	close(fd);
	scratch_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_lets_go_and_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
