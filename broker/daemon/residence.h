/*
 * residence - lets go of the memory that the maps of the logs take.
 *
 * What is read through a store's map stays in this process's resident set until the
 * system wants the memory for something else: a log that grows for weeks would count as
 * a broker that grows. When that has become more by a limit, the maps are told to let go. That
 * drops nothing but the mapping: the pages are the file's, stay in the system's cache, and come
 * back by themselves when they are touched again.
 *
 * The ledger's map is left alone: what is read of it is read again, and to map a page anew takes
 * longer than a decision.
 *
 * Owner:  the main thread; the other threads go on reading meanwhile.
 * Blocks: no.
 */
#ifndef DAEMON_RESIDENCE_H
#define DAEMON_RESIDENCE_H

#include <stddef.h>
#include <stdint.h>

#define RESIDENCE_MAPS_MAX  8
#define RESIDENCE_BYTES_MAX (16 * 1024 * 1024)

struct residence {
	struct residence_map {
		void *start;
		size_t bytes;
	} maps[RESIDENCE_MAPS_MAX];
	size_t count;
	uint64_t left; /* bytes that stayed when the maps were last told to let go */
};

/* The maps of data files below `folder`, which this process has open, but for those of the folder
 * `kept` in it. None where the system does not tell. */
void residence_find(struct residence *ret, const char *folder, const char *kept);
/* Bytes of files that are resident now; 0 where the system does not tell. */
uint64_t residence_bytes(void);
/* Lets go of the maps when more than RESIDENCE_BYTES_MAX came to what was left the last time. */
void residence_check(struct residence *residence);

#endif
