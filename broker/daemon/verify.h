/*
 * verify - throughcared --rebuild and --check: is what is stored what the log says?
 *
 * Owner: the main thread, while no exchange runs on the folder. Blocks: on the disk.
 */
#ifndef DAEMON_VERIFY_H
#define DAEMON_VERIFY_H

#include "daemon/config.h"

/* Each returns the process's exit status. */

/* Deletes ledger, trail and tree, makes ledger and trail again from the journal (the tree is made
 * at the next start), prints "ledger digest HEX" and "trail digest HEX". */
int verify_rebuild(const struct config *config);
/*
 * Reads every record of the journal against its commitment and every part against its manifest,
 * and holds ledger, trail and tree against those that are made again. Prints what
 * it found; 1 on any difference.
 */
int verify_check(const struct config *config);

#endif
