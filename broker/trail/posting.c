#include "trail/posting.h"

#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"

#define BATCH_FIRST 1024

#define CHUNK_POSITIONS 7 /* so that a chunk is as long as a line of the processor's cache */

/* Neighbours in one term's list. Most terms have a few positions in a batch, and a few have nearly
 * all of them: either way one look at memory brings several. */
struct posting_chunk {
	uint32_t next; /* number of the chunk + 1; 0: the last one */
	uint32_t count;
	struct {
		uint32_t after; /* so much after the batch's first sequence */
		uint32_t n;
	} positions[CHUNK_POSITIONS];
};

struct posting_run {
	struct posting_term term;
	uint32_t first, last; /* numbers of chunks + 1 */
};

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

bool posting_term_certificate(const char *hex, struct posting_term *ret)
{
	uint8_t bytes[16];

	if (!tc_unhex(hex, strnlen(hex, 2 * sizeof(bytes)), bytes, sizeof(bytes)))
		return false;
	ret->kind = POSTING_CERTIFICATE;
	ret->high = tc_get_be64(bytes);
	ret->low = tc_get_be64(bytes + 8);
	return true;
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

static int compare_runs(const void *left, const void *right)
{
	const struct posting_run *a = left;
	const struct posting_run *b = right;

	return term_compare(&a->term, &b->term);
}

/* Room for one more of `size` bytes. */
static int grow(void **rows, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : BATCH_FIRST;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*rows, wanted, size);
	if (grown == NULL)
		return TC_ENOMEM;
	*rows = grown;
	*capacity = wanted;
	return 0;
}

/* Terms are digests, random ids or ids that differ in their last bytes. */
static size_t term_slot(const struct posting_batch *batch, const struct posting_term *term)
{
	uint64_t hash = (term->high ^ (term->low << 1 | term->low >> 63)) + term->kind;

	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash >> 32) & (batch->slot_count - 1);
}

/* The slot of this term, or the free one where it belongs. */
static size_t find_slot(const struct posting_batch *batch, const struct posting_term *term)
{
	size_t at = term_slot(batch, term);

	while (batch->slots[at] != 0 &&
	       term_compare(&batch->runs[batch->slots[at] - 1].term, term) != 0)
		at = (at + 1) & (batch->slot_count - 1);
	return at;
}

/* Never more than half full. */
static int grow_slots(struct posting_batch *batch)
{
	size_t wanted = batch->slot_count ? batch->slot_count * 2 : 2 * BATCH_FIRST;
	uint32_t *slots;

	if (batch->run_count * 2 < batch->slot_count)
		return 0;
	slots = calloc(wanted, sizeof(*slots));
	if (slots == NULL)
		return TC_ENOMEM;
	free(batch->slots);
	batch->slots = slots;
	batch->slot_count = wanted;
	for (size_t i = 0; i < batch->run_count; i++)
		slots[find_slot(batch, &batch->runs[i].term)] = (uint32_t)i + 1;
	return 0;
}

static int find_run(struct posting_batch *batch, struct posting_term term, struct posting_run **ret)
{
	void *runs = batch->runs;
	size_t at;
	int r = grow_slots(batch);

	if (r < 0)
		return r;
	at = find_slot(batch, &term);
	if (batch->slots[at] == 0) {
		r = grow(&runs, batch->run_count, &batch->run_capacity, sizeof(*batch->runs));
		batch->runs = runs;
		if (r < 0)
			return r;
		batch->runs[batch->run_count++] = (struct posting_run){.term = term};
		batch->slots[at] = (uint32_t)batch->run_count;
	}
	*ret = &batch->runs[batch->slots[at] - 1];
	return 0;
}

/* One more behind the last of the run. */
static int grow_run(struct posting_batch *batch, struct posting_run *run)
{
	void *chunks = batch->chunks;
	int r = grow(&chunks, batch->count, &batch->capacity, sizeof(*batch->chunks));

	batch->chunks = chunks;
	if (r < 0)
		return r;
	batch->chunks[batch->count++] = (struct posting_chunk){.next = 0};
	if (run->last != 0)
		batch->chunks[run->last - 1].next = (uint32_t)batch->count;
	else
		run->first = (uint32_t)batch->count;
	run->last = (uint32_t)batch->count;
	return 0;
}

int posting_batch_add(struct posting_batch *batch, struct posting_term term,
		      struct posting_position position)
{
	struct posting_chunk *chunk;
	struct posting_run *run;
	uint32_t after;
	int r = find_run(batch, term, &run);

	if (r < 0)
		return r;
	if (batch->count == 0)
		batch->first = position.sequence;
	after = (uint32_t)(position.sequence - batch->first);
	chunk = run->last != 0 ? &batch->chunks[run->last - 1] : NULL;
	/* One row may be added twice to one term: agency and recipient may be the same. */
	if (chunk && chunk->positions[chunk->count - 1].after == after &&
	    chunk->positions[chunk->count - 1].n == position.n)
		return 0;
	if (!chunk || chunk->count == CHUNK_POSITIONS) {
		r = grow_run(batch, run);
		if (r < 0)
			return r;
		chunk = &batch->chunks[run->last - 1];
	}
	chunk->positions[chunk->count].after = after;
	chunk->positions[chunk->count++].n = position.n;
	return 0;
}

static void term_key(struct store_key *key, struct posting_term term)
{
	store_key_init(key);
	store_key_u8(key, term.kind);
	store_key_u64(key, term.high);
	store_key_u64(key, term.low);
}

/* ---- blocks ---- */

static size_t varint_put(uint8_t *to, uint64_t value)
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		to[len++] = (uint8_t)(value | 0x80);
	to[len++] = (uint8_t)value;
	return len;
}

/* False: it does not end, or is too large. */
static bool varint_take(struct tc_slice *from, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 64 && from->len > 0; shift += 7) {
		uint8_t byte = *from->data;

		*from = tc_slice(from->data + 1, from->len - 1);
		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* Every position but the last, told from the one after it: how many records earlier, and which of
 * its record's facts (of the same record: how many earlier). The newest first. */
size_t posting_block_encode(const struct posting_position *positions, size_t count,
			    uint8_t to[POSTING_BLOCK_BYTES])
{
	size_t len = 0;

	for (size_t i = count - 1; i > 0; i--) {
		uint64_t back = positions[i].sequence - positions[i - 1].sequence;
		uint32_t n = positions[i - 1].n;

		len += varint_put(to + len, back);
		len += varint_put(to + len, back == 0 ? positions[i].n - n : n);
	}
	return len;
}

static int block_decode(struct posting_position last, struct tc_slice block,
			struct posting_position positions[POSTING_BLOCK_MAX], size_t *ret_count)
{
	size_t count = 0;

	for (positions[count++] = last; block.len > 0; positions[count++] = last) {
		uint64_t back, n;

		if (count == POSTING_BLOCK_MAX || !varint_take(&block, &back) ||
		    !varint_take(&block, &n) || back > last.sequence || n > UINT32_MAX ||
		    (back == 0 && (n == 0 || n > last.n)))
			return TC_ECORRUPT;
		last.sequence -= back;
		last.n = back == 0 ? last.n - (uint32_t)n : (uint32_t)n;
	}
	*ret_count = count;
	return 0;
}

int posting_row_read(struct tc_slice key, struct tc_slice value, struct tc_slice *ret_term,
		     struct posting_position ret[POSTING_BLOCK_MAX], size_t *ret_count)
{
	if (key.len != POSTING_TERM_BYTES + POSTING_POSITION_BYTES)
		return TC_ECORRUPT;
	*ret_term = tc_slice(key.data, POSTING_TERM_BYTES);
	return block_decode(posting_position_get(key.data + POSTING_TERM_BYTES), value, ret,
			    ret_count);
}

static int write_block(struct store_txn *txn, struct store_table table, struct posting_term term,
		       const struct posting_position *positions, size_t count)
{
	uint8_t value[POSTING_BLOCK_BYTES];
	struct store_key key;

	term_key(&key, term);
	store_key_u64(&key, positions[count - 1].sequence);
	store_key_u32(&key, positions[count - 1].n);
	return store_put(txn, table, store_key_slice(&key),
			 tc_slice(value, posting_block_encode(positions, count, value)));
}

static int write_run(const struct posting_batch *batch, const struct posting_run *run,
		     struct store_txn *txn, struct store_table table)
{
	struct posting_position positions[POSTING_BLOCK_MAX];
	const struct posting_chunk *chunk;
	size_t count = 0;
	int r = 0;

	for (uint32_t at = run->first; r == 0 && at != 0; at = chunk->next) {
		chunk = &batch->chunks[at - 1];
		for (uint32_t i = 0; r == 0 && i < chunk->count; i++) {
			positions[count++] = (struct posting_position){
				.sequence = batch->first + chunk->positions[i].after,
				.n = chunk->positions[i].n,
			};
			if (count < POSTING_BLOCK_MAX)
				continue;
			r = write_block(txn, table, run->term, positions, count);
			count = 0;
		}
	}
	return r != 0 || count == 0 ? r : write_block(txn, table, run->term, positions, count);
}

int posting_batch_write(struct posting_batch *batch, struct store_txn *txn,
			struct store_table table)
{
	if (batch->count == 0)
		return 0;
	qsort(batch->runs, batch->run_count, sizeof(*batch->runs), compare_runs);
	for (size_t i = 0; i < batch->run_count; i++) {
		int r = write_run(batch, &batch->runs[i], txn, table);

		if (r != 0)
			return r;
	}
	batch->count = 0;
	batch->run_count = 0;
	memset(batch->slots, 0, batch->slot_count * sizeof(*batch->slots));
	return 0;
}

void posting_batch_free(struct posting_batch *batch)
{
	free(batch->chunks);
	free(batch->runs);
	free(batch->slots);
	*batch = (struct posting_batch){0};
}

/* ---- walking ---- */

int posting_cursor_init(struct posting_cursor *cursor, struct store_txn *txn,
			struct store_table table, struct posting_term term)
{
	struct store_key prefix;

	cursor->count = 0;
	cursor->rows_back = (struct store_cursor){0};
	term_key(&prefix, term);
	return store_cursor_init(&cursor->rows, txn, table, store_key_slice(&prefix),
				 STORE_FORWARD);
}

static struct tc_slice term_prefix(const struct posting_cursor *cursor)
{
	return tc_slice(cursor->rows.prefix, cursor->rows.prefix_len);
}

/* The block whose last position is the first one at or after `from` (backward: the last one at or
 * before it). */
static int load_block(struct posting_cursor *cursor, struct store_cursor *rows,
		      struct posting_position from)
{
	struct tc_slice key, value;
	struct store_key seek;
	int r;

	store_key_init(&seek);
	store_key_bytes(&seek, term_prefix(cursor));
	store_key_u64(&seek, from.sequence);
	store_key_u32(&seek, from.n);
	r = store_cursor_seek(rows, store_key_slice(&seek));
	if (r < 0)
		return r;
	r = store_cursor_next(rows, &key, &value);
	if (r != 0)
		return r;
	if (key.len != rows->prefix_len + POSTING_POSITION_BYTES)
		return TC_ECORRUPT;
	return block_decode(posting_position_get(key.data + rows->prefix_len), value, cursor->block,
			    &cursor->count);
}

/* How many positions of the block are after `from`: they stand first. */
static size_t count_after(const struct posting_cursor *cursor, struct posting_position from)
{
	size_t low = 0;
	size_t high = cursor->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (posting_position_compare(cursor->block[middle], from) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int posting_cursor_seek(struct posting_cursor *cursor, struct posting_position from,
			struct posting_position *ret)
{
	const struct posting_position *block = cursor->block;
	size_t after;

	/* The loaded block will do when `from` lies within it: what is between two blocks is in
	 * neither. */
	if (cursor->count == 0 || posting_position_compare(block[0], from) < 0 ||
	    posting_position_compare(block[cursor->count - 1], from) > 0) {
		int r = load_block(cursor, &cursor->rows, from);

		if (r != 0)
			return r;
	}
	after = count_after(cursor, from);
	if (after < cursor->count && posting_position_compare(block[after], from) == 0)
		*ret = block[after];
	else
		*ret = block[after - 1];
	return 0;
}

int posting_cursor_seek_back(struct posting_cursor *cursor, struct posting_position from,
			     struct posting_position *ret)
{
	const struct posting_position *block = cursor->block;
	size_t after;
	int r = 0;

	if (cursor->count == 0 || posting_position_compare(block[0], from) < 0 ||
	    posting_position_compare(block[cursor->count - 1], from) > 0)
		r = load_block(cursor, &cursor->rows, from);
	if (r < 0)
		return r;
	after = r == 0 ? count_after(cursor, from) : 0;
	if (r == 0 && after < cursor->count) {
		*ret = block[after];
		return 0;
	}
	/* Everything in it is later, or there is none: the block before ends with the answer. */
	if (cursor->rows_back.txn == NULL)
		r = store_cursor_init(&cursor->rows_back, cursor->rows.txn, cursor->rows.table,
				      term_prefix(cursor), STORE_BACKWARD);
	else
		r = 0;
	if (r == 0)
		r = load_block(cursor, &cursor->rows_back, from);
	if (r == 0)
		*ret = block[0];
	return r;
}

void posting_cursor_done(struct posting_cursor *cursor)
{
	store_cursor_done(&cursor->rows);
	store_cursor_done(&cursor->rows_back);
	cursor->count = 0;
}
