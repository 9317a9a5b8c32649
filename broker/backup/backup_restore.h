/*
 * backup_restore - a journal made of a backup, which is checked meanwhile.
 *
 * Owner: one thread. Blocks: on the disk.
 */
#ifndef BACKUP_BACKUP_RESTORE_H
#define BACKUP_BACKUP_RESTORE_H

#include "backup/backup_check.h"

/* In the new folder `path`, which is of no use unless 0 is returned. BACKUP_CHECK_BAD: see
 * *problem. TC_EFULL: `map_bytes` is not enough; or another fault. */
int backup_restore(const struct backup_folder *folder, const struct backup_manifest *manifest,
		   const char *path, uint64_t map_bytes,
		   struct backup_problem *problem) TC_MUST_CHECK;

#endif
