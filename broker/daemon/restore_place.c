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
#include "daemon/retention_mark.h"

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
	return backup_folder_copy(&restore->from, name, &restore->to, name, &file);
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
	/* What retention had removed from the log that was there may be in this one. */
	if (r == 0)
		r = backup_folder_remove(&restore->to, RETENTION_FILE);
	if (r == 0)
		r = file_place(restore, BACKUP_FILE_BASE);
	if (r == 0)
		r = restore_forgotten_place(restore);
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
