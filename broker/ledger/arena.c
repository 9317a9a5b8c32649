#include "ledger/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK_BYTES (64 * 1024)

struct arena_chunk {
	struct arena_chunk *older;
	size_t used, size;
	alignas(max_align_t) uint8_t data[];
};

static void *arena_alloc(void *context, size_t len)
{
	struct arena *arena = context;
	struct arena_chunk *chunk = arena->chunks;

	if (len > SIZE_MAX - ARENA_CHUNK_BYTES)
		return NULL;
	len = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (chunk == NULL || chunk->size - chunk->used < len) {
		size_t size = len > ARENA_CHUNK_BYTES ? len : ARENA_CHUNK_BYTES;

		chunk = malloc(sizeof(*chunk) + size);
		if (chunk == NULL)
			return NULL;
		chunk->older = arena->chunks;
		chunk->used = 0;
		chunk->size = size;
		arena->chunks = chunk;
	}
	chunk->used += len;
	return chunk->data + chunk->used - len;
}

static void arena_release(void *context, void *memory)
{
	(void)context;
	(void)memory;
}

void arena_init(struct arena *arena)
{
	*arena = (struct arena){
		.allocator = {.alloc = arena_alloc, .free = arena_release, .allocator_data = arena},
	};
}

void *arena_take(struct arena *arena, size_t len)
{
	void *memory = arena_alloc(arena, len);

	if (memory != NULL)
		memset(memory, 0, len);
	return memory;
}

int arena_pack(struct arena *arena, const ProtobufCMessage *message, ProtobufCBinaryData *ret)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = arena_alloc(arena, len + 1);

	if (packed == NULL)
		return TC_ENOMEM;
	*ret = (ProtobufCBinaryData){protobuf_c_message_pack(message, packed), packed};
	return 0;
}

void arena_reset(struct arena *arena)
{
	while (arena->chunks != NULL && arena->chunks->older != NULL) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->older;
		free(chunk);
	}
	if (arena->chunks != NULL)
		arena->chunks->used = 0;
}

void arena_done(struct arena *arena)
{
	arena_reset(arena);
	free(arena->chunks);
	arena->chunks = NULL;
}
