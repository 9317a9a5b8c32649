#include "base/id.h"

#include <string.h>

#include "base/random.h"

struct tc_id tc_id_new(int64_t now_ms)
{
	struct tc_id id;

	tc_random_fill(id.bytes, sizeof(id.bytes));
	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	return id;
}

bool tc_id_is_none(struct tc_id id)
{
	static const struct tc_id none;

	return tc_id_equal(id, none);
}

bool tc_id_equal(struct tc_id a, struct tc_id b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

bool tc_id_parse(struct tc_slice text, struct tc_id *ret)
{
	/* Where each group of digits begins in the text and in the id. Every message brings half a
	 * dozen ids, so there is no search here. */
	static const struct {
		uint8_t text, id, bytes;
	} groups[] = {{0, 0, 4}, {9, 4, 2}, {14, 6, 2}, {19, 8, 2}, {24, 10, 6}};
	struct tc_id id;

	if (text.len != TC_ID_TEXT_BYTES - 1)
		return false;
	if (text.data[8] != '-' || text.data[13] != '-' || text.data[18] != '-' ||
	    text.data[23] != '-')
		return false;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (!tc_unhex((const char *)text.data + groups[i].text, 2 * (size_t)groups[i].bytes,
			      id.bytes + groups[i].id, groups[i].bytes))
			return false;
	*ret = id;
	return true;
}

void tc_id_format(struct tc_id id, char to[TC_ID_TEXT_BYTES])
{
	static const uint8_t lengths[] = {4, 2, 2, 2, 6};
	const uint8_t *from = id.bytes;

	for (size_t i = 0; i < sizeof(lengths); i++) {
		tc_hex(from, lengths[i], to);
		from += lengths[i];
		to += 2 * lengths[i];
		*to++ = '-';
	}
	to[-1] = '\0';
}

int64_t tc_id_time_ms(struct tc_id id)
{
	int64_t ms = 0;

	if (id.bytes[6] >> 4 != 7)
		return -1;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.bytes[i];
	return ms;
}

bool tc_name_valid(struct tc_slice text)
{
	if (text.len == 0 || text.len > TC_NAME_BYTES_MAX)
		return false;
	if (text.data[0] == '-' || text.data[text.len - 1] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

bool tc_agency_parse(struct tc_slice text, tc_agency *ret)
{
	if (!tc_name_valid(text))
		return false;
	*ret = (tc_agency){0};
	memcpy(ret->name, text.data, text.len);
	return true;
}

bool tc_agency_equal(const tc_agency *a, const tc_agency *b)
{
	return strcmp(a->name, b->name) == 0;
}
