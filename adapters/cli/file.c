#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"

bool tc_file_path(char to[TC_FILE_PATH_BYTES], const char *folder, const char *format, ...)
{
	int used = snprintf(to, TC_FILE_PATH_BYTES, "%s/", folder);
	if (used < 0 || used >= TC_FILE_PATH_BYTES)
		return false;

	va_list arguments;
	va_start(arguments, format);
	int more = vsnprintf(to + used, (size_t)(TC_FILE_PATH_BYTES - used), format, arguments);
	va_end(arguments);
	return more >= 0 && more < TC_FILE_PATH_BYTES - used;
}

bool tc_file_exists(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0;
}

int tc_file_read_stream(FILE *stream, size_t bytes_max, struct tc_bytes *ret,
			struct tc_problem *problem)
{
	struct tc_bytes content = {0};
	int r = 0;

	for (;;) {
		r = tc_bytes_reserve(&content, 16384);
		if (r < 0)
			goto out;
		size_t got = fread(content.data + content.len, 1, 16383, stream);
		content.len += got;
		if (content.len > bytes_max) {
			tc_problem_set(problem, "input_too_large", "the input is too large",
				       "split it", "more than %zu bytes", bytes_max);
			r = TC_EINVAL;
			goto out;
		}
		if (got == 0)
			break;
	}
	if (ferror(stream)) {
		tc_problem_set_errno(problem, "input_unreadable", "the input cannot be read",
				     "read", "");
		r = TC_EIO;
		goto out;
	}
	content.data[content.len] = '\0';
	*ret = content;
	content = (struct tc_bytes){0};
out:
	tc_bytes_free_secret(&content);
	return r;
}

int tc_file_read(const char *path, size_t bytes_max, struct tc_bytes *ret,
		 struct tc_problem *problem)
{
	FILE *stream = fopen(path, "re");
	if (!stream) {
		tc_problem_set_errno(problem, "file_unreadable", "a file cannot be read", path,
				     "check that it exists and that you may read it");
		return TC_EIO;
	}
	int r = tc_file_read_stream(stream, bytes_max, ret, problem);
	fclose(stream);
	return r;
}

/* The file is on disk, but its name is only once its folder is synced. */
static int parent_sync(const char *path)
{
	char folder[TC_FILE_PATH_BYTES];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash)
		snprintf(folder, sizeof(folder), ".");
	else if (len == 0)
		snprintf(folder, sizeof(folder), "/");
	else
		snprintf(folder, sizeof(folder), "%.*s", (int)len, path);
	return tc_folder_sync(folder);
}

int tc_file_write(const char *path, mode_t mode, struct tc_slice content,
		  struct tc_problem *problem)
{
	static const char hint[] = "check the folder's permissions and free space";
	char temporary[TC_FILE_PATH_BYTES];
	int fd = -1;
	int r = TC_EIO;

	int len = snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (len < 0 || (size_t)len >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		goto out;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0 || fchmod(fd, mode) != 0)
		goto out;
	r = tc_write_all(fd, content);
	if (r == 0 && (fsync(fd) != 0 || rename(temporary, path) != 0))
		r = TC_EIO;
	if (r == 0)
		r = parent_sync(path);
out:
	if (r < 0)
		tc_problem_set_errno(problem, "file_unwritable", "a file cannot be written", path,
				     hint);
	if (fd >= 0)
		close(fd);
	return r;
}

int tc_file_folder(const char *path, mode_t mode, struct tc_problem *problem)
{
	struct stat status;

	if (mkdir(path, mode) == 0 && chmod(path, mode) == 0 && parent_sync(path) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	tc_problem_set_errno(problem, "folder_unusable", "a folder cannot be made", path,
			     "check the path and the parent folder's permissions");
	return TC_EIO;
}
