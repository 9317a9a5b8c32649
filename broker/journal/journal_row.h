/*
 * journal_row - the bytes of a stored record and of a stored part.
 *
 * One table holds both, so that a commit touches one edge of one tree:
 *
 *   key u64be sequence              record: u32be crc32c || u8 flags || u64be time_ms ||
 *                                   salt(32) || commitment(32) || [batch id(16)] || body
 *   key u64be sequence || u16be i   part i: u32be crc32c || salt(32) || content,
 *                                   or nothing at all once it is forgotten
 *
 * A forgotten record has neither salt (zeros) nor body, and a flag that says so.
 *
 * commitment = SHA-256(salt || body). The checksum of a record covers its key and what
 * stands before the body, that of a part its key and everything after the checksum: so
 * a row under a wrong key is found too. The first record of a batch carries its id.
 *
 * Inside broker/journal only.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef JOURNAL_JOURNAL_ROW_H
#define JOURNAL_JOURNAL_ROW_H

#include "base/id.h"
#include "journal/journal.h"

#define JOURNAL_RECORD_KEY_BYTES 8
#define JOURNAL_PART_KEY_BYTES   10

struct journal_row_record {
	int64_t time_ms;
	uint8_t salt[RECORD_SALT_BYTES];
	uint8_t commitment[32];
	bool first_of_batch;
	bool forgotten;        /* salt all zero, no body */
	struct tc_id batch_id; /* none unless first_of_batch */
	struct tc_slice body;
};

void journal_row_record_key(uint64_t sequence, uint8_t to[JOURNAL_RECORD_KEY_BYTES]);
void journal_row_part_key(uint64_t sequence, size_t index, uint8_t to[JOURNAL_PART_KEY_BYTES]);
/* False when it is neither kind of key. */
bool journal_row_key_sequence(struct tc_slice key, uint64_t *ret_sequence, bool *ret_is_record);

size_t journal_row_record_bytes(const struct journal_row_record *row);
/* `to` has journal_row_record_bytes. */
void journal_row_record_write(uint64_t sequence, const struct journal_row_record *row, uint8_t *to);
/* Checks the checksum only; 0 or TC_ECORRUPT. The body is borrowed from `from`. */
int journal_row_record_read(uint64_t sequence, struct tc_slice from,
			    struct journal_row_record *ret) TC_MUST_CHECK;
/* SHA-256(salt || body). */
int journal_row_commit(const uint8_t salt[RECORD_SALT_BYTES], struct tc_slice body,
		       uint8_t ret[32]) TC_MUST_CHECK;

size_t journal_row_part_bytes(const struct record_part *part);
void journal_row_part_write(uint64_t sequence, size_t index, const struct record_part *part,
			    uint8_t *to);
/* 0, JOURNAL_FORGOTTEN or TC_ECORRUPT. The content is borrowed from `from`. */
int journal_row_part_read(uint64_t sequence, size_t index, struct tc_slice from,
			  struct record_part *ret) TC_MUST_CHECK;

#endif
