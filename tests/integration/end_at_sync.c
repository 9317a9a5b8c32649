/*
 * end_at_sync - preloaded into throughcared: ends it, as SIGKILL would, just before the n-th time
 * that something becomes durable, is renamed, linked or removed. n stands in
 * THROUGHCARE_END_AT_SYNC; with THROUGHCARE_STOP_AT_SYNC it is stopped there, until SIGCONT.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS 77

static long end_at, stop_at;
static atomic_long calls;

static long number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void end_open(void)
{
	/* The sealer inherits it, and lives. */
	if (strcmp(program_invocation_short_name, "throughcared") != 0)
		return;
	end_at = number_of("THROUGHCARE_END_AT_SYNC");
	stop_at = number_of("THROUGHCARE_STOP_AT_SYNC");
}

static void count(void)
{
	long call = atomic_fetch_add(&calls, 1) + 1;

	if (call == end_at)
		_exit(STATUS);
	if (call == stop_at)
		raise(SIGSTOP);
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

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	int (*call)(int, const char *, int, const char *);

	count();
	real("renameat", &call, sizeof(call));
	return call(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	int (*call)(int, const char *, int, const char *, unsigned);

	count();
	real("renameat2", &call, sizeof(call));
	return call(from_folder, from, to_folder, to, flags);
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

int unlinkat(int folder, const char *path, int flags)
{
	int (*call)(int, const char *, int);

	count();
	real("unlinkat", &call, sizeof(call));
	return call(folder, path, flags);
}
