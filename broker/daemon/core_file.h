/*
 * core_file - what the exchange holds in memory stays there.
 *
 * Parts, names and keys are in the memory of the process, so a crash must leave no core
 * file and feed no collector of them (core(5)), and no debugger of the same user may
 * attach.
 *
 * Owner: the main thread, before anything is read. Blocks: never.
 */
#ifndef DAEMON_CORE_FILE_H
#define DAEMON_CORE_FILE_H

#include "base/err.h"

/* 0, or TC_EIO after saying so on stderr. */
int core_file_forbid(void) TC_MUST_CHECK;

#endif
