/*
 * backup_make - a copy of the log, and of what belongs to it, in a folder; while the log grows.
 *
 * What the folder has already is left as it is: only records after it are written, in new
 * segments, and many small ones become one. When something was forgotten since, every segment is
 * made again in memory, and those that differ are replaced. Then all of it is read again
 * (backup_check.h). Until its manifest is saved, the folder is the backup that it was
 * (backup_next.h).
 *
 *   manifest.json         what belongs to it: backup_manifest.h
 *   segment-FIRST-LAST    the log's rows: backup_segment.h
 *   base, forgotten       what stands in for records that were forgotten, and what those were
 *   checkpoint            the newest signed checkpoint that is not beyond it
 *   audit.vkey            the public keys of the log's signatures
 *   sealer.state          what was signed when it began: a restored log is held against it
 *
 * Owner: the backup thread. Blocks: on the disk; the time of a segment, or of the base, without
 *        looking whether it is to stop.
 */
#ifndef BACKUP_BACKUP_MAKE_H
#define BACKUP_BACKUP_MAKE_H

#include "backup/backup_check.h"
#include "backup/forgotten_file.h"
#include "trail/tree_store.h"

#define BACKUP_SMALL_MAX 64 /* segments at the end that are not full: then they become one */

#define BACKUP_FILE_BASE       "base"
#define BACKUP_FILE_FORGOTTEN  FORGOTTEN_FILE_NAME
#define BACKUP_FILE_CHECKPOINT "checkpoint"
#define BACKUP_FILE_VKEYS      "audit.vkey"
#define BACKUP_FILE_SEALER     "sealer.state"

struct backup_progress {
	uint64_t first; /* of the records that are new in it */
	uint64_t next;  /* after those that are in it */
	uint64_t bytes; /* written */
};

struct backup_make_options {
	const char *path; /* of the backup; made when absent, its parent must exist */
	const char *trust_domain;
	const char *data_dir;
	const char *sealer_state; /* folder; "" when it is another's */
	struct journal *journal;
	struct tree_store *tree;
	uint64_t tip; /* what is in it at the end: no larger than the tree */
	const atomic_bool *stopping;
	void (*progress)(void *context, const struct backup_progress *progress);
	void *context;
};

/* 0: made and read again. BACKUP_CHECK_BAD: see *problem. BACKUP_CHECK_STOPPED, or a fault. */
int backup_make(const struct backup_make_options *options,
		struct backup_problem *problem) TC_MUST_CHECK;

#endif
