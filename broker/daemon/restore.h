/*
 * restore - `throughcared --restore`: makes data_dir anew from a backup.
 *
 * Nothing of data_dir is touched before the backup was read whole and held against what was
 * signed. A log that is older, or another one, is put in place only when somebody answers for
 * it: then the first record after it says so, and its checkpoints begin under a new origin.
 *
 * Owner: the main thread, while no exchange runs. Blocks: on the disk.
 */
#ifndef DAEMON_RESTORE_H
#define DAEMON_RESTORE_H

#include "daemon/config.h"

struct restore_words {
	const char *folder;     /* of the backup */
	bool replace;           /* the log that is there */
	const char *accept_gap; /* why; NULL: no gap is accepted */
	const char *decided_by; /* with accept_gap */
	const char *witnessed;  /* file of a signed checkpoint; NULL: none */
};

/* The process's exit status: 0 restored, 1 not, and data_dir is as it was. */
int restore_run(const struct config *config, const struct restore_words *words);

#endif
