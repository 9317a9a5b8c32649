/*
 * backup_folder - the files of a backup: written whole and durably, or not at all.
 *
 * A file is written beside its name, synced and renamed; its folder is synced by
 * backup_folder_sync.
 *
 * Owner: one thread at a time. Blocks: on the disk.
 */
#ifndef BACKUP_BACKUP_FOLDER_H
#define BACKUP_BACKUP_FOLDER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "wire/digest.h"

#define BACKUP_NAME_BYTES 64     /* of a file, with the final NUL */
#define BACKUP_NEW_SUFFIX ".new" /* of one that is not whole yet */

enum backup_folder_outcome {
	BACKUP_FOLDER_ABSENT = 1, /* there is no such file */
};

struct backup_folder {
	int fd;
};

/* What is known of a file. */
struct backup_file {
	char name[BACKUP_NAME_BYTES];
	uint64_t bytes;
	uint8_t sha256[TC_SHA256_BYTES];
};

/* `make`: makes it (mode 0700) when absent. 0, BACKUP_FOLDER_ABSENT or TC_EIO. */
int backup_folder_open(const char *path, bool make, struct backup_folder *ret) TC_MUST_CHECK;
int backup_folder_sync(const struct backup_folder *folder) TC_MUST_CHECK;
void backup_folder_close(struct backup_folder *folder);

/* Whether a plain file of that name and size is there. */
bool backup_folder_has(const struct backup_folder *folder, const char *name, uint64_t bytes);
/* The whole file, no larger than `most`; appended to `to`. 0, BACKUP_FOLDER_ABSENT, TC_EFULL when
 * it is larger, TC_EIO or TC_ENOMEM. */
int backup_folder_read(const struct backup_folder *folder, const char *name, size_t most,
		       struct tc_bytes *to) TC_MUST_CHECK;
int backup_folder_write(const struct backup_folder *folder, const char *name,
			struct tc_slice content, struct backup_file *ret) TC_MUST_CHECK;
/* Of any size, to a file named `as`; *ret has its first name. 0, BACKUP_FOLDER_ABSENT or TC_EIO. */
int backup_folder_copy(const struct backup_folder *from, const char *name,
		       const struct backup_folder *to, const char *as,
		       struct backup_file *ret) TC_MUST_CHECK;
/* In the place of what has the other name, which is overwritten with zeros before. 0 or TC_EIO. */
int backup_folder_replace(const struct backup_folder *folder, const char *name,
			  const char *by) TC_MUST_CHECK;
/* Size and digest as it is on the disk. 0, BACKUP_FOLDER_ABSENT or TC_EIO. */
int backup_folder_measure(const struct backup_folder *folder, const char *name,
			  struct backup_file *ret) TC_MUST_CHECK;
/* Overwrites it with zeros, and leaves it there: it may be what was ordered to be forgotten. What
 * is not there is wiped already. */
int backup_folder_wipe(const struct backup_folder *folder, const char *name) TC_MUST_CHECK;
int backup_folder_remove(const struct backup_folder *folder, const char *name) TC_MUST_CHECK;
/* Gives `take` the name of each thing in it, until it says something else than 0: 0, that, or
 * TC_EIO. */
int backup_folder_names(const struct backup_folder *folder,
			int (*take)(void *context, const char *name), void *context) TC_MUST_CHECK;

#endif
