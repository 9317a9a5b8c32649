#include "backup/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"

#define PIECE_BYTES (1024 * 1024)

/* A new one's own name is to last as well. */
static int folder_make(const char *path)
{
	char *parent;
	int r;

	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? 0 : TC_EIO;
	if (asprintf(&parent, "%s/..", path) < 0)
		return TC_ENOMEM;
	r = tc_folder_sync(parent);
	free(parent);
	return r;
}

int backup_folder_open(const char *path, bool make, struct backup_folder *ret)
{
	int r = make ? folder_make(path) : 0;

	ret->fd = -1;
	if (r)
		return r;
	ret->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd >= 0)
		return 0;
	return errno == ENOENT ? BACKUP_FOLDER_ABSENT : TC_EIO;
}

int backup_folder_sync(const struct backup_folder *folder)
{
	return fsync(folder->fd) == 0 ? 0 : TC_EIO;
}

void backup_folder_close(struct backup_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

static int file_open(const struct backup_folder *folder, const char *name, int *ret)
{
	*ret = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret >= 0)
		return 0;
	return errno == ENOENT ? BACKUP_FOLDER_ABSENT : TC_EIO;
}

bool backup_folder_has(const struct backup_folder *folder, const char *name, uint64_t bytes)
{
	struct stat about;

	return fstatat(folder->fd, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(about.st_mode) && (uint64_t)about.st_size == bytes;
}

static ssize_t piece_read(int fd, uint8_t *to, size_t room)
{
	ssize_t len;

	do
		len = read(fd, to, room);
	while (len < 0 && errno == EINTR);
	return len;
}

int backup_folder_read(const struct backup_folder *folder, const char *name, size_t most,
		       struct tc_bytes *to)
{
	ssize_t len = 1;
	int fd;
	int r = file_open(folder, name, &fd);

	if (r)
		return r;
	while (r == 0 && len > 0) {
		r = tc_bytes_reserve(to, PIECE_BYTES);
		if (r)
			break;
		len = piece_read(fd, to->data + to->len, PIECE_BYTES);
		if (len < 0)
			r = TC_EIO;
		else if (to->len + (size_t)len > most)
			r = TC_EFULL;
		else
			to->len += (size_t)len;
	}
	close(fd);
	return r;
}

int backup_folder_wipe(const struct backup_folder *folder, const char *name)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : TC_EIO;
	r = tc_file_wipe(fd);
	close(fd);
	return r;
}

static int new_open(const struct backup_folder *folder, const char *name,
		    char beside[BACKUP_NAME_BYTES + sizeof(BACKUP_NEW_SUFFIX)], int *ret)
{
	snprintf(beside, BACKUP_NAME_BYTES + sizeof(BACKUP_NEW_SUFFIX), "%s" BACKUP_NEW_SUFFIX,
		 name);
	*ret = openat(folder->fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	return *ret < 0 ? TC_EIO : 0;
}

/* Closes it and, when everything is in it, gives it its name. */
static int new_close(const struct backup_folder *folder, const char *name, const char *beside,
		     int fd, int r)
{
	if (r == 0 && fsync(fd) != 0)
		r = TC_EIO;
	close(fd);
	if (r == 0 && renameat(folder->fd, beside, folder->fd, name) != 0)
		r = TC_EIO;
	if (r && unlinkat(folder->fd, beside, 0) != 0 && errno != ENOENT)
		r = TC_EIO;
	return r;
}

int backup_folder_write(const struct backup_folder *folder, const char *name,
			struct tc_slice content, struct backup_file *ret)
{
	char beside[BACKUP_NAME_BYTES + sizeof(BACKUP_NEW_SUFFIX)];
	int fd;
	int r = new_open(folder, name, beside, &fd);

	if (r)
		return r;
	r = tc_write_all(fd, content);
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->bytes = content.len;
	if (r == 0)
		r = tc_sha256(content, ret->sha256);
	return new_close(folder, name, beside, fd, r);
}

/* Reads to the end; into `to` too, unless it is -1. */
static int stream(int from, int to, struct backup_file *ret)
{
	struct tc_sha256_stream *digest = NULL;
	uint8_t *piece = malloc(PIECE_BYTES);
	ssize_t len = 1;
	int r = piece ? tc_sha256_stream_new(&digest) : TC_ENOMEM;

	ret->bytes = 0;
	while (r == 0 && len > 0) {
		len = piece_read(from, piece, PIECE_BYTES);
		if (len < 0)
			r = TC_EIO;
		if (len <= 0)
			break;
		r = tc_sha256_stream_add(digest, tc_slice(piece, (size_t)len));
		if (r == 0 && to >= 0)
			r = tc_write_all(to, tc_slice(piece, (size_t)len));
		ret->bytes += (uint64_t)len;
	}
	if (r == 0)
		r = tc_sha256_stream_end(digest, ret->sha256);
	if (piece)
		tc_wipe(piece, PIECE_BYTES);
	free(piece);
	tc_sha256_stream_free(&digest);
	return r;
}

int backup_folder_measure(const struct backup_folder *folder, const char *name,
			  struct backup_file *ret)
{
	int fd;
	int r = file_open(folder, name, &fd);

	if (r)
		return r;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	r = stream(fd, -1, ret);
	close(fd);
	return r;
}

int backup_folder_copy(const struct backup_folder *from, const char *name,
		       const struct backup_folder *to, const char *as, struct backup_file *ret)
{
	char beside[BACKUP_NAME_BYTES + sizeof(BACKUP_NEW_SUFFIX)];
	int in, out;
	int r = file_open(from, name, &in);

	if (r)
		return r;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	r = new_open(to, as, beside, &out);
	if (r == 0) {
		r = stream(in, out, ret);
		r = new_close(to, as, beside, out, r);
	}
	close(in);
	return r;
}

int backup_folder_replace(const struct backup_folder *folder, const char *name, const char *by)
{
	int r = backup_folder_wipe(folder, name);

	if (r == 0 && renameat(folder->fd, by, folder->fd, name) != 0)
		r = TC_EIO;
	return r;
}

int backup_folder_remove(const struct backup_folder *folder, const char *name)
{
	int r = backup_folder_wipe(folder, name);

	if (r == 0 && unlinkat(folder->fd, name, 0) != 0 && errno != ENOENT)
		r = TC_EIO;
	return r;
}

int backup_folder_names(const struct backup_folder *folder,
			int (*take)(void *context, const char *name), void *context)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!listing) {
		if (fd >= 0)
			close(fd);
		return TC_EIO;
	}
	while (r == 0 && (errno = 0, entry = readdir(listing)) != NULL)
		r = take(context, entry->d_name);
	if (r == 0 && errno != 0)
		r = TC_EIO;
	closedir(listing);
	return r;
}
