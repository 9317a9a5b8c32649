#include "journal_sample.h"

#include <stdlib.h>
#include <string.h>

static size_t body_bytes(uint64_t number)
{
	return number % 17 == 0 ? SAMPLE_BODY_BYTES_MAX : 8 + number * 37 % 900;
}

static size_t part_bytes(uint64_t number, size_t index)
{
	return (number + index) % 23 == 0 ? 10000 : (number * 31 + index) % 700;
}

size_t sample_part_count(uint64_t number)
{
	return number % SAMPLE_PARTS_MAX;
}

/* Scattered, so that no run of bytes stands at two places. */
static uint8_t byte_at(uint64_t number, size_t index, size_t at)
{
	uint64_t mixed = (number << 32 ^ (uint64_t)index << 24 ^ at) * 0x9e3779b97f4a7c15U;

	mixed ^= mixed >> 29;
	return (uint8_t)(mixed * 0xbf58476d1ce4e5b9U >> 56);
}

static void fill(uint8_t *to, uint64_t number, size_t index, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = byte_at(number, index, i);
}

struct record *sample_record(uint64_t number)
{
	struct record *record = record_new();
	size_t count = sample_part_count(number);
	size_t total = body_bytes(number);
	uint8_t *at;

	if (!record)
		abort();
	for (size_t i = 0; i < count; i++)
		total += part_bytes(number, i);
	if (tc_bytes_reserve(&record->owned, total) != 0)
		abort();
	record->owned.len = total;
	at = record->owned.data;
	fill(at, number, 100, body_bytes(number));
	record->body = tc_slice(at, body_bytes(number));
	at += body_bytes(number);
	record->parts = calloc(count + 1, sizeof(*record->parts));
	if (!record->parts)
		abort();
	record->part_count = count;
	for (size_t i = 0; i < count; i++) {
		fill(at, number, i, part_bytes(number, i));
		memset(record->parts[i].salt, (int)(number + i), RECORD_SALT_BYTES);
		record->parts[i].content = tc_slice(at, part_bytes(number, i));
		at += part_bytes(number, i);
	}
	return record;
}

void sample_batch(struct record_batch *batch, uint64_t first, size_t count)
{
	struct record *record;

	for (size_t i = 0; i < count; i++) {
		record = sample_record(first + i);
		record_batch_push(batch, &record);
	}
}

static bool same(struct tc_slice found, uint64_t number, size_t index, size_t len)
{
	if (found.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (found.data[i] != byte_at(number, index, i))
			return false;
	}
	return true;
}

int sample_check(struct journal_reader *reader, uint64_t sequence, uint64_t number)
{
	struct record_part parts[SAMPLE_PARTS_MAX];
	size_t count = sample_part_count(number);
	struct journal_entry entry;
	uint8_t salt[RECORD_SALT_BYTES];
	int r;

	r = journal_read(reader, sequence, &entry);
	if (r == 0)
		r = journal_read_parts(reader, sequence, parts, count);
	if (r != 0)
		return r;
	if (entry.sequence != sequence || !same(entry.body, number, 100, body_bytes(number)))
		return TC_EINVAL;
	for (size_t i = 0; i < count; i++) {
		memset(salt, (int)(number + i), sizeof(salt));
		if (!same(parts[i].content, number, i, part_bytes(number, i)) ||
		    memcmp(parts[i].salt, salt, sizeof(salt)) != 0)
			return TC_EINVAL;
	}
	return 0;
}
