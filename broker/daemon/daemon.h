/*
 * daemon - one life of the exchange: start, signals, clean end.
 *
 * SIGTERM and SIGINT drain and stop; SIGHUP loads certificates, revocation list and
 * registry seeds again. A fault of journal, ledger or trail ends the process at once,
 * from the thread that met it, with status 74 or 75.
 *
 * Owner: the main thread. Blocks: daemon_run, until told to stop.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/config.h"

/* The process's exit status: 0 after a clean stop, 1 when it could not start. */
int daemon_run(const struct config *config);

#endif
