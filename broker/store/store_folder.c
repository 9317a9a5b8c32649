#include "store/store_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/disk.h"

/*
 * LMDB needs byte-range locks, one coherent page cache and a sync that reaches the
 * disk. File systems that answer over a network, or from a process, promise none of them.
 */
static const uint32_t network_magics[] = {
	0x00006969, /* NFS */
	0x0000517b, /* SMB */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB 2 */
	0x0000564c, /* NCP */
	0x00c36400, /* Ceph */
	0x5346414f, /* AFS */
	0x6b414653, /* kAFS */
	0x73757245, /* Coda */
	0x01021997, /* 9P */
	0x65735546, /* FUSE: sshfs, glusterfs and the like */
	0x01161970, /* GFS2 */
	0x7461636f, /* OCFS2 */
	0x0bd00bd0, /* Lustre */
	0x47504653, /* GPFS */
};

static bool on_network(int folder)
{
	struct statfs about;

	if (fstatfs(folder, &about) < 0)
		return true;
	for (size_t i = 0; i < sizeof(network_magics) / sizeof(network_magics[0]); i++) {
		if ((uint32_t)about.f_type == network_magics[i])
			return true;
	}
	return false;
}

int store_folder_lock(const char *path, int *ret_lock)
{
	int folder = -1;
	int lock = -1;
	int r = TC_EIO;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		goto out;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		goto out;
	if (on_network(folder)) {
		r = STORE_REFUSED;
		goto out;
	}
	lock = openat(folder, STORE_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		goto out;
	/* Belongs to this open file, so a second open in the same process is refused too. */
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? STORE_LOCKED : TC_EIO;
		goto out;
	}
	*ret_lock = lock;
	lock = -1;
	r = 0;
out:
	if (lock >= 0)
		close(lock);
	if (folder >= 0)
		close(folder);
	return r;
}

int store_folder_sync(const char *path)
{
	char parent[PATH_MAX];
	int r;

	r = tc_folder_sync(path);
	if (r < 0)
		return r;
	if (snprintf(parent, sizeof(parent), "%s/..", path) >= (int)sizeof(parent))
		return TC_EINVAL;
	return tc_folder_sync(parent);
}

int store_folder_disk(const char *path, uint64_t *ret_free, uint64_t *ret_all)
{
	struct statvfs about;

	if (statvfs(path, &about) < 0)
		return TC_EIO;
	*ret_free = (uint64_t)about.f_bavail * (uint64_t)about.f_frsize;
	*ret_all = (uint64_t)about.f_blocks * (uint64_t)about.f_frsize;
	return 0;
}

static int remove_file(int folder, const char *name)
{
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return TC_EIO;
	return 0;
}

int store_remove(const char *path)
{
	int folder;
	int lock = -1;
	int r;

	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return errno == ENOENT ? 0 : TC_EIO;
	r = store_folder_lock(path, &lock);
	if (r == STORE_REFUSED)
		r = TC_EIO;
	if (r != 0)
		goto out;
	/* The data last but for the lock: while it stands, the store is whole. */
	r = remove_file(folder, STORE_READ_FILE);
	if (r == 0)
		r = remove_file(folder, STORE_DATA_FILE);
	if (r == 0)
		r = remove_file(folder, STORE_LOCK_FILE);
	if (r == 0 && rmdir(path) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != EBUSY)
		r = TC_EIO;
out:
	if (lock >= 0)
		close(lock);
	close(folder);
	return r;
}
