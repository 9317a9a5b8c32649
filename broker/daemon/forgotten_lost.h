/*
 * forgotten_lost - `throughcared --forgotten-lost`: somebody answers for it that data_dir/forgotten
 * has less than the log knows of, and no copy has more.
 *
 * The next record says so. The log itself stays without what was forgotten; an older copy of it
 * would be served with it.
 *
 * Owner: the main thread, while no exchange runs. Blocks: on the disk.
 */
#ifndef DAEMON_FORGOTTEN_LOST_H
#define DAEMON_FORGOTTEN_LOST_H

#include "daemon/config.h"

/* The process's exit status: 0 also when nothing is lost. */
int forgotten_lost_run(const struct config *config, const char *reason, const char *decided_by);

#endif
