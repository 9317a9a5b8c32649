#include "ledger/job_row.h"

#include "ledger/row.h"
#include "ledger/state.h"

enum { FLAG_ENDED = 1, FLAG_AWAITED = 2 };

void job_key(struct store_key *key, uint64_t sequence, uint32_t index)
{
	store_key_init(key);
	store_key_u64(key, sequence);
	store_key_u32(key, index);
}

int job_put(struct ledger *ledger, const struct job *job)
{
	struct row_writer row;
	struct store_key key;

	row.len = 0;
	job_key(&key, job->sequence, job->index);
	row_put_u8(&row, (uint8_t)job->kind);
	row_put_u8(&row,
		   (uint8_t)((job->ended ? FLAG_ENDED : 0) | (job->awaited ? FLAG_AWAITED : 0)));
	row_put_u64(&row, (uint64_t)job->effective_ms);
	row_put_id(&row, job->about);
	row_put_id(&row, job->subject);
	row_put_u32(&row, job->principal);
	row_put_u64(&row, job->cursor);
	row_put_u64(&row, job->bound);
	row_put_u32(&row, job->number);
	row_put_text(&row, job->name);
	return ledger_put(ledger, LEDGER_TABLE_JOB, store_key_slice(&key), row_slice(&row));
}

int job_read(struct tc_slice key, struct tc_slice value, struct job *ret)
{
	struct row_reader row = row_read(value);
	uint8_t flags;

	if (!store_key_take_u64(&key, &ret->sequence) || !store_key_take_u32(&key, &ret->index))
		return TC_ECORRUPT;
	ret->kind = (enum job_kind)row_take_u8(&row);
	flags = row_take_u8(&row);
	ret->ended = (flags & FLAG_ENDED) != 0;
	ret->awaited = (flags & FLAG_AWAITED) != 0;
	ret->effective_ms = (int64_t)row_take_u64(&row);
	ret->about = row_take_id(&row);
	ret->subject = row_take_id(&row);
	ret->principal = row_take_u32(&row);
	ret->cursor = row_take_u64(&row);
	ret->bound = row_take_u64(&row);
	ret->number = row_take_u32(&row);
	row_take_text(&row, ret->name, sizeof(ret->name));
	return row_read_whole(&row) ? 0 : TC_ECORRUPT;
}
