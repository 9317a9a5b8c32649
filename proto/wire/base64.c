#include "wire/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void tc_base64_encode(struct tc_slice data, char *to)
{
	size_t at = 0;

	for (; data.len - at >= 3; at += 3) {
		const uint8_t *from = data.data + at;

		*to++ = alphabet[from[0] >> 2];
		*to++ = alphabet[(from[0] & 3) << 4 | from[1] >> 4];
		*to++ = alphabet[(from[1] & 15) << 2 | from[2] >> 6];
		*to++ = alphabet[from[2] & 63];
	}
	if (data.len - at > 0) {
		uint8_t first = data.data[at];
		bool two = data.len - at == 2;
		uint8_t second = two ? data.data[at + 1] : 0;

		*to++ = alphabet[first >> 2];
		*to++ = alphabet[(first & 3) << 4 | second >> 4];
		*to++ = two ? alphabet[(second & 15) << 2] : '=';
		*to++ = '=';
	}
	*to = '\0';
}

static int digit(uint8_t letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	if (letter == '+' || letter == '-')
		return 62;
	if (letter == '/' || letter == '_')
		return 63;
	return -1;
}

bool tc_base64_decode(struct tc_slice text, uint8_t *to, size_t *ret_len)
{
	size_t padding = 0, len = 0;
	uint32_t bits = 0;
	unsigned held = 0; /* bits not yet written */

	while (padding < 2 && padding < text.len && text.data[text.len - 1 - padding] == '=')
		padding++;
	if ((padding > 0 && text.len % 4 != 0) || (text.len - padding) % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len - padding; i++) {
		int value = digit(text.data[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			to[len++] = (uint8_t)(bits >> held);
		}
	}
	if ((bits & ((1u << held) - 1)) != 0)
		return false;
	*ret_len = len;
	return true;
}
