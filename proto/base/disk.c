#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int tc_write_all(int fd, struct tc_slice bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.data, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return TC_EIO;
		bytes = tc_slice(bytes.data + put, bytes.len - (size_t)put);
	}
	return 0;
}

int tc_file_wipe(int fd)
{
	static const uint8_t zeros[65536];
	struct stat about;
	off_t left;
	int r = fstat(fd, &about) == 0 ? 0 : TC_EIO;

	left = r == 0 ? about.st_size : 0;
	while (r == 0 && left > 0) {
		size_t len = left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);

		r = tc_write_all(fd, tc_slice(zeros, len));
		left -= (off_t)len;
	}
	return r == 0 && fsync(fd) != 0 ? TC_EIO : r;
}

int tc_folder_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r, error;

	if (fd < 0)
		return TC_EIO;
	r = fsync(fd) == 0 ? 0 : TC_EIO;
	error = errno;
	close(fd);
	errno = error;
	return r;
}
