#include "backup/backup_segment.h"

#include <string.h>

#include "journal/crc32c.h"

#define CRC_BYTES        4
#define ROW_HEAD_BYTES   (CRC_BYTES + 1 + 4)
#define RECORD_KEY_BYTES 8
#define PART_KEY_BYTES   10

static const char magic[] = "throughcare/segment/v1\n";

#define MAGIC_BYTES (sizeof(magic) - 1)
#define HEAD_BYTES  (MAGIC_BYTES + sizeof(struct tc_id) + 8)

int backup_segment_begin(struct tc_bytes *to, struct tc_id log_id, uint64_t first)
{
	uint8_t number[8];
	int r = tc_bytes_append(to, magic, MAGIC_BYTES);

	tc_put_be64(number, first);
	if (r == 0)
		r = tc_bytes_append(to, log_id.bytes, sizeof(log_id));
	return r ? r : tc_bytes_append(to, number, sizeof(number));
}

int backup_segment_row(struct tc_bytes *to, struct tc_slice key, struct tc_slice value)
{
	uint8_t *at;
	size_t len = ROW_HEAD_BYTES + key.len + value.len;
	int r = tc_bytes_reserve(to, len);

	if (r)
		return r;
	at = to->data + to->len;
	at[CRC_BYTES] = (uint8_t)key.len;
	tc_put_be32(at + CRC_BYTES + 1, (uint32_t)value.len);
	if (key.len > 0)
		memcpy(at + ROW_HEAD_BYTES, key.data, key.len);
	if (value.len > 0)
		memcpy(at + ROW_HEAD_BYTES + key.len, value.data, value.len);
	tc_put_be32(at, crc32c(0, tc_slice(at + CRC_BYTES, len - CRC_BYTES)));
	to->len += len;
	return 0;
}

int backup_segment_end(struct tc_bytes *to, uint64_t next)
{
	uint8_t number[8];

	tc_put_be64(number, next);
	return backup_segment_row(to, tc_slice(NULL, 0), tc_slice(number, sizeof(number)));
}

int backup_segment_open(struct tc_slice bytes, struct backup_segment *ret)
{
	if (bytes.len < HEAD_BYTES || memcmp(bytes.data, magic, MAGIC_BYTES) != 0)
		return TC_ECORRUPT;
	*ret = (struct backup_segment){
		.rest = tc_slice(bytes.data + HEAD_BYTES, bytes.len - HEAD_BYTES)};
	memcpy(ret->log_id.bytes, bytes.data + MAGIC_BYTES, sizeof(ret->log_id));
	ret->first = tc_get_be64(bytes.data + MAGIC_BYTES + sizeof(ret->log_id));
	ret->next = ret->first;
	return 0;
}

/* Whether the row is the one that comes next. */
static bool follows(struct backup_segment *segment, const struct journal_raw *row)
{
	if (row->key.len == RECORD_KEY_BYTES) {
		if (row->sequence != segment->next || row->sequence == UINT64_MAX)
			return false;
		segment->next++;
		segment->parts = 0;
		return true;
	}
	return row->key.len == PART_KEY_BYTES && segment->next > segment->first &&
	       row->sequence == segment->next - 1 &&
	       tc_get_be16(row->key.data + RECORD_KEY_BYTES) == segment->parts++;
}

int backup_segment_next(struct backup_segment *segment, struct journal_raw *ret)
{
	struct tc_slice rest = segment->rest;
	size_t key, value;

	if (rest.len < ROW_HEAD_BYTES)
		return TC_ECORRUPT;
	key = rest.data[CRC_BYTES];
	value = tc_get_be32(rest.data + CRC_BYTES + 1);
	if (rest.len - ROW_HEAD_BYTES < key || rest.len - ROW_HEAD_BYTES - key < value)
		return TC_ECORRUPT;
	if (tc_get_be32(rest.data) !=
	    crc32c(0, tc_slice(rest.data + CRC_BYTES, ROW_HEAD_BYTES - CRC_BYTES + key + value)))
		return TC_ECORRUPT;
	ret->key = tc_slice(rest.data + ROW_HEAD_BYTES, key);
	ret->value = tc_slice(rest.data + ROW_HEAD_BYTES + key, value);
	segment->rest = tc_slice(ret->value.data + value, rest.len - ROW_HEAD_BYTES - key - value);
	if (key == 0)
		return segment->rest.len == 0 && value == 8 &&
				       tc_get_be64(ret->value.data) == segment->next
			       ? BACKUP_SEGMENT_END
			       : TC_ECORRUPT;
	if (key < RECORD_KEY_BYTES)
		return TC_ECORRUPT;
	ret->sequence = tc_get_be64(ret->key.data);
	return follows(segment, ret) ? 0 : TC_ECORRUPT;
}
