/*
 * end_at_sync - preloaded into throughcared: ends it, as SIGKILL would, just before the n-th time
 * that something becomes durable, is renamed, linked or removed. n stands in
 * THROUGHCARE_END_AT_SYNC.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS 77

static long end_at;
static atomic_long calls;

__attribute__((constructor)) static void end_open(void)
{
	const char *text = getenv("THROUGHCARE_END_AT_SYNC");

	/* The sealer inherits it, and lives. */
	if (text && strcmp(program_invocation_short_name, "throughcared") == 0)
		end_at = strtol(text, NULL, 10);
}

static void count(void)
{
	if (atomic_fetch_add(&calls, 1) + 1 == end_at)
		_exit(STATUS);
}

/* ISO C knows no way from an object's pointer to a function's. */
static void real(const char *name, void *to, size_t size)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(to, &found, size);
}

int fsync(int file)
{
	int (*call)(int);

	count();
	real("fsync", &call, sizeof(call));
	return call(file);
}

int fdatasync(int file)
{
	int (*call)(int);

	count();
	real("fdatasync", &call, sizeof(call));
	return call(file);
}

int rename(const char *from, const char *to)
{
	int (*call)(const char *, const char *);

	count();
	real("rename", &call, sizeof(call));
	return call(from, to);
}

int link(const char *from, const char *to)
{
	int (*call)(const char *, const char *);

	count();
	real("link", &call, sizeof(call));
	return call(from, to);
}

int unlink(const char *path)
{
	int (*call)(const char *);

	count();
	real("unlink", &call, sizeof(call));
	return call(path);
}
