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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool tc_unhex(const char *text, size_t text_len, uint8_t *to, size_t len)
{
	if (text_len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
