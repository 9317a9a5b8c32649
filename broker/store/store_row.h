/*
 * store_row - the bytes of a row's value: fixed order, big-endian numbers, short texts
 * with a length byte. What a row says never depends on the machine (P10).
 *
 * A writer that runs out of room is our own bug; a reader that runs out of bytes
 * remembers it, gives zeros, and is asked once at the end.
 *
 * Owner: the caller; texts that were read are borrowed from the row. Blocks: never.
 */
#ifndef STORE_STORE_ROW_H
#define STORE_STORE_ROW_H

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"

#define STORE_ROW_BYTES_MAX 1024

struct store_row {
	size_t len;
	uint8_t data[STORE_ROW_BYTES_MAX];
};

struct store_row_reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline uint8_t *store_row_space(struct store_row *row, size_t len)
{
	uint8_t *at = row->data + row->len;

	TC_CHECK(len <= STORE_ROW_BYTES_MAX - row->len);
	row->len += len;
	return at;
}

static inline void store_row_u8(struct store_row *row, uint8_t value)
{
	*store_row_space(row, 1) = value;
}

static inline void store_row_u32(struct store_row *row, uint32_t value)
{
	tc_put_be32(store_row_space(row, 4), value);
}

static inline void store_row_u64(struct store_row *row, uint64_t value)
{
	tc_put_be64(store_row_space(row, 8), value);
}

static inline void store_row_i64(struct store_row *row, int64_t value)
{
	store_row_u64(row, (uint64_t)value);
}

static inline void store_row_id(struct store_row *row, struct tc_id id)
{
	memcpy(store_row_space(row, sizeof(id.bytes)), id.bytes, sizeof(id.bytes));
}

/* At most 255 bytes. */
static inline void store_row_text(struct store_row *row, struct tc_slice text)
{
	TC_CHECK(text.len <= 255);
	store_row_u8(row, (uint8_t)text.len);
	if (text.len > 0)
		memcpy(store_row_space(row, text.len), text.data, text.len);
}

static inline struct tc_slice store_row_slice(const struct store_row *row)
{
	return tc_slice(row->data, row->len);
}

static inline struct store_row_reader store_row_read(struct tc_slice value)
{
	return (struct store_row_reader){.at = value.data, .end = value.data + value.len};
}

/* NULL when there are not so many bytes. */
static inline const uint8_t *store_row_take(struct store_row_reader *row, size_t len)
{
	const uint8_t *at = row->at;

	if (row->failed || (size_t)(row->end - at) < len) {
		row->failed = true;
		return NULL;
	}
	row->at += len;
	return at;
}

static inline uint8_t store_row_take_u8(struct store_row_reader *row)
{
	const uint8_t *at = store_row_take(row, 1);

	return at ? *at : 0;
}

static inline uint32_t store_row_take_u32(struct store_row_reader *row)
{
	const uint8_t *at = store_row_take(row, 4);

	return at ? tc_get_be32(at) : 0;
}

static inline uint64_t store_row_take_u64(struct store_row_reader *row)
{
	const uint8_t *at = store_row_take(row, 8);

	return at ? tc_get_be64(at) : 0;
}

static inline int64_t store_row_take_i64(struct store_row_reader *row)
{
	return (int64_t)store_row_take_u64(row);
}

static inline struct tc_id store_row_take_id(struct store_row_reader *row)
{
	struct tc_id id = {{0}};
	const uint8_t *at = store_row_take(row, sizeof(id.bytes));

	if (at)
		memcpy(id.bytes, at, sizeof(id.bytes));
	return id;
}

static inline struct tc_slice store_row_take_text(struct store_row_reader *row)
{
	size_t len = store_row_take_u8(row);
	const uint8_t *at = store_row_take(row, len);

	return at ? tc_slice(at, len) : tc_slice(NULL, 0);
}

/* Into a field of `size` bytes, with a final NUL and zeros behind; too long is a failure. */
static inline void store_row_take_field(struct store_row_reader *row, char *to, size_t size)
{
	struct tc_slice text = store_row_take_text(row);

	memset(to, 0, size);
	if (text.len >= size)
		row->failed = true;
	else if (text.len > 0)
		memcpy(to, text.data, text.len);
}

#endif
