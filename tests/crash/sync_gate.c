/*
 * sync_gate - loaded before libc (LD_PRELOAD): the journal's fdatasync waits for a test.
 *
 * In the folder that SYNC_GATE names: while the file `closed` is there, a sync of a file of a
 * folder "journal" opens the FIFO `arrived`, reads one byte from the FIFO `verdict`, and then is
 * done ('g') or fails ('f'). All other syncs go through.
 *
 * Owner: any thread. Blocks: as long as the test wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_journal(int fd)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	return strstr(path, "/journal/") != NULL;
}

static int gate_open(const char *folder, const char *name, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, flags | O_CLOEXEC);
}

/* What the test says, or 'g' when the gate is not closed. */
static char verdict_of(const char *folder)
{
	char verdict = 'g';
	int fd = gate_open(folder, "closed", O_RDONLY);

	if (fd < 0)
		return verdict;
	close(fd);
	/* Each open waits for the other end. */
	close(gate_open(folder, "arrived", O_WRONLY));
	fd = gate_open(folder, "verdict", O_RDONLY);
	if (read(fd, &verdict, 1) != 1)
		verdict = 'f';
	close(fd);
	return verdict;
}

int fdatasync(int fd)
{
	const char *folder = getenv("SYNC_GATE");

	if (folder && is_journal(fd) && verdict_of(folder) == 'f') {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}
