/*
 * backup_next - what replaces a file of a backup, and when.
 *
 * A backup is as its manifest says, also when the next one is interrupted. So a file that is
 * replaced is written as NAME.next; then the manifest is saved that has its digest; then it comes
 * into the place of the old one. After a crash between the two, that is made good here.
 *
 * Owner: one thread at a time. Blocks: on the disk.
 */
#ifndef BACKUP_BACKUP_NEXT_H
#define BACKUP_BACKUP_NEXT_H

#include "backup/backup_manifest.h"

#define BACKUP_NEXT_SUFFIX ".next"
#define BACKUP_NEXT_BYTES  (BACKUP_NAME_BYTES + sizeof(BACKUP_NEXT_SUFFIX))

void backup_next_name(const char *name, char ret[BACKUP_NEXT_BYTES]);
/* Each that the manifest means comes into its place. Others are what an interrupted backup has
 * left: with `tidy` they are overwritten and removed. 0 or a fault. */
int backup_next_settle(const struct backup_folder *folder, const struct backup_manifest *manifest,
		       bool tidy) TC_MUST_CHECK;

#endif
