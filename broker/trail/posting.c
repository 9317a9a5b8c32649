#include "trail/posting.h"

#include <stdlib.h>

#include "wire/digest.h"

#define BATCH_FIRST 1024

struct posting_term posting_term_id(enum posting_kind kind, struct tc_id id)
{
	return (struct posting_term){
		.kind = (uint8_t)kind,
		.high = tc_get_be64(id.bytes),
		.low = tc_get_be64(id.bytes + 8),
	};
}

int posting_term_name(enum posting_kind kind, struct tc_slice name, struct posting_term *ret)
{
	uint8_t digest[TC_SHA256_BYTES];
	int r = tc_sha256(name, digest);

	if (r < 0)
		return r;
	ret->kind = (uint8_t)kind;
	ret->high = tc_get_be64(digest);
	ret->low = tc_get_be64(digest + 8);
	return 0;
}

int posting_position_compare(struct posting_position a, struct posting_position b)
{
	if (a.sequence != b.sequence)
		return a.sequence < b.sequence ? -1 : 1;
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return 0;
}

void posting_position_put(uint8_t to[POSTING_POSITION_BYTES], struct posting_position position)
{
	tc_put_be64(to, position.sequence);
	tc_put_be32(to + 8, position.n);
}

struct posting_position posting_position_get(const uint8_t from[POSTING_POSITION_BYTES])
{
	return (struct posting_position){
		.sequence = tc_get_be64(from),
		.n = tc_get_be32(from + 8),
	};
}

static int term_compare(const struct posting_term *a, const struct posting_term *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct posting *a = left;
	const struct posting *b = right;
	int order = term_compare(&a->term, &b->term);

	return order ? order : posting_position_compare(a->position, b->position);
}

int posting_batch_add(struct posting_batch *batch, struct posting_term term,
		      struct posting_position position)
{
	if (batch->count == batch->capacity) {
		size_t capacity = batch->capacity ? batch->capacity * 2 : BATCH_FIRST;
		struct posting *grown =
			reallocarray(batch->postings, capacity, sizeof(*batch->postings));

		if (grown == NULL)
			return TC_ENOMEM;
		batch->postings = grown;
		batch->capacity = capacity;
	}
	batch->postings[batch->count++] = (struct posting){.term = term, .position = position};
	return 0;
}

static void term_key(struct store_key *key, struct posting_term term)
{
	store_key_init(key);
	store_key_u8(key, term.kind);
	store_key_u64(key, term.high);
	store_key_u64(key, term.low);
}

static int write_block(struct store_txn *txn, struct store_table table,
		       const struct posting *postings, size_t count)
{
	uint8_t value[POSTING_BLOCK_MAX * POSTING_POSITION_BYTES];
	struct store_key key;

	for (size_t i = 0; i + 1 < count; i++)
		posting_position_put(value + i * POSTING_POSITION_BYTES, postings[i].position);
	term_key(&key, postings[0].term);
	store_key_u64(&key, postings[count - 1].position.sequence);
	store_key_u32(&key, postings[count - 1].position.n);
	return store_put(txn, table, store_key_slice(&key),
			 tc_slice(value, (count - 1) * POSTING_POSITION_BYTES));
}

/* One row may be added twice to one term, for instance when agency and recipient are the same. */
static size_t drop_repeated(struct posting *postings, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && compare(&postings[kept - 1], &postings[i]) == 0)
			continue;
		postings[kept++] = postings[i];
	}
	return kept;
}

int posting_batch_write(struct posting_batch *batch, struct store_txn *txn,
			struct store_table table)
{
	size_t count;
	size_t first = 0;

	if (batch->count == 0)
		return 0;
	qsort(batch->postings, batch->count, sizeof(*batch->postings), compare);
	count = drop_repeated(batch->postings, batch->count);
	for (size_t i = 1; i <= count; i++) {
		int r;

		if (i < count && i - first < POSTING_BLOCK_MAX &&
		    term_compare(&batch->postings[first].term, &batch->postings[i].term) == 0)
			continue;
		r = write_block(txn, table, batch->postings + first, i - first);
		if (r != 0)
			return r;
		first = i;
	}
	batch->count = 0;
	return 0;
}

void posting_batch_free(struct posting_batch *batch)
{
	free(batch->postings);
	*batch = (struct posting_batch){0};
}

int posting_cursor_init(struct posting_cursor *cursor, struct store_txn *txn,
			struct store_table table, struct posting_term term)
{
	struct store_key prefix;

	cursor->loaded = false;
	term_key(&prefix, term);
	return store_cursor_init(&cursor->rows, txn, table, store_key_slice(&prefix),
				 STORE_FORWARD);
}

/* The block whose last position is the first one at or after `from`. */
static int load_block(struct posting_cursor *cursor, struct posting_position from)
{
	struct tc_slice key;
	struct store_key seek;
	int r;

	cursor->loaded = false;
	store_key_init(&seek);
	store_key_bytes(&seek, tc_slice(cursor->rows.prefix, cursor->rows.prefix_len));
	store_key_u64(&seek, from.sequence);
	store_key_u32(&seek, from.n);
	r = store_cursor_seek(&cursor->rows, store_key_slice(&seek));
	if (r < 0)
		return r;
	r = store_cursor_next(&cursor->rows, &key, &cursor->block);
	if (r != 0)
		return r;
	if (key.len != cursor->rows.prefix_len + POSTING_POSITION_BYTES ||
	    cursor->block.len % POSTING_POSITION_BYTES != 0)
		return TC_ECORRUPT;
	cursor->last = posting_position_get(key.data + cursor->rows.prefix_len);
	cursor->loaded = true;
	return 0;
}

int posting_cursor_seek(struct posting_cursor *cursor, struct posting_position from,
			struct posting_position *ret)
{
	size_t low = 0;
	size_t high;

	/* Blocks are walked forward; within one, seeks go either way. */
	if (!cursor->loaded || posting_position_compare(cursor->last, from) < 0) {
		int r = load_block(cursor, from);

		if (r != 0)
			return r;
	}
	high = cursor->block.len / POSTING_POSITION_BYTES;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct posting_position at =
			posting_position_get(cursor->block.data + middle * POSTING_POSITION_BYTES);

		if (posting_position_compare(at, from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low * POSTING_POSITION_BYTES < cursor->block.len)
		*ret = posting_position_get(cursor->block.data + low * POSTING_POSITION_BYTES);
	else
		*ret = cursor->last;
	return 0;
}

void posting_cursor_done(struct posting_cursor *cursor)
{
	store_cursor_done(&cursor->rows);
	cursor->loaded = false;
}
