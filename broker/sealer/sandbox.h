/*
 * sandbox - after this the process can do nothing but what a sealer does.
 *
 * No new privileges, no core file, no further process; and of all system calls only those that
 * receive a frame, write the state file in its one folder and answer. Any other one kills the
 * process (seccomp(2)).
 *
 * Owner: the main thread, once everything is open. Blocks: never.
 */
#ifndef SEALER_SANDBOX_H
#define SEALER_SANDBOX_H

#include "base/err.h"

/* `folder`: the descriptor below which files may be opened and renamed. 0 or TC_EIO. */
int sandbox_enter(int folder) TC_MUST_CHECK;

#endif
