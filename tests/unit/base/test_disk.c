#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"

#define FILE_BYTES 100000

struct place {
	char folder[PATH_MAX];
	char path[PATH_MAX + 8];
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	scratch_make(place->folder);
	snprintf(place->path, sizeof(place->path), "%s/file", place->folder);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	scratch_remove(place->folder);
	free(place);
	return 0;
}

static void what_is_written_is_there_and_what_is_wiped_is_not(void **state)
{
	static uint8_t content[FILE_BYTES], found[FILE_BYTES + 1];
	struct place *place = *state;
	int fd = open(place->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	memset(content, 'x', sizeof(content));
	assert_true(fd >= 0);
	assert_int_equal(tc_write_all(fd, tc_slice(content, sizeof(content))), 0);
	assert_int_equal(pread(fd, found, sizeof(found), 0), FILE_BYTES);
	assert_memory_equal(found, content, FILE_BYTES);
	close(fd);
	fd = open(place->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(tc_file_wipe(fd), 0);
	memset(content, 0, sizeof(content));
	assert_int_equal(pread(fd, found, sizeof(found), 0), FILE_BYTES);
	assert_memory_equal(found, content, FILE_BYTES);
	close(fd);
	assert_int_equal(tc_folder_sync(place->folder), 0);
}

static void what_cannot_be_written_is_a_fault(void **state)
{
	struct place *place = *state;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(tc_write_all(fd, tc_slice_text("text")), TC_EIO);
	assert_int_equal(errno, ENOSPC);
	close(fd);
	assert_int_equal(tc_file_wipe(-1), TC_EIO);
	assert_int_equal(tc_folder_sync(place->path), TC_EIO);
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_there_and_what_is_wiped_is_not,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_is_a_fault, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
