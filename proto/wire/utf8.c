/*
 * An automaton over bytes. Between characters any byte that may begin one is taken; a first byte
 * says how many bytes follow and, since overlong forms, surrogates and what is over U+10FFFF
 * differ from the rest in the second byte alone, in which range the next one lies.
 */
#include "wire/utf8.h"

#include <string.h>

struct utf8_first {
	uint8_t from, to;     /* of the first byte */
	uint8_t low, high;    /* of the second */
	uint8_t continuation; /* bytes after the first */
};

static const struct utf8_first firsts[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2},
	{0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3},
	{0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
};

/* Bytes of the character of two or more bytes that begins at `text`; 0 when there is none. */
static size_t character_bytes(const uint8_t *text, size_t room)
{
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		const struct utf8_first *first = &firsts[i];

		if (text[0] < first->from || text[0] > first->to)
			continue;
		if (room <= first->continuation || text[1] < first->low || text[1] > first->high)
			return 0;
		for (size_t k = 2; k <= first->continuation; k++)
			if (text[k] < 0x80 || text[k] > 0xbf)
				return 0;
		return 1 + (size_t)first->continuation;
	}
	return 0;
}

bool tc_utf8_valid(struct tc_slice text)
{
	size_t at = 0;

	while (at < text.len) {
		uint64_t eight;
		size_t len;

		if (text.len - at >= sizeof(eight)) {
			memcpy(&eight, text.data + at, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				at += sizeof(eight);
				continue;
			}
		}
		if (text.data[at] < 0x80) {
			at++;
			continue;
		}
		len = character_bytes(text.data + at, text.len - at);
		if (len == 0)
			return false;
		at += len;
	}
	return true;
}
