#include "audit/audit_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"

#define NAME_BYTES 128 /* of a file below the folder */

static int unusable(const struct tc_audit_folder *folder, const char *name,
		    struct tc_audit_finding *finding)
{
	char path[4096 + NAME_BYTES];
	int error = errno;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	errno = error;
	return tc_audit_find_errno(
		finding, error == ENOENT ? TC_AUDIT_FILE_MISSING : TC_AUDIT_FILE_UNUSABLE, path);
}

int tc_audit_folder_open(const char *path, bool make, struct tc_audit_folder *ret,
			 struct tc_audit_finding *finding)
{
	int len = snprintf(ret->path, sizeof(ret->path), "%s", path);

	ret->fd = -1;
	if (len < 0 || (size_t)len >= sizeof(ret->path)) {
		errno = ENAMETOOLONG;
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, "the folder");
	}
	if (make && mkdir(path, 0755) != 0 && errno != EEXIST)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	ret->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd < 0)
		return tc_audit_find_errno(finding, TC_AUDIT_FILE_UNUSABLE, path);
	/* Two that write the same files would mix them. Not every file system locks a folder. */
	if (make && flock(ret->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		tc_audit_folder_close(ret);
		return tc_audit_find(finding, TC_AUDIT_FILE_UNUSABLE,
				     "%s: another process is writing there", path);
	}
	return 0;
}

void tc_audit_folder_close(struct tc_audit_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

static int read_all(int fd, size_t bytes_max, struct tc_bytes *to)
{
	to->len = 0;
	for (;;) {
		int r = tc_bytes_reserve(to, 16384);
		if (r < 0)
			return r;
		ssize_t got = read(fd, to->data + to->len, to->capacity - to->len);
		if (got == 0)
			return 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return TC_EIO;
		to->len += (size_t)got;
		if (to->len > bytes_max) {
			errno = EFBIG;
			return TC_EIO;
		}
	}
}

int tc_audit_folder_read(const struct tc_audit_folder *folder, const char *name, size_t bytes_max,
			 struct tc_bytes *ret, struct tc_audit_finding *finding)
{
	/* A folder of somebody else's may hold a pipe, and nobody would ever write into it. */
	int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat about;

	if (fd < 0)
		return unusable(folder, name, finding);
	int r = fstat(fd, &about) == 0 ? 0 : TC_EIO;
	if (r == 0 && !S_ISREG(about.st_mode)) {
		errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
		r = TC_EIO;
	}
	if (r == 0)
		r = read_all(fd, bytes_max, ret);
	if (r == TC_EIO)
		r = unusable(folder, name, finding);
	close(fd);
	return r;
}

/* Every folder on the way to `name`. */
static int parents_make(const struct tc_audit_folder *folder, const char *name)
{
	char path[NAME_BYTES];

	snprintf(path, sizeof(path), "%s", name);
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(folder->fd, path, 0755) != 0 && errno != EEXIST)
			return TC_EIO;
		*slash = '/';
	}
	return 0;
}

static int open_new(const struct tc_audit_folder *folder, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(folder->fd, name, flags, 0644);

	if (fd < 0 && errno == ENOENT && parents_make(folder, name) == 0)
		fd = openat(folder->fd, name, flags, 0644);
	return fd;
}

int tc_audit_folder_write(const struct tc_audit_folder *folder, const char *name,
			  struct tc_slice content, struct tc_audit_finding *finding)
{
	char temporary[NAME_BYTES];
	int r = TC_EIO;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	int fd = open_new(folder, temporary);
	if (fd >= 0 && tc_write_all(fd, content) == 0 && fchmod(fd, 0644) == 0 &&
	    renameat(folder->fd, temporary, folder->fd, name) == 0)
		r = 0;
	if (r != 0)
		r = unusable(folder, name, finding);
	if (fd >= 0)
		close(fd);
	return r;
}

int tc_audit_folder_sync(const struct tc_audit_folder *folder, struct tc_audit_finding *finding)
{
	return syncfs(folder->fd) == 0 ? 0 : unusable(folder, ".", finding);
}
