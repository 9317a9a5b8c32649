/*
 * store_key - composite keys whose byte order is the order wanted.
 *
 * Numbers are big-endian, signed ones with the sign bit flipped; text ends with a NUL
 * so that "ab" stands before "abc" and prefixes are exact; ids and digests are fixed
 * width. A key that grows over STORE_KEY_BYTES_MAX, or a text with a NUL inside, makes
 * the key invalid: every store call then answers TC_EINVAL, so builders need no checks.
 *
 * Owner: the caller; no memory is allocated. Blocks: never.
 */
#ifndef STORE_STORE_KEY_H
#define STORE_STORE_KEY_H

#include "base/bytes.h"
#include "base/id.h"
#include "store/store.h"

/* Start with store_key_init (or zero length). The bytes after len are never read. */
struct store_key {
	size_t len; /* over STORE_KEY_BYTES_MAX: invalid */
	uint8_t data[STORE_KEY_BYTES_MAX];
};

static inline void store_key_init(struct store_key *key)
{
	key->len = 0;
}

void store_key_u8(struct store_key *key, uint8_t value);
void store_key_u16(struct store_key *key, uint16_t value);
void store_key_u32(struct store_key *key, uint32_t value);
void store_key_u64(struct store_key *key, uint64_t value);
/* Sorts negative before positive: for times. */
void store_key_i64(struct store_key *key, int64_t value);
/* As it is: of fixed width, or last in the key. */
void store_key_bytes(struct store_key *key, struct tc_slice bytes);
/* With a final NUL. */
void store_key_text(struct store_key *key, struct tc_slice text);
void store_key_id(struct store_key *key, struct tc_id id);
void store_key_agency(struct store_key *key, const tc_agency *agency);

/* Borrowed from the key. An invalid key gives a slice that every store call refuses. */
struct tc_slice store_key_slice(const struct store_key *key);

/* ---- taking keys apart: each takes from the front; false (and no more is taken) when too short
 * ---- */

bool store_key_take_u8(struct tc_slice *key, uint8_t *ret);
bool store_key_take_u16(struct tc_slice *key, uint16_t *ret);
bool store_key_take_u32(struct tc_slice *key, uint32_t *ret);
bool store_key_take_u64(struct tc_slice *key, uint64_t *ret);
bool store_key_take_i64(struct tc_slice *key, int64_t *ret);
bool store_key_take_bytes(struct tc_slice *key, size_t len, struct tc_slice *ret);
/* Up to the NUL, which is taken too and is not in *ret. */
bool store_key_take_text(struct tc_slice *key, struct tc_slice *ret);
bool store_key_take_id(struct tc_slice *key, struct tc_id *ret);
bool store_key_take_agency(struct tc_slice *key, tc_agency *ret);

#endif
