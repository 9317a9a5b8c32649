/* The restored log comes where it belongs, and what was made of another one goes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/backup_make.h"
#include "daemon/problem.h"
#include "daemon/restore_inside.h"

char *restore_path(const struct restore *restore, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", restore->config->data_dir, name) < 0 ? NULL : path;
}

static int folder_remove(const struct restore *restore, const char *name)
{
	char *path = restore_path(restore, name);
	int r = path ? stores_folder_remove(path) : TC_ENOMEM;

	free(path);
	return r;
}

int restore_mark(struct restore *restore)
{
	int fd = openat(restore->to.fd, STORES_RESTORING, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);

	if (fd < 0 && errno != EEXIST)
		return TC_EIO;
	if (fd >= 0) {
		restore->marked = true;
		close(fd);
	}
	return backup_folder_sync(&restore->to);
}

/* As the backup has it: also that it has none. */
static int file_place(const struct restore *restore, const char *name)
{
	struct backup_file file;

	if (!backup_manifest_file(&restore->manifest, name))
		return backup_folder_remove(&restore->to, name);
	return backup_folder_copy(&restore->from, name, &restore->to, &file);
}

/*
 * What was ordered to be forgotten since the backup was made is known here only, and what another
 * machine knew in the backup only. Entries stand for themselves and are harmless twice: so unless
 * the one here has all that the backup has, it comes behind it.
 */
static int forgotten_place(const struct restore *restore)
{
	struct tc_bytes both = {0}, here = {0};
	struct backup_file file;
	int r;

	if (!backup_manifest_file(&restore->manifest, BACKUP_FILE_FORGOTTEN))
		return 0;
	r = forgotten_file_read(&restore->from, &both);
	if (r == 0)
		r = forgotten_file_read(&restore->to, &here);
	if (r == 0 && (here.len < both.len || memcmp(here.data, both.data, both.len) != 0)) {
		r = tc_bytes_append(&both, here.data, here.len);
		if (r == 0)
			r = backup_folder_write(&restore->to, BACKUP_FILE_FORGOTTEN,
						tc_bytes_slice(&both), &file);
	}
	tc_bytes_free(&both);
	tc_bytes_free(&here);
	return r;
}

static int journal_place(const struct restore *restore)
{
	int fd = restore->to.fd;

	if (!restore->there)
		return renameat(fd, STORES_JOURNAL_NEW, fd, "journal") == 0 ? 0 : TC_EIO;
	if (renameat2(fd, STORES_JOURNAL_NEW, fd, "journal", RENAME_EXCHANGE) != 0)
		return TC_EIO;
	return folder_remove(restore, STORES_JOURNAL_NEW);
}

int restore_place(struct restore *restore)
{
	static const char *const made[] = {"ledger", "trail", "tree"};
	int r = restore_mark(restore);

	for (size_t i = 0; r == 0 && i < sizeof(made) / sizeof(made[0]); i++)
		r = folder_remove(restore, made[i]);
	if (r == 0)
		r = file_place(restore, BACKUP_FILE_BASE);
	if (r == 0)
		r = forgotten_place(restore);
	if (r == 0)
		r = journal_place(restore);
	if (r == 0)
		r = backup_folder_sync(&restore->to);
	if (r == 0)
		r = backup_folder_remove(&restore->to, STORES_RESTORING);
	if (r == 0)
		r = backup_folder_sync(&restore->to);
	if (r)
		problem_print_at(restore->config->data_dir,
				 "the restored log could not be put in place",
				 r == TC_EIO ? strerror(errno) : tc_err_text(r),
				 "check who may write there and the free space, and run it again");
	return r;
}
