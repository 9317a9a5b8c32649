/*
 * arena - memory for one response: given piece by piece, taken back as a whole.
 *
 * Serves as protobuf-c's allocator, and bounds what one response can take.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_ARENA_H
#define CLIENT_ARENA_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct tc_arena_block;

struct tc_arena {
	struct tc_arena_block *blocks; /* the newest first */
	size_t bytes;                  /* given out since the last reset */
	ProtobufCAllocator allocator;
};

void tc_arena_init(struct tc_arena *arena);
void tc_arena_done(struct tc_arena *arena);
/* Takes everything back; keeps one block for next time. */
void tc_arena_reset(struct tc_arena *arena);
/* Aligned for anything. NULL when memory is short or over TC_UNPACK_BYTES_MAX. */
void *tc_arena_take(struct tc_arena *arena, size_t len);

#endif
