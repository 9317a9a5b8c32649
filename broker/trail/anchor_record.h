/*
 * anchor_record - the record that binds to the log what was disclosed about people: anchor.h.
 *
 * Owner: who writes the trail. Blocks: on page faults.
 */
#ifndef TRAIL_ANCHOR_RECORD_H
#define TRAIL_ANCHOR_RECORD_H

#include "journal/record.h"
#include "trail/trail_index.h"

/* Adds it to the batch, a rider. 0, TRAIL_TOLD (none is wanted) or a fault. */
int anchor_record_make(struct trail_index *index, struct record_batch *ret) TC_MUST_CHECK;

#endif
