#include "journal/journal_lmdb.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "journal_conformance.h"
#include "scratch.h"

#define MAP_BYTES       (64 * 1024 * 1024)
#define MAP_BYTES_SMALL (4 * 1024 * 1024)

static void place_make(struct journal_candidate *candidate)
{
	scratch_make(candidate->context);
}

static void place_remove(struct journal_candidate *candidate)
{
	scratch_remove(candidate->context);
}

static int open_lmdb(struct journal_candidate *candidate, bool small, struct journal **ret)
{
	struct journal_lmdb_options options = {.path = candidate->context,
					       .map_bytes = small ? MAP_BYTES_SMALL : MAP_BYTES,
					       .clock = &candidate->clock};

	return journal_lmdb_open(&options, ret);
}

static bool corrupt(struct journal_candidate *candidate, struct tc_slice needle)
{
	char file[PATH_MAX + 16];
	uint8_t *map = MAP_FAILED;
	uint8_t *found = NULL;
	struct stat about;
	int fd;

	snprintf(file, sizeof(file), "%s/data.mdb", (const char *)candidate->context);
	fd = open(file, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &about) == 0)
		map = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		found = memmem(map, (size_t)about.st_size, needle.data, needle.len);
		if (found)
			found[needle.len / 2] ^= 0x10;
		munmap(map, (size_t)about.st_size);
	}
	if (fd >= 0)
		close(fd);
	return found != NULL;
}

int main(void)
{
	static char folder[PATH_MAX];
	struct journal_candidate candidate = {.place_make = place_make,
					      .place_remove = place_remove,
					      .open = open_lmdb,
					      .corrupt = corrupt,
					      .context = folder};

	return journal_conformance_run(&candidate);
}
