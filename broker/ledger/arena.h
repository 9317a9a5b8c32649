/*
 * arena - memory for what one record unpacks to, given back all at once.
 *
 * A protobuf-c allocator: taking moves a pointer, releasing does nothing, and
 * arena_reset makes everything free again. What one record may take is bounded by the
 * limits that the gateway checked before the record was written.
 *
 * Owner:  one thread. Blocks: never.
 */
#ifndef LEDGER_ARENA_H
#define LEDGER_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/err.h"

struct arena_chunk;

struct arena {
	ProtobufCAllocator allocator; /* give this to unpack */
	struct arena_chunk *chunks;   /* newest first; the oldest is kept by reset */
};

void arena_init(struct arena *arena);
/* Zeroed, aligned for anything; NULL when memory is short. */
void *arena_take(struct arena *arena, size_t len);
/* The message's bytes, in the arena; never NULL. 0 or TC_ENOMEM. */
int arena_pack(struct arena *arena, const ProtobufCMessage *message,
	       ProtobufCBinaryData *ret) TC_MUST_CHECK;
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

#endif
