/*
 * scratch - a folder of its own for each test that needs the disk.
 *
 * Owner: the test. Blocks: on the disk.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int scratch_remove_one(const char *path, const struct stat *about, int type,
				     struct FTW *where)
{
	(void)about;
	(void)type;
	(void)where;
	return remove(path);
}

/* Makes a new empty folder below TMPDIR, or ends the program. */
static inline void scratch_make(char path[PATH_MAX])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, PATH_MAX, "%s/throughcare-test-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(path)) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static inline void scratch_remove(const char *path)
{
	if (nftw(path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		perror(path);
}

#endif
