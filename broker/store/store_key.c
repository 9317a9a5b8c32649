#include "store/store_key.h"

#include <string.h>

#define SIGN_BIT 0x8000000000000000ULL

static void invalidate(struct store_key *key)
{
	key->len = STORE_KEY_BYTES_MAX + 1;
}

/* Room for `len` more bytes, or NULL: the key is then invalid for good. */
static uint8_t *grow(struct store_key *key, size_t len)
{
	uint8_t *to;

	if (key->len > STORE_KEY_BYTES_MAX || len > STORE_KEY_BYTES_MAX - key->len) {
		invalidate(key);
		return NULL;
	}
	to = key->data + key->len;
	key->len += len;
	return to;
}

void store_key_u8(struct store_key *key, uint8_t value)
{
	uint8_t *to = grow(key, 1);

	if (to)
		*to = value;
}

void store_key_u16(struct store_key *key, uint16_t value)
{
	uint8_t *to = grow(key, 2);

	if (to)
		tc_put_be16(to, value);
}

void store_key_u32(struct store_key *key, uint32_t value)
{
	uint8_t *to = grow(key, 4);

	if (to)
		tc_put_be32(to, value);
}

void store_key_u64(struct store_key *key, uint64_t value)
{
	uint8_t *to = grow(key, 8);

	if (to)
		tc_put_be64(to, value);
}

void store_key_i64(struct store_key *key, int64_t value)
{
	store_key_u64(key, (uint64_t)value ^ SIGN_BIT);
}

void store_key_bytes(struct store_key *key, struct tc_slice bytes)
{
	uint8_t *to = grow(key, bytes.len);

	if (to && bytes.len > 0)
		memcpy(to, bytes.data, bytes.len);
}

void store_key_text(struct store_key *key, struct tc_slice text)
{
	if (text.len > 0 && memchr(text.data, 0, text.len)) {
		invalidate(key);
		return;
	}
	store_key_bytes(key, text);
	store_key_u8(key, 0);
}

void store_key_id(struct store_key *key, struct tc_id id)
{
	store_key_bytes(key, tc_slice(id.bytes, sizeof(id.bytes)));
}

void store_key_agency(struct store_key *key, const tc_agency *agency)
{
	store_key_text(key, tc_slice(agency->name, strnlen(agency->name, TC_NAME_BYTES_MAX)));
}

struct tc_slice store_key_slice(const struct store_key *key)
{
	return tc_slice(key->data, key->len);
}

static const uint8_t *take(struct tc_slice *key, size_t len)
{
	const uint8_t *from = key->data;

	if (key->len < len)
		return NULL;
	key->data += len;
	key->len -= len;
	return from;
}

bool store_key_take_u8(struct tc_slice *key, uint8_t *ret)
{
	const uint8_t *from = take(key, 1);

	if (from)
		*ret = *from;
	return from != NULL;
}

bool store_key_take_u16(struct tc_slice *key, uint16_t *ret)
{
	const uint8_t *from = take(key, 2);

	if (from)
		*ret = tc_get_be16(from);
	return from != NULL;
}

bool store_key_take_u32(struct tc_slice *key, uint32_t *ret)
{
	const uint8_t *from = take(key, 4);

	if (from)
		*ret = tc_get_be32(from);
	return from != NULL;
}

bool store_key_take_u64(struct tc_slice *key, uint64_t *ret)
{
	const uint8_t *from = take(key, 8);

	if (from)
		*ret = tc_get_be64(from);
	return from != NULL;
}

bool store_key_take_i64(struct tc_slice *key, int64_t *ret)
{
	uint64_t value;

	if (!store_key_take_u64(key, &value))
		return false;
	*ret = (int64_t)(value ^ SIGN_BIT);
	return true;
}

bool store_key_take_bytes(struct tc_slice *key, size_t len, struct tc_slice *ret)
{
	const uint8_t *from = take(key, len);

	if (from)
		*ret = tc_slice(from, len);
	return from != NULL;
}

bool store_key_take_text(struct tc_slice *key, struct tc_slice *ret)
{
	const uint8_t *end = key->len > 0 ? memchr(key->data, 0, key->len) : NULL;

	if (!end)
		return false;
	*ret = tc_slice(key->data, (size_t)(end - key->data));
	key->data = end + 1;
	key->len -= ret->len + 1;
	return true;
}

bool store_key_take_id(struct tc_slice *key, struct tc_id *ret)
{
	const uint8_t *from = take(key, sizeof(ret->bytes));

	if (from)
		memcpy(ret->bytes, from, sizeof(ret->bytes));
	return from != NULL;
}

bool store_key_take_agency(struct tc_slice *key, tc_agency *ret)
{
	struct tc_slice rest = *key;
	struct tc_slice text;

	if (!store_key_take_text(&rest, &text) || text.len > TC_NAME_BYTES_MAX)
		return false;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, text.data, text.len);
	*key = rest;
	return true;
}
