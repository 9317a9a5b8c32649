#include "store/store_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "store/store_dump_format.h"
#include "store/store_folder.h"
#include "wire/digest.h"

#define BUFFER_BYTES (1024 * 1024)
#define NAME_NEW     ".new"
#define NAME_OLD     ".old"

struct store_dump {
	FILE *file;
	char *buffer;
	char *path, *path_new, *path_old, *folder;
	struct tc_sha256_stream *sha256;
};

static int write_all(struct store_dump *dump, const void *data, size_t len)
{
	int r = tc_sha256_stream_add(dump->sha256, tc_slice(data, len));

	if (r == 0 && len > 0 && fwrite(data, len, 1, dump->file) != 1)
		r = TC_EIO;
	return r;
}

static int paths_make(struct store_dump *dump, const char *path)
{
	const char *slash = strrchr(path, '/');

	dump->path = strdup(path);
	dump->folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (asprintf(&dump->path_new, "%s" NAME_NEW, path) < 0)
		dump->path_new = NULL;
	if (asprintf(&dump->path_old, "%s" NAME_OLD, path) < 0)
		dump->path_old = NULL;
	return dump->path && dump->folder && dump->path_new && dump->path_old ? 0 : TC_ENOMEM;
}

int store_dump_open(const char *path, struct tc_slice head, struct store_dump **ret)
{
	struct store_dump *dump = calloc(1, sizeof(*dump));
	uint8_t length[4];
	int descriptor = -1;
	int r = dump ? paths_make(dump, path) : TC_ENOMEM;

	if (r == 0)
		r = store_dump_clean(path);
	if (r == 0)
		r = tc_sha256_stream_new(&dump->sha256);
	if (r < 0)
		goto out;
	descriptor =
		open(dump->path_new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	dump->file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
	dump->buffer = malloc(BUFFER_BYTES);
	if (!dump->file || !dump->buffer) {
		r = dump->file ? TC_ENOMEM : TC_EIO;
		if (descriptor >= 0 && !dump->file)
			close(descriptor);
		goto out;
	}
	setvbuf(dump->file, dump->buffer, _IOFBF, BUFFER_BYTES);
	tc_put_be32(length, (uint32_t)head.len);
	r = write_all(dump, STORE_DUMP_MAGIC, STORE_DUMP_MAGIC_BYTES);
	if (r == 0)
		r = write_all(dump, length, sizeof(length));
	if (r == 0)
		r = write_all(dump, head.data, head.len);
	if (r < 0)
		goto out;
	*ret = dump;
	dump = NULL;
out:
	store_dump_free(&dump);
	return r;
}

int store_dump_table(struct store_dump *dump, const char *name)
{
	uint8_t entry[2] = {STORE_DUMP_TABLE, (uint8_t)strlen(name)};
	int r = strlen(name) <= STORE_DUMP_NAME_MAX ? 0 : TC_EINVAL;

	if (r == 0)
		r = write_all(dump, entry, sizeof(entry));
	return r == 0 ? write_all(dump, name, entry[1]) : r;
}

int store_dump_row(struct store_dump *dump, struct tc_slice key, struct tc_slice value)
{
	uint8_t entry[9] = {STORE_DUMP_ROW};
	int r;

	if (key.len > STORE_KEY_BYTES_MAX || value.len > UINT32_MAX)
		return TC_EINVAL;
	tc_put_be32(entry + 1, (uint32_t)key.len);
	tc_put_be32(entry + 5, (uint32_t)value.len);
	r = write_all(dump, entry, sizeof(entry));
	if (r == 0)
		r = write_all(dump, key.data, key.len);
	return r == 0 ? write_all(dump, value.data, value.len) : r;
}

/* The former file keeps a name of its own until its bytes are overwritten. */
static int put_in_place(struct store_dump *dump)
{
	if (link(dump->path, dump->path_old) != 0 && errno != ENOENT)
		return TC_EIO;
	if (rename(dump->path_new, dump->path) != 0 || store_folder_sync(dump->folder) != 0)
		return TC_EIO;
	return store_file_erase(dump->path_old);
}

int store_dump_end(struct store_dump *dump, uint8_t ret[STORE_DUMP_SHA256_BYTES])
{
	uint8_t end = STORE_DUMP_END;
	int r = write_all(dump, &end, 1);

	if (r == 0)
		r = tc_sha256_stream_end(dump->sha256, ret);
	if (r < 0)
		return r;
	if (fwrite(ret, STORE_DUMP_SHA256_BYTES, 1, dump->file) != 1 || fflush(dump->file) != 0 ||
	    fsync(fileno(dump->file)) != 0)
		return TC_EIO;
	return put_in_place(dump);
}

void store_dump_free(struct store_dump **dump)
{
	struct store_dump *d = *dump;

	if (!d)
		return;
	if (d->file)
		fclose(d->file);
	/* After store_dump_end it has another name. */
	if (d->file && access(d->path_new, F_OK) == 0)
		unlink(d->path_new);
	tc_sha256_stream_free(&d->sha256);
	free(d->buffer);
	free(d->path);
	free(d->path_new);
	free(d->path_old);
	free(d->folder);
	free(d);
	*dump = NULL;
}

static bool same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

int store_dump_clean(const char *path)
{
	struct store_dump names = {.file = NULL};
	int r = paths_make(&names, path);

	if (r == 0)
		r = store_file_erase(names.path_new);
	/* A crash between link and rename: the file is still in use under its own name. */
	if (r == 0 && same_file(path, names.path_old))
		r = unlink(names.path_old) == 0 ? 0 : TC_EIO;
	else if (r == 0)
		r = store_file_erase(names.path_old);
	free(names.path);
	free(names.path_new);
	free(names.path_old);
	free(names.folder);
	return r;
}

int store_file_erase(const char *path)
{
	int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (file < 0)
		return errno == ENOENT ? 0 : TC_EIO;
	r = tc_file_wipe(file);
	close(file);
	if (r == 0 && unlink(path) != 0)
		r = TC_EIO;
	return r;
}
