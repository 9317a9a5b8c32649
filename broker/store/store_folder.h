/*
 * store_folder - the folder of a store: made durably, on a local disk, locked by one opener.
 *
 * Inside broker/store only.
 *
 * Owner: the thread that opens the store. Blocks: on the disk, at open.
 */
#ifndef STORE_STORE_FOLDER_H
#define STORE_STORE_FOLDER_H

#include "store/store.h"

#define STORE_LOCK_FILE "store.lock"
#define STORE_DATA_FILE "data.mdb"
#define STORE_READ_FILE "lock.mdb"

/* Makes the folder when absent, refuses network file systems and takes the lock. 0 and the lock's
 * descriptor, STORE_LOCKED, STORE_REFUSED, or TC_EIO. */
int store_folder_lock(const char *path, int *ret_lock) TC_MUST_CHECK;
/* Makes the names in the folder, and the folder's own name, durable. */
int store_folder_sync(const char *path) TC_MUST_CHECK;
/* Of the file system that it lies on: what an unprivileged process may still use, and all. */
int store_folder_disk(const char *path, uint64_t *ret_free, uint64_t *ret_all) TC_MUST_CHECK;

#endif
