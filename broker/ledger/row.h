/*
 * row - values of the ledger's tables, byte by byte: fixed order, big-endian numbers,
 * short text with a length byte. What a row says never depends on the machine (P10).
 *
 * A writer that runs out of room and a reader that runs out of bytes remember it; the
 * caller asks once at the end.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef LEDGER_ROW_H
#define LEDGER_ROW_H

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"
#include "wire/refusal.h"

#define ROW_BYTES_MAX 2048

struct row_writer {
	size_t len;
	uint8_t data[ROW_BYTES_MAX];
};

struct row_reader {
	const uint8_t *at, *end;
	bool short_of; /* something was missing */
};

static inline void row_put(struct row_writer *row, const void *from, size_t len)
{
	TC_CHECK(len <= ROW_BYTES_MAX - row->len);
	if (len != 0)
		memcpy(row->data + row->len, from, len);
	row->len += len;
}

static inline void row_put_u8(struct row_writer *row, uint8_t value)
{
	row_put(row, &value, 1);
}

static inline void row_put_u16(struct row_writer *row, uint16_t value)
{
	uint8_t data[2];

	tc_put_be16(data, value);
	row_put(row, data, sizeof(data));
}

static inline void row_put_u32(struct row_writer *row, uint32_t value)
{
	uint8_t data[4];

	tc_put_be32(data, value);
	row_put(row, data, sizeof(data));
}

static inline void row_put_u64(struct row_writer *row, uint64_t value)
{
	uint8_t data[8];

	tc_put_be64(data, value);
	row_put(row, data, sizeof(data));
}

static inline void row_put_id(struct row_writer *row, struct tc_id id)
{
	row_put(row, id.bytes, sizeof(id.bytes));
}

/* At most 255 bytes. */
static inline void row_put_text(struct row_writer *row, const char *text)
{
	size_t len = strlen(text);

	TC_CHECK(len <= 255);
	row_put_u8(row, (uint8_t)len);
	row_put(row, text, len);
}

/* By name, since the numbers are not stable. */
static inline void row_put_code(struct row_writer *row, enum tc_refusal_code code)
{
	row_put_text(row, code == TC_REFUSAL_NONE ? "" : tc_refusal_name(code));
}

static inline struct tc_slice row_slice(const struct row_writer *row)
{
	return tc_slice(row->data, row->len);
}

static inline struct row_reader row_read(struct tc_slice value)
{
	return (struct row_reader){.at = value.data, .end = value.data + value.len};
}

/* Zeroes when there are not so many bytes. */
static inline void row_take(struct row_reader *row, void *to, size_t len)
{
	if (len == 0)
		return;
	if ((size_t)(row->end - row->at) < len) {
		row->short_of = true;
		memset(to, 0, len);
		return;
	}
	memcpy(to, row->at, len);
	row->at += len;
}

static inline uint8_t row_take_u8(struct row_reader *row)
{
	uint8_t value;

	row_take(row, &value, 1);
	return value;
}

static inline uint16_t row_take_u16(struct row_reader *row)
{
	uint8_t data[2];

	row_take(row, data, sizeof(data));
	return tc_get_be16(data);
}

static inline uint32_t row_take_u32(struct row_reader *row)
{
	uint8_t data[4];

	row_take(row, data, sizeof(data));
	return tc_get_be32(data);
}

static inline uint64_t row_take_u64(struct row_reader *row)
{
	uint8_t data[8];

	row_take(row, data, sizeof(data));
	return tc_get_be64(data);
}

static inline struct tc_id row_take_id(struct row_reader *row)
{
	struct tc_id id;

	row_take(row, id.bytes, sizeof(id.bytes));
	return id;
}

/* With a final NUL; `size` is the room in `to`. */
static inline void row_take_text(struct row_reader *row, char *to, size_t size)
{
	size_t len = row_take_u8(row);

	if (len >= size) {
		row->short_of = true;
		len = 0;
	}
	row_take(row, to, len);
	to[len] = '\0';
}

static inline enum tc_refusal_code row_take_code(struct row_reader *row)
{
	char name[64];

	row_take_text(row, name, sizeof(name));
	return name[0] == '\0' ? TC_REFUSAL_NONE : tc_refusal_find(tc_slice_text(name));
}

/* True when everything that was taken was there and nothing is left. */
static inline bool row_read_whole(const struct row_reader *row)
{
	return !row->short_of && row->at == row->end;
}

#endif
