#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct tc_slice tc_slice_text(const char *text)
{
	return tc_slice(text, text ? strlen(text) : 0);
}

bool tc_slice_equal(struct tc_slice a, struct tc_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void tc_slice_copy(struct tc_slice from, char *to, size_t room)
{
	size_t len = from.len < room ? from.len : room - 1;

	if (len > 0)
		memcpy(to, from.data, len);
	to[len] = '\0';
}

int tc_bytes_reserve(struct tc_bytes *bytes, size_t extra)
{
	size_t capacity = bytes->capacity ? bytes->capacity : 256;
	uint8_t *data;

	if (extra > SIZE_MAX / 4 - bytes->len)
		return TC_ENOMEM;
	if (bytes->len + extra <= bytes->capacity)
		return 0;
	while (capacity < bytes->len + extra)
		capacity *= 2;
	data = realloc(bytes->data, capacity);
	if (!data)
		return TC_ENOMEM;
	bytes->data = data;
	bytes->capacity = capacity;
	return 0;
}

int tc_bytes_append(struct tc_bytes *bytes, const void *data, size_t len)
{
	int r = tc_bytes_reserve(bytes, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
	return 0;
}

void tc_bytes_consume(struct tc_bytes *bytes, size_t len)
{
	if (len >= bytes->len) {
		bytes->len = 0;
		return;
	}
	memmove(bytes->data, bytes->data + len, bytes->len - len);
	bytes->len -= len;
}

void tc_bytes_free(struct tc_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct tc_bytes){0};
}

void tc_bytes_free_secret(struct tc_bytes *bytes)
{
	if (bytes->data)
		tc_wipe(bytes->data, bytes->capacity);
	tc_bytes_free(bytes);
}

void tc_wipe(void *data, size_t len)
{
	explicit_bzero(data, len);
}

void tc_hex(const uint8_t *data, size_t len, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		to[2 * i] = digits[data[i] >> 4];
		to[2 * i + 1] = digits[data[i] & 15];
	}
	to[2 * len] = '\0';
}

#define HEX_DIGIT 0x10 /* beside the value of what is one */

bool tc_unhex(const char *text, size_t text_len, uint8_t *to, size_t len)
{
	static const uint8_t digits[256] = {
		['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
		['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
		['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
		['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f,
	};
	unsigned all = HEX_DIGIT;

	if (text_len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned high = digits[(uint8_t)text[2 * i]];
		unsigned low = digits[(uint8_t)text[2 * i + 1]];

		all &= high & low;
		to[i] = (uint8_t)(high << 4 | (low & 0xf));
	}
	return all != 0;
}
