#include "gateway/response.h"

#define WIRE_VARINT 0
#define WIRE_BYTES  2

static size_t varint_bytes(uint64_t value)
{
	size_t len = 1;

	for (; value >= 0x80; value >>= 7)
		len++;
	return len;
}

static uint8_t *varint_write(uint8_t *to, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8_t)(value | 0x80);
	*to++ = (uint8_t)value;
	return to;
}

size_t response_field_bytes(size_t len)
{
	return 1 + varint_bytes(len) + len;
}

uint8_t *response_field_write(uint8_t *to, unsigned number, size_t len)
{
	*to++ = (uint8_t)(number << 3 | WIRE_BYTES);
	return varint_write(to, len);
}

size_t response_head_bytes(uint64_t request_id, size_t body_len)
{
	return 1 + varint_bytes(request_id) + 1 + varint_bytes(body_len);
}

uint8_t *response_head_write(uint8_t *to, uint64_t request_id, enum response_body body,
			     size_t body_len)
{
	*to++ = 1 << 3 | WIRE_VARINT;
	to = varint_write(to, request_id);
	return response_field_write(to, body, body_len);
}
