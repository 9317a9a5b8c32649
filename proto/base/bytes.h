/*
 * bytes - owned buffers and borrowed slices.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Borrowed: valid as long as what it points into. */
struct tc_slice {
	const uint8_t *data;
	size_t len;
};

/* Owned. An empty one is all zero and needs no release. */
struct tc_bytes {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

static inline struct tc_slice tc_slice(const void *data, size_t len)
{
	return (struct tc_slice){.data = data, .len = len};
}

static inline struct tc_slice tc_bytes_slice(const struct tc_bytes *bytes)
{
	return (struct tc_slice){.data = bytes->data, .len = bytes->len};
}

/* The text without its final NUL. NULL gives an empty slice. */
struct tc_slice tc_slice_text(const char *text);
bool tc_slice_equal(struct tc_slice a, struct tc_slice b);
/* A copy with a final NUL, cut to the room of `room` bytes. */
void tc_slice_copy(struct tc_slice from, char *to, size_t room);

/* Makes room for `extra` more bytes after len. 0 or TC_ENOMEM. */
int tc_bytes_reserve(struct tc_bytes *bytes, size_t extra) TC_MUST_CHECK;
/* Appends a copy. 0 or TC_ENOMEM (then unchanged). */
int tc_bytes_append(struct tc_bytes *bytes, const void *data, size_t len) TC_MUST_CHECK;
/* Drops `len` bytes from the front. */
void tc_bytes_consume(struct tc_bytes *bytes, size_t len);
void tc_bytes_free(struct tc_bytes *bytes);
/* Wipes before it releases: for keys and other secrets. */
void tc_bytes_free_secret(struct tc_bytes *bytes);
/* A wipe that no optimiser removes. */
void tc_wipe(void *data, size_t len);

/* Big-endian numbers, as in keys and on the wire. */
static inline void tc_put_be16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static inline uint16_t tc_get_be16(const uint8_t *from)
{
	return (uint16_t)((from[0] << 8) | from[1]);
}

static inline void tc_put_be32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint32_t tc_get_be32(const uint8_t *from)
{
	return ((uint32_t)from[0] << 24) | ((uint32_t)from[1] << 16) | ((uint32_t)from[2] << 8) |
	       from[3];
}

static inline void tc_put_be64(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> (56 - 8 * i));
}

static inline uint64_t tc_get_be64(const uint8_t *from)
{
	return ((uint64_t)tc_get_be32(from) << 32) | tc_get_be32(from + 4);
}

/* Lower-case hexadecimal with a final NUL: `to` has 2 * len + 1 bytes. */
void tc_hex(const uint8_t *data, size_t len, char *to);
/* Exactly 2 * len hexadecimal digits. False when they are not: `to` is of no use then. */
bool tc_unhex(const char *text, size_t text_len, uint8_t *to, size_t len);

#endif
