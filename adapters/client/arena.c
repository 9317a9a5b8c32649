#include "client/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "wire/limits.h"

#define BLOCK_BYTES (16 * 1024)

struct tc_arena_block {
	struct tc_arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t data[];
};

static void *allocate(void *arena, size_t len)
{
	return tc_arena_take(arena, len);
}

static void release(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer; /* the arena is taken back as a whole */
}

void tc_arena_init(struct tc_arena *arena)
{
	*arena = (struct tc_arena){0};
	arena->allocator.alloc = allocate;
	arena->allocator.free = release;
	arena->allocator.allocator_data = arena;
}

void tc_arena_done(struct tc_arena *arena)
{
	while (arena->blocks) {
		struct tc_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}

void tc_arena_reset(struct tc_arena *arena)
{
	arena->bytes = 0;
	while (arena->blocks && arena->blocks->next) {
		struct tc_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	if (arena->blocks)
		arena->blocks->used = 0;
}

void *tc_arena_take(struct tc_arena *arena, size_t len)
{
	struct tc_arena_block *block = arena->blocks;
	size_t rounded = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *piece;

	if (len > TC_UNPACK_BYTES_MAX || arena->bytes + rounded > TC_UNPACK_BYTES_MAX)
		return NULL;
	if (!block || block->size - block->used < rounded) {
		size_t size = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;

		block = malloc(sizeof(*block) + size);
		if (!block)
			return NULL;
		*block = (struct tc_arena_block){.next = arena->blocks, .size = size};
		arena->blocks = block;
	}
	piece = block->data + block->used;
	block->used += rounded;
	arena->bytes += rounded;
	return piece;
}
