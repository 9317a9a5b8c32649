#include "ledger/sought.h"

#include <stdlib.h>
#include <string.h>

#define ID_BYTES   sizeof(((struct tc_id *)NULL)->bytes)
#define TEXT_BYTES (TC_ID_TEXT_BYTES - 1)
#define FIRST      64

static uint32_t hash_of(const uint8_t *id)
{
	return tc_get_be32(id + ID_BYTES - 4) * 0x9e3779b1U;
}

static size_t slot_of(const struct sought *sought, struct tc_id id)
{
	size_t at = hash_of(id.bytes) & (sought->slot_count - 1);

	while (sought->slots[at] != 0 && !tc_id_equal(sought->ids[sought->slots[at] - 1], id))
		at = (at + 1) & (sought->slot_count - 1);
	return at;
}

/* Never more than half full. */
static int grow(struct sought *sought)
{
	size_t capacity = sought->capacity ? sought->capacity * 2 : FIRST;
	struct tc_id *ids;
	uint32_t *slots;

	if (sought->count < sought->capacity)
		return 0;
	ids = reallocarray(sought->ids, capacity, sizeof(*ids));
	if (ids == NULL)
		return TC_ENOMEM;
	sought->ids = ids;
	slots = calloc(capacity * 2, sizeof(*slots));
	if (slots == NULL)
		return TC_ENOMEM;
	free(sought->slots);
	sought->slots = slots;
	sought->slot_count = capacity * 2;
	sought->capacity = capacity;
	for (size_t i = 0; i < sought->count; i++)
		slots[slot_of(sought, sought->ids[i])] = (uint32_t)i + 1;
	return 0;
}

static uint32_t bit_of(const uint8_t *id)
{
	return hash_of(id) >> 16;
}

int sought_add(struct sought *sought, struct tc_id id)
{
	uint32_t bit = bit_of(id.bytes);
	int r;

	if (tc_id_is_none(id) || sought_has(sought, id))
		return 0;
	r = grow(sought);
	if (r < 0)
		return r;
	sought->ids[sought->count++] = id;
	sought->slots[slot_of(sought, id)] = (uint32_t)sought->count;
	sought->filter[bit / 8] |= (uint8_t)(1 << bit % 8);
	return 0;
}

bool sought_has(const struct sought *sought, struct tc_id id)
{
	return sought->count > 0 && sought->slots[slot_of(sought, id)] != 0;
}

/* What begins at `at`: its length there, or 0. */
static size_t found_at(const struct sought *sought, const uint8_t *at, size_t left)
{
	uint32_t bit = bit_of(at);
	struct tc_id id;

	if (sought->filter[bit / 8] >> bit % 8 & 1) {
		memcpy(id.bytes, at, ID_BYTES);
		if (sought_has(sought, id))
			return ID_BYTES;
	}
	if (left >= TEXT_BYTES && at[8] == '-' && at[13] == '-' &&
	    tc_id_parse(tc_slice(at, TEXT_BYTES), &id) && sought_has(sought, id))
		return TEXT_BYTES;
	return 0;
}

bool sought_in(const struct sought *sought, struct tc_slice bytes)
{
	if (sought->count == 0)
		return false;
	for (size_t i = 0; i + ID_BYTES <= bytes.len; i++) {
		if (found_at(sought, bytes.data + i, bytes.len - i) > 0)
			return true;
	}
	return false;
}

bool sought_blank(const struct sought *sought, uint8_t *bytes, size_t len)
{
	bool any = false;

	if (sought->count == 0)
		return false;
	for (size_t i = 0; i + ID_BYTES <= len; i++) {
		size_t found = found_at(sought, bytes + i, len - i);

		any = any || found > 0;
		for (size_t n = 0; n < found; n++) {
			if (found == ID_BYTES)
				bytes[i + n] = 0;
			else if (bytes[i + n] != '-')
				bytes[i + n] = '0';
		}
	}
	return any;
}

void sought_done(struct sought *sought)
{
	free(sought->ids);
	free(sought->slots);
	*sought = (struct sought){0};
}

/* ---- numbers ---- */

int sought_numbers_add(struct sought_numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity ? numbers->capacity * 2 : FIRST;
		uint64_t *grown = reallocarray(numbers->numbers, capacity, sizeof(*grown));

		if (grown == NULL)
			return TC_ENOMEM;
		numbers->numbers = grown;
		numbers->capacity = capacity;
	}
	numbers->numbers[numbers->count++] = number;
	return 0;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

void sought_numbers_sort(struct sought_numbers *numbers)
{
	size_t kept = 0;

	if (numbers->count > 0)
		qsort(numbers->numbers, numbers->count, sizeof(*numbers->numbers), compare);
	for (size_t i = 0; i < numbers->count; i++) {
		if (kept == 0 || numbers->numbers[kept - 1] != numbers->numbers[i])
			numbers->numbers[kept++] = numbers->numbers[i];
	}
	numbers->count = kept;
}

bool sought_numbers_within(const struct sought_numbers *numbers, uint64_t first, uint64_t last)
{
	size_t low = 0, high = numbers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbers->numbers[middle] < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < numbers->count && numbers->numbers[low] <= last;
}

bool sought_numbers_has(const struct sought_numbers *numbers, uint64_t number)
{
	return sought_numbers_within(numbers, number, number);
}

void sought_numbers_done(struct sought_numbers *numbers)
{
	free(numbers->numbers);
	*numbers = (struct sought_numbers){0};
}
