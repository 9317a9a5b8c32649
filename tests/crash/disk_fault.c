/*
 * disk_fault - loaded before libc (LD_PRELOAD): a disk that fails whom the test says, and how.
 *
 * DISK_FAULT names a file of int32: for each writer of `names` the errno that it meets, 0 for
 * none, and then for each how often it met it. ENOSPC is met by writes, anything else by syncs.
 * The file is mapped, and descriptors are told apart when they are opened: so the library makes
 * no call that a sandbox could forbid.
 *
 * Owner: any thread. Blocks: never.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const names[] = {"/journal/data.mdb", "/ledger/data.mdb", "/trail/data.mdb",
				    "/tree/data.mdb", "sealer.state.new"};

#define NAMES       (sizeof(names) / sizeof(names[0]))
#define DESCRIPTORS 4096

static volatile int32_t *faults;
static unsigned char writers[DESCRIPTORS]; /* 1 + place in `names` */

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("DISK_FAULT");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, 2 * NAMES * sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		faults = map;
	syscall(SYS_close, fd);
}

static int opened(int fd, const char *path)
{
	size_t len = strlen(path);

	if (fd < 0 || fd >= DESCRIPTORS)
		return fd;
	writers[fd] = 0;
	for (size_t i = 0; i < NAMES; i++) {
		size_t end = strlen(names[i]);

		if (len >= end && strcmp(path + len - end, names[i]) == 0)
			writers[fd] = (unsigned char)(i + 1);
	}
	return fd;
}

static int fails(int fd, int writes)
{
	size_t writer;

	if (!faults || fd < 0 || fd >= DESCRIPTORS || writers[fd] == 0)
		return 0;
	writer = writers[fd] - 1u;
	if (faults[writer] == 0 || (faults[writer] == ENOSPC) != writes)
		return 0;
	faults[NAMES + writer]++;
	errno = faults[writer];
	return 1;
}

static mode_t mode_of(int flags, va_list rest)
{
	return flags & O_CREAT ? (mode_t)va_arg(rest, int) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = mode_of(flags, rest);
	va_end(rest);
	return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), path);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = mode_of(flags, rest);
	va_end(rest);
	return opened((int)syscall(SYS_openat, folder, path, flags, mode), path);
}

int close(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		writers[fd] = 0;
	return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	return fails(fd, 1) ? -1 : syscall(SYS_write, fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return fails(fd, 1) ? -1 : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return fails(fd, 1) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
	static ssize_t (*real)(int, const struct iovec *, int, off_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwritev");
	return fails(fd, 1) ? -1 : real(fd, parts, count, at);
}

int fdatasync(int fd)
{
	return fails(fd, 0) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return fails(fd, 0) ? -1 : (int)syscall(SYS_fsync, fd);
}
