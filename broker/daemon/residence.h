/*
 * residence - lets go of the memory that the stores' maps take.
 *
 * What is read through a store's map stays in this process's resident set until the
 * system wants the memory for something else: a log that grows for weeks would count as
 * a broker that grows. Above a limit the maps are told to let go. That drops nothing but
 * the mapping: the pages are the file's, stay in the system's cache, and come back by
 * themselves when they are touched again.
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
};

/* The maps of data files below `folder`, which this process has open. None where the system does
 * not tell. */
void residence_find(struct residence *ret, const char *folder);
/* Bytes of files that are resident now; 0 where the system does not tell. */
uint64_t residence_bytes(void);
/* Lets go of the maps when more than RESIDENCE_BYTES_MAX is resident. */
void residence_check(const struct residence *residence);

#endif
