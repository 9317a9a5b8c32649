/*
 * disk - bytes and names that are to stay.
 *
 * Owner: any thread. Blocks: on the disk.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include "base/bytes.h"

/* All of it, at the descriptor's place. 0 or TC_EIO, with errno. */
int tc_write_all(int fd, struct tc_slice bytes) TC_MUST_CHECK;
/* Overwrites the whole file, open for writing at its beginning, with zeros, and syncs it. 0 or
 * TC_EIO, with errno. */
int tc_file_wipe(int fd) TC_MUST_CHECK;
/* Makes the names in the folder durable. 0 or TC_EIO, with errno. */
int tc_folder_sync(const char *path) TC_MUST_CHECK;

#endif
