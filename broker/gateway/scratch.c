#include "gateway/scratch.h"

#include <stdalign.h>
#include <stdlib.h>

#include "wire/limits.h"

#define BLOCK_BYTES (64 * 1024)

struct scratch_block {
	struct scratch_block *older;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

static struct scratch_block *block_add(struct scratch *scratch, size_t size)
{
	struct scratch_block *block = malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	block->older = scratch->blocks;
	block->size = size;
	scratch->blocks = block;
	scratch->used = 0;
	return block;
}

static void *scratch_alloc(void *context, size_t size)
{
	struct scratch *scratch = context;
	struct scratch_block *block = scratch->blocks;
	size_t rounded;
	void *at;

	if (size > TC_UNPACK_BYTES_MAX)
		return NULL;
	rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (scratch->total + rounded > TC_UNPACK_BYTES_MAX)
		return NULL;
	if (block->size - scratch->used < rounded)
		block = block_add(scratch, rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES);
	if (!block)
		return NULL;
	at = block->bytes + scratch->used;
	scratch->used += rounded;
	scratch->total += rounded;
	return at;
}

static void scratch_free(void *context, void *memory)
{
	(void)context;
	(void)memory;
}

int scratch_init(struct scratch *scratch)
{
	*scratch = (struct scratch){
		.allocator = {scratch_alloc, scratch_free, scratch},
	};
	return block_add(scratch, BLOCK_BYTES) ? 0 : TC_ENOMEM;
}

void scratch_reset(struct scratch *scratch)
{
	while (scratch->blocks->older) {
		struct scratch_block *block = scratch->blocks;

		scratch->blocks = block->older;
		free(block);
	}
	scratch->used = 0;
	scratch->total = 0;
}

void scratch_done(struct scratch *scratch)
{
	while (scratch->blocks) {
		struct scratch_block *block = scratch->blocks;

		scratch->blocks = block->older;
		free(block);
	}
}
