/*
 * notify - tells the service manager how we are (sd_notify(3), by hand), and whoever
 * looks, by a pid file.
 *
 * Owner: the main thread. Blocks: never.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "base/err.h"

/* "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=...". Nothing happens without
 * NOTIFY_SOCKET. */
void notify(const char *state);
void notify_reloading(void);

/* Writes our process id; replaces what is there in one step. NULL or "": nothing. 0 or TC_EIO with
 * errno. */
int pid_file_write(const char *path) TC_MUST_CHECK;
void pid_file_remove(const char *path);

#endif
