#include "wire/fields.h"

#define SECONDS_MIN (-62135596800LL) /* 0001-01-01 */
#define SECONDS_MAX 253402300799LL   /* 9999-12-31T23:59:59 */

/* A 32 bit or 64 bit varint takes at most ten bytes, the tenth at most 1. */
static bool varint_take_long(struct tc_slice *rest, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 10 && i < rest->len; i++) {
		uint8_t byte = rest->data[i];

		if (i == 9 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*rest = tc_slice(rest->data + i + 1, rest->len - i - 1);
			*ret = value;
			return true;
		}
	}
	return false;
}

/* Nearly all tags and lengths are one byte, and every byte of every peer passes through here. */
static inline bool varint_take(struct tc_slice *rest, uint64_t *ret)
{
	if (rest->len == 0 || rest->data[0] >= 0x80)
		return varint_take_long(rest, ret);
	*ret = rest->data[0];
	*rest = tc_slice(rest->data + 1, rest->len - 1);
	return true;
}

static bool bytes_take(struct tc_slice *rest, uint64_t len, struct tc_slice *ret)
{
	if (len > rest->len)
		return false;
	*ret = tc_slice(rest->data, (size_t)len);
	*rest = tc_slice(rest->data + len, rest->len - (size_t)len);
	return true;
}

/* Little-endian, as protobuf has its fixed-width numbers. */
static bool fixed_take(struct tc_slice *rest, size_t len, uint64_t *ret)
{
	struct tc_slice bytes;

	if (!bytes_take(rest, len, &bytes))
		return false;
	*ret = 0;
	for (size_t i = len; i > 0; i--)
		*ret = *ret << 8 | bytes.data[i - 1];
	return true;
}

int tc_fields_next(struct tc_slice *rest, struct tc_field *ret)
{
	struct tc_slice left = *rest;
	uint64_t tag, value = 0;
	bool whole = false;

	if (left.len == 0)
		return TC_FIELDS_END;
	if (!varint_take(&left, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
		return TC_FIELDS_MALFORMED;
	ret->bytes = tc_slice(NULL, 0);
	switch (tag & 7) {
	case 0:
		whole = varint_take(&left, &value);
		break;
	case 1:
		whole = fixed_take(&left, 8, &value);
		break;
	case 2:
		whole = varint_take(&left, &value) && bytes_take(&left, value, &ret->bytes);
		value = 0;
		break;
	case 5:
		whole = fixed_take(&left, 4, &value);
		break;
	default: /* groups, and what protobuf does not have */
		break;
	}
	if (!whole)
		return TC_FIELDS_MALFORMED;
	ret->number = (uint32_t)(tag >> 3);
	ret->wire_type = (uint8_t)(tag & 7);
	ret->value = value;
	ret->record = tc_slice(rest->data, rest->len - left.len);
	*rest = left;
	return 0;
}

bool tc_fields_timestamp(struct tc_slice packed, int64_t *ret_ms)
{
	struct tc_slice rest = packed;
	struct tc_field field;
	int64_t seconds = 0;
	int64_t nanos = 0;
	int r;

	while ((r = tc_fields_next(&rest, &field)) == 0) {
		if (field.wire_type != 0)
			return false;
		if (field.number == 1)
			seconds = (int64_t)field.value;
		else if (field.number == 2)
			nanos = (int64_t)field.value;
	}
	if (r != TC_FIELDS_END || seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 ||
	    nanos > 999999999)
		return false;
	*ret_ms = seconds * 1000 + nanos / 1000000;
	return true;
}
