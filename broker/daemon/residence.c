#include "daemon/residence.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DATA_FILE "/data.mdb"

static bool is_below(const char *path, const char *folder, const char *kept)
{
	size_t len = strlen(folder), path_len = strlen(path), end = strlen(DATA_FILE);
	size_t kept_len = strlen(kept);

	if (strncmp(path, folder, len) != 0 || path[len] != '/' || path_len <= end ||
	    strcmp(path + path_len - end, DATA_FILE) != 0)
		return false;
	return strncmp(path + len + 1, kept, kept_len) != 0 || path[len + 1 + kept_len] != '/';
}

void residence_find(struct residence *ret, const char *folder, const char *kept)
{
	char whole[PATH_MAX], line[PATH_MAX + 128];
	FILE *maps;

	*ret = (struct residence){.count = 0};
	if (!realpath(folder, whole))
		return;
	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return;
	while (ret->count < RESIDENCE_MAPS_MAX && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char *path = strchr(line, '/'), access[8];

		if (!path || sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3 ||
		    strcmp(access, "r--s") != 0)
			continue;
		path[strcspn(path, "\n")] = '\0';
		if (is_below(path, whole, kept))
			ret->maps[ret->count++] = (struct residence_map){.start = (void *)start,
									 .bytes = end - start};
	}
	fclose(maps);
}

uint64_t residence_bytes(void)
{
	unsigned long size, resident, shared = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm)
		return 0;
	if (fscanf(statm, "%lu %lu %lu", &size, &resident, &shared) != 3)
		shared = 0;
	fclose(statm);
	return (uint64_t)shared * (uint64_t)sysconf(_SC_PAGESIZE);
}

void residence_check(struct residence *residence)
{
	if (residence_bytes() <= residence->left + RESIDENCE_BYTES_MAX)
		return;
	for (size_t i = 0; i < residence->count; i++)
		(void)madvise(residence->maps[i].start, residence->maps[i].bytes, MADV_DONTNEED);
	residence->left = residence_bytes();
}
