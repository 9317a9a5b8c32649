/*
 * backup_check - reads a whole backup again and says whether the log can be had from it.
 *
 * Every file against its digest, every row against its checksum, every record against its
 * commitment, and the hash tree over all of them against the root in the manifest. It needs
 * nothing but the folder.
 *
 * Owner: one thread at a time. Blocks: on the disk, and between two segments it looks whether
 *        it is to stop.
 */
#ifndef BACKUP_BACKUP_CHECK_H
#define BACKUP_BACKUP_CHECK_H

#include <stdatomic.h>

#include "backup/backup_manifest.h"
#include "journal/journal.h"

#define BACKUP_PROBLEM_BYTES 256

enum backup_check_outcome {
	BACKUP_CHECK_BAD = 1, /* see *problem */
	BACKUP_CHECK_STOPPED,
};

/* For people: what is wrong, and with which file. */
struct backup_problem {
	char file[BACKUP_NAME_BYTES];
	char text[BACKUP_PROBLEM_BYTES];
};

struct backup_check_options {
	const struct backup_folder *folder;
	const struct backup_manifest *manifest;
	const atomic_bool *stopping; /* NULL: it never is */
	journal_raw_taker take;      /* given each row that is good, in order; NULL: nobody */
	void *context;
	int (*run_done)(void *context); /* after each segment; NULL: nobody */
};

/* 0, an outcome, or what the taker said. */
int backup_check(const struct backup_check_options *options,
		 struct backup_problem *problem) TC_MUST_CHECK;

#endif
