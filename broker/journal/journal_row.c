#include "journal/journal_row.h"

#include <string.h>

#include "journal/crc32c.h"
#include "wire/digest.h"

#define CRC_BYTES           4
#define FLAG_FIRST_OF_BATCH 1
#define FLAG_FORGOTTEN      2
#define RECORD_FIXED_BYTES  (CRC_BYTES + 1 + 8 + RECORD_SALT_BYTES + 32)
#define PART_FIXED_BYTES    (CRC_BYTES + RECORD_SALT_BYTES)

void journal_row_record_key(uint64_t sequence, uint8_t to[JOURNAL_RECORD_KEY_BYTES])
{
	tc_put_be64(to, sequence);
}

void journal_row_part_key(uint64_t sequence, size_t index, uint8_t to[JOURNAL_PART_KEY_BYTES])
{
	tc_put_be64(to, sequence);
	tc_put_be16(to + 8, (uint16_t)index);
}

bool journal_row_key_sequence(struct tc_slice key, uint64_t *ret_sequence, bool *ret_is_record)
{
	if (key.len != JOURNAL_RECORD_KEY_BYTES && key.len != JOURNAL_PART_KEY_BYTES)
		return false;
	*ret_sequence = tc_get_be64(key.data);
	*ret_is_record = key.len == JOURNAL_RECORD_KEY_BYTES;
	return true;
}

static size_t head_bytes(bool first_of_batch)
{
	return RECORD_FIXED_BYTES + (first_of_batch ? sizeof(struct tc_id) : 0);
}

size_t journal_row_record_bytes(const struct journal_row_record *row)
{
	return head_bytes(row->first_of_batch) + row->body.len;
}

static uint32_t record_checksum(uint64_t sequence, const uint8_t *row, size_t head)
{
	uint8_t key[JOURNAL_RECORD_KEY_BYTES];
	uint32_t crc;

	journal_row_record_key(sequence, key);
	crc = crc32c(0, tc_slice(key, sizeof(key)));
	return crc32c(crc, tc_slice(row + CRC_BYTES, head - CRC_BYTES));
}

void journal_row_record_write(uint64_t sequence, const struct journal_row_record *row, uint8_t *to)
{
	size_t head = head_bytes(row->first_of_batch);
	uint8_t *at = to + CRC_BYTES;

	*at++ = (uint8_t)((row->first_of_batch ? FLAG_FIRST_OF_BATCH : 0) |
			  (row->forgotten ? FLAG_FORGOTTEN : 0));
	tc_put_be64(at, (uint64_t)row->time_ms);
	at += 8;
	memcpy(at, row->salt, RECORD_SALT_BYTES);
	at += RECORD_SALT_BYTES;
	memcpy(at, row->commitment, 32);
	at += 32;
	if (row->first_of_batch) {
		memcpy(at, row->batch_id.bytes, sizeof(row->batch_id));
		at += sizeof(row->batch_id);
	}
	if (row->body.len > 0)
		memcpy(at, row->body.data, row->body.len);
	tc_put_be32(to, record_checksum(sequence, to, head));
}

int journal_row_record_read(uint64_t sequence, struct tc_slice from, struct journal_row_record *ret)
{
	const uint8_t *at = from.data + CRC_BYTES;
	bool first;
	size_t head;

	if (from.len < RECORD_FIXED_BYTES)
		return TC_ECORRUPT;
	first = *at & FLAG_FIRST_OF_BATCH;
	head = head_bytes(first);
	if (from.len < head || tc_get_be32(from.data) != record_checksum(sequence, from.data, head))
		return TC_ECORRUPT;
	*ret = (struct journal_row_record){.first_of_batch = first,
					   .forgotten = *at & FLAG_FORGOTTEN};
	at += 1;
	ret->time_ms = (int64_t)tc_get_be64(at);
	at += 8;
	memcpy(ret->salt, at, RECORD_SALT_BYTES);
	at += RECORD_SALT_BYTES;
	memcpy(ret->commitment, at, 32);
	at += 32;
	if (first)
		memcpy(ret->batch_id.bytes, at, sizeof(ret->batch_id));
	ret->body = tc_slice(from.data + head, from.len - head);
	return 0;
}

int journal_row_commit(const uint8_t salt[RECORD_SALT_BYTES], struct tc_slice body, uint8_t ret[32])
{
	struct tc_slice pieces[] = {tc_slice(salt, RECORD_SALT_BYTES), body};

	return tc_sha256_pieces(pieces, 2, ret);
}

size_t journal_row_part_bytes(const struct record_part *part)
{
	return PART_FIXED_BYTES + part->content.len;
}

static uint32_t part_checksum(uint64_t sequence, size_t index, struct tc_slice row)
{
	uint8_t key[JOURNAL_PART_KEY_BYTES];
	uint32_t crc;

	journal_row_part_key(sequence, index, key);
	crc = crc32c(0, tc_slice(key, sizeof(key)));
	return crc32c(crc, tc_slice(row.data + CRC_BYTES, row.len - CRC_BYTES));
}

void journal_row_part_write(uint64_t sequence, size_t index, const struct record_part *part,
			    uint8_t *to)
{
	memcpy(to + CRC_BYTES, part->salt, RECORD_SALT_BYTES);
	if (part->content.len > 0)
		memcpy(to + PART_FIXED_BYTES, part->content.data, part->content.len);
	tc_put_be32(to, part_checksum(sequence, index, tc_slice(to, journal_row_part_bytes(part))));
}

int journal_row_part_read(uint64_t sequence, size_t index, struct tc_slice from,
			  struct record_part *ret)
{
	if (from.len == 0)
		return JOURNAL_FORGOTTEN;
	if (from.len < PART_FIXED_BYTES ||
	    tc_get_be32(from.data) != part_checksum(sequence, index, from))
		return TC_ECORRUPT;
	memcpy(ret->salt, from.data + CRC_BYTES, RECORD_SALT_BYTES);
	ret->content = tc_slice(from.data + PART_FIXED_BYTES, from.len - PART_FIXED_BYTES);
	return 0;
}
