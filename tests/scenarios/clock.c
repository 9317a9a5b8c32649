/*
 * clock - preloaded into the programs of a story: the machine's time, moved by the
 * seconds that stand in a file (8 bytes, as this machine writes them). The file is mapped, so that
 * a change is there at once, for all of them. What only measures (CLOCK_MONOTONIC) is left alone.
 *
 * libfaketime does the same and cannot be loaded together with an allocator that asks for the time
 * while it starts.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;

__attribute__((constructor)) static void clock_open(void)
{
	const char *path = getenv("THROUGHCARE_STORY_CLOCK");
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *mapped =
		file < 0 ? MAP_FAILED : mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, file, 0);

	if (mapped != MAP_FAILED)
		offset = mapped;
	if (file >= 0)
		close(file);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	long r = syscall(SYS_clock_gettime, clock, ret);

	if (r == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec += (time_t)*offset;
	return (int)r;
}

time_t time(time_t *ret)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now = {0};

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = (suseconds_t)(now.tv_nsec / 1000);
	return 0;
}
