#include "journal/record.h"

#include <stdlib.h>
#include <string.h>

#define LEAF_TAG       "throughcare/leaf/v1\n"
#define LEAF_TAG_BYTES 20

struct record *record_new(void)
{
	return calloc(1, sizeof(struct record));
}

void record_free(struct record **record)
{
	if (!*record)
		return;
	tc_bytes_free(&(*record)->owned);
	free((*record)->parts);
	free(*record);
	*record = NULL;
}

size_t record_bytes(const struct record *record)
{
	size_t bytes = record->body.len;

	for (size_t i = 0; i < record->part_count; i++)
		bytes += RECORD_SALT_BYTES + record->parts[i].content.len;
	return bytes;
}

void record_batch_push(struct record_batch *batch, struct record **record)
{
	struct record *added = *record;

	*record = NULL;
	added->next = NULL;
	if (batch->last)
		batch->last->next = added;
	else
		batch->first = added;
	batch->last = added;
	batch->count++;
	batch->bytes += record_bytes(added);
}

struct record *record_batch_pop(struct record_batch *batch)
{
	struct record *taken = batch->first;

	if (!taken)
		return NULL;
	batch->first = taken->next;
	if (!batch->first)
		batch->last = NULL;
	taken->next = NULL;
	batch->count--;
	batch->bytes -= record_bytes(taken);
	return taken;
}

void record_batch_join(struct record_batch *to, struct record_batch *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->count += from->count;
	to->bytes += from->bytes;
	*from = (struct record_batch){0};
}

void record_batch_free(struct record_batch *batch)
{
	struct record *next;

	for (struct record *record = batch->first; record; record = next) {
		next = record->next;
		record_free(&record);
	}
	*batch = (struct record_batch){0};
}

void record_leaf_entry(int64_t time_ms, uint64_t sequence, const uint8_t commitment[32],
		       uint8_t entry[RECORD_LEAF_BYTES])
{
	memcpy(entry, LEAF_TAG, LEAF_TAG_BYTES);
	tc_put_be64(entry + LEAF_TAG_BYTES, (uint64_t)time_ms);
	tc_put_be64(entry + LEAF_TAG_BYTES + 8, sequence);
	memcpy(entry + LEAF_TAG_BYTES + 16, commitment, 32);
}
