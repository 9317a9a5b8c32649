/*
 * backup_thread - makes the backups that are asked for at the desk, one after another.
 *
 * It only reads what the other threads own, by snapshots. That a backup fails is told and ends
 * nothing: the exchange goes on.
 *
 * Owner: the daemon starts it, and joins it after backup_desk_stop: the time of one segment.
 */
#ifndef BACKUP_BACKUP_THREAD_H
#define BACKUP_BACKUP_THREAD_H

#include "backup/backup_desk.h"
#include "bus/thread.h"
#include "journal/journal_thread.h"
#include "trail/checkpointer.h"

struct backup_thread_options {
	struct backup_desk *desk;
	const char *folder; /* setting backup.folder */
	const char *trust_domain, *data_dir, *sealer_state;
	bool signs;              /* there is a sealer */
	struct journal *journal; /* these two are closed by the caller, after the join */
	struct tree_store *tree;
	const struct journal_figures *journal_figures;
	const struct tree_figures *tree_figures;
};

int backup_thread_start(const struct backup_thread_options *options,
			struct thread **ret) TC_MUST_CHECK;

#endif
