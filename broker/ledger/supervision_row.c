#include "ledger/supervision_row.h"

#include "ledger/row.h"
#include "ledger/state.h"

static void row_key(struct store_key *key, uint32_t agency, struct tc_id subject)
{
	store_key_init(key);
	store_key_u32(key, agency);
	store_key_id(key, subject);
}

bool supervision_read(struct tc_slice value, struct supervision *ret)
{
	struct row_reader row = row_read(value);

	row_take_text(&row, ret->officer, sizeof(ret->officer));
	row_take_text(&row, ret->team, sizeof(ret->team));
	row_take_text(&row, ret->level, sizeof(ret->level));
	row_take_text(&row, ret->risk, sizeof(ret->risk));
	ret->custody = row_take_u8(&row) != 0;
	ret->absconded = row_take_u8(&row) != 0;
	ret->ended_ms = (int64_t)row_take_u64(&row);
	ret->hearing_ms = (int64_t)row_take_u64(&row);
	ret->supervisor = row_take_u32(&row);
	for (size_t i = 0; i < SUPERVISION_FACTS; i++)
		ret->said[i] = row_take_u64(&row);
	return row_read_whole(&row);
}

int supervision_find(struct store_txn *txn, struct store_table table, uint32_t agency,
		     struct tc_id subject, struct supervision *ret)
{
	struct store_key key;
	struct tc_slice value;
	int r;

	*ret = (struct supervision){.ended_ms = 0};
	row_key(&key, agency, subject);
	r = store_get(txn, table, store_key_slice(&key), &value);
	if (r != 0)
		return r == STORE_NOT_FOUND ? SUPERVISION_UNKNOWN : ledger_store_fault(r);
	return supervision_read(value, ret) ? 0 : TC_ECORRUPT;
}

int supervision_put(struct ledger *ledger, uint32_t agency, struct tc_id subject,
		    const struct supervision *supervision)
{
	struct row_writer row = {.len = 0};
	struct store_key key;

	row_put_text(&row, supervision->officer);
	row_put_text(&row, supervision->team);
	row_put_text(&row, supervision->level);
	row_put_text(&row, supervision->risk);
	row_put_u8(&row, supervision->custody);
	row_put_u8(&row, supervision->absconded);
	row_put_u64(&row, (uint64_t)supervision->ended_ms);
	row_put_u64(&row, (uint64_t)supervision->hearing_ms);
	row_put_u32(&row, supervision->supervisor);
	for (size_t i = 0; i < SUPERVISION_FACTS; i++)
		row_put_u64(&row, supervision->said[i]);
	row_key(&key, agency, subject);
	return ledger_put(ledger, LEDGER_TABLE_SUPERVISION, store_key_slice(&key), row_slice(&row));
}

static void later_key(struct store_key *key, uint64_t delivery)
{
	store_key_init(key);
	store_key_u64(key, delivery);
}

void supervision_news_put(struct row_writer *row, const struct news *news)
{
	row_put_u32(row, news->from);
	row_put_u32(row, news->to);
	row_put_u32(row, news->effects);
	row_put_id(row, news->subject);
	row_put_id(row, news->message);
	row_put_u64(row, (uint64_t)news->at_ms);
	row_put_u64(row, (uint64_t)news->due_ms);
	row_put_text(row, news->officer);
	row_put_text(row, news->team);
	row_put_text(row, news->level);
	row_put_text(row, news->hearing);
}

void supervision_news_take(struct row_reader *row, struct news *ret)
{
	*ret = (struct news){.from = row_take_u32(row)};
	ret->to = row_take_u32(row);
	ret->effects = row_take_u32(row);
	ret->subject = row_take_id(row);
	ret->message = row_take_id(row);
	ret->at_ms = (int64_t)row_take_u64(row);
	ret->due_ms = (int64_t)row_take_u64(row);
	row_take_text(row, ret->officer, sizeof(ret->officer));
	row_take_text(row, ret->team, sizeof(ret->team));
	row_take_text(row, ret->level, sizeof(ret->level));
	row_take_text(row, ret->hearing, sizeof(ret->hearing));
}

int supervision_later_put(struct ledger *ledger, uint64_t delivery, const struct news *news)
{
	struct row_writer row = {.len = 0};
	struct store_key key;

	supervision_news_put(&row, news);
	later_key(&key, delivery);
	return ledger_put(ledger, LEDGER_TABLE_SUPERVISION_LATER, store_key_slice(&key),
			  row_slice(&row));
}

int supervision_later_take(struct ledger *ledger, uint64_t delivery, struct news *ret)
{
	struct row_reader row;
	struct store_key key;
	struct tc_slice value;
	int r;

	*ret = (struct news){.effects = 0};
	later_key(&key, delivery);
	r = ledger_get(ledger, LEDGER_TABLE_SUPERVISION_LATER, store_key_slice(&key), &value);
	if (r != 0)
		return r;
	row = row_read(value);
	supervision_news_take(&row, ret);
	if (!row_read_whole(&row))
		return TC_ECORRUPT;
	return ledger_del(ledger, LEDGER_TABLE_SUPERVISION_LATER, store_key_slice(&key));
}
