/*
 * scratch - bounded memory for unpacking one protobuf message at a time.
 *
 * protobuf-c allocates each field by itself and knows no bound. Here it gets the
 * next bytes of a block, up to TC_UNPACK_BYTES_MAX for one message; scratch_reset
 * gives all of it back at once.
 *
 * Owner: one thread. Blocks: never.
 */
#ifndef GATEWAY_SCRATCH_H
#define GATEWAY_SCRATCH_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/err.h"

struct scratch_block;

struct scratch {
	ProtobufCAllocator allocator; /* hand its address to an unpack; never call free_unpacked */
	struct scratch_block *blocks; /* the newest first; the oldest is kept */
	size_t used;                  /* of the newest */
	size_t total;                 /* of all, since the reset */
};

int scratch_init(struct scratch *scratch) TC_MUST_CHECK;
void scratch_reset(struct scratch *scratch);
void scratch_done(struct scratch *scratch);

#endif
