/*
 * backup_desk - where a backup is asked for, and where it is seen how it stands.
 *
 * Between the query threads and the backup thread. It is no socket of the bus: whoever asks is
 * told at once whether the order is taken, and reads later how far it came.
 *
 * Owner: the daemon makes and frees it; any thread may ask and look. One thread works.
 * Blocks: wait, until there is something to do; the others never for long.
 */
#ifndef BACKUP_BACKUP_DESK_H
#define BACKUP_BACKUP_DESK_H

#include "backup/backup_check.h"
#include "backup/backup_make.h"
#include "base/id.h"

struct backup_desk;

enum backup_desk_outcome {
	BACKUP_DESK_OFF = 1, /* the exchange makes none: no folder is set */
	BACKUP_DESK_BUSY,    /* with the one before */
};

enum backup_state {
	BACKUP_NONE, /* none was asked for since the start */
	BACKUP_RUNNING,
	BACKUP_VERIFIED,
	BACKUP_FAILED,
};

struct backup_status {
	enum backup_state state;
	tc_agency name; /* of the folder; of the same form as an agency's */
	struct backup_progress progress;
	uint64_t tip;
	int64_t started_ms, ended_ms; /* 0: not yet */
	char problem[BACKUP_PROBLEM_BYTES];
};

/* `open`: whether backups are made. */
int backup_desk_new(bool open, struct backup_desk **ret) TC_MUST_CHECK;
void backup_desk_free(struct backup_desk **desk);

/* 0 or an outcome. */
int backup_desk_ask(struct backup_desk *desk, const tc_agency *name) TC_MUST_CHECK;
void backup_desk_look(struct backup_desk *desk, struct backup_status *ret);

/* ---- of the thread that works ---- */

/* 0 and the name of the next one, which is running then, or TC_ESHUTDOWN after a stop. */
int backup_desk_wait(struct backup_desk *desk, tc_agency *ret) TC_MUST_CHECK;
/* False when it is to stop, after `ms` or at once. */
bool backup_desk_pause(struct backup_desk *desk, unsigned ms);
void backup_desk_progress(struct backup_desk *desk, const struct backup_progress *progress,
			  uint64_t tip);
/* `problem` NULL: it is verified. */
void backup_desk_end(struct backup_desk *desk, const char *problem);
void backup_desk_stop(struct backup_desk *desk);
const atomic_bool *backup_desk_stopping(const struct backup_desk *desk);

#endif
