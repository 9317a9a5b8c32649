/*
 * forget_room - is there room on the disk for what forgetting writes?
 *
 * The base (base.h) is written beside everything that is there, and is at most as large as ledger
 * and trail; pages of the journal are written anew before the old ones are free. What the disk has
 * to keep free (journal.disk_reserve) stays free, so that messages are taken afterwards as before.
 *
 * Owner:  the main thread. Blocks: never.
 */
#ifndef DAEMON_FORGET_ROOM_H
#define DAEMON_FORGET_ROOM_H

#include "daemon/config.h"
#include "daemon/stores.h"

/* The hint when what is due waits. */
#define FORGET_ROOM_HINT                                                                           \
	"make room there: until then all is served, what is to be expunged stays hidden, and it "  \
	"is tried again"

/* Bytes that are not there; 0: there is room. What cannot be measured counts as full. */
uint64_t forget_room_missing(const struct stores *stores, const struct config *config);
/* On stderr, with what becomes of it, and in the log. */
void forget_room_tell(const struct config *config, uint64_t missing_bytes, const char *hint);

#endif
