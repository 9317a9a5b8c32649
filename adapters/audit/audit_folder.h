/*
 * audit_folder - the files of an export: whole ones, each replaced at once or not at all.
 *
 * Not synced one by one: tc_audit_folder_sync does it for all, before the checkpoint is written.
 *
 * Owner: the thread that opened it. Blocks: on the disk.
 */
#ifndef AUDIT_AUDIT_FOLDER_H
#define AUDIT_AUDIT_FOLDER_H

#include <stdbool.h>

#include "audit/audit_finding.h"
#include "base/bytes.h"
#include "base/err.h"

#define TC_AUDIT_CHECKPOINT_FILE "checkpoint"

struct tc_audit_folder {
	int fd;
	char path[4096];
};

/* `make`, to write there: it is made when it is not there (its parent is), and locked for as long
 * as it is open. 0 or TC_AUDIT_FOUND. */
int tc_audit_folder_open(const char *path, bool make, struct tc_audit_folder *ret,
			 struct tc_audit_finding *finding) TC_MUST_CHECK;
void tc_audit_folder_close(struct tc_audit_folder *folder);

/* Replaces what `ret` holds by the file, at most `bytes_max`. 0, TC_AUDIT_FOUND or TC_ENOMEM. */
int tc_audit_folder_read(const struct tc_audit_folder *folder, const char *name, size_t bytes_max,
			 struct tc_bytes *ret, struct tc_audit_finding *finding) TC_MUST_CHECK;
/* Makes the folders on the way. 0 or TC_AUDIT_FOUND. */
int tc_audit_folder_write(const struct tc_audit_folder *folder, const char *name,
			  struct tc_slice content, struct tc_audit_finding *finding) TC_MUST_CHECK;
/* All that was written before is on the disk. */
int tc_audit_folder_sync(const struct tc_audit_folder *folder,
			 struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
