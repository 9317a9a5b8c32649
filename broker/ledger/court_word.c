#include "ledger/court_word.h"

#include "ledger/idempotency.h"
#include "ledger/order.h"
#include "ledger/row.h"
#include "ledger/state.h"
#include "store/store_cursor.h"

static void kind_key(struct store_key *key, struct tc_id subject, enum court_word_kind kind)
{
	store_key_init(key);
	store_key_id(key, subject);
	store_key_u8(key, (uint8_t)kind);
}

static void word_key(struct store_key *key, struct tc_id subject, enum court_word_kind kind,
		     uint32_t court, const char *id)
{
	kind_key(key, subject, kind);
	store_key_u32(key, court);
	store_key_text(key, tc_slice_text(id));
}

int court_word_keep(struct ledger *ledger, struct tc_id subject, struct court_word *word,
		    const struct delivery *template)
{
	struct row_writer row = {.len = 0};
	struct store_key key;

	if (template == NULL)
		return court_word_drop(ledger, subject, word->kind, word->court, word->id);
	word->template = *template;
	row_put_u64(&row, word->template.sequence);
	supervision_news_put(&row, &word->news);
	delivery_row_put(&word->template, &row);
	word_key(&key, subject, word->kind, word->court, word->id);
	return ledger_put(ledger, LEDGER_TABLE_COURT_WORD, store_key_slice(&key), row_slice(&row));
}

int court_word_drop(struct ledger *ledger, struct tc_id subject, enum court_word_kind kind,
		    uint32_t court, const char *id)
{
	struct store_key key;
	int r;

	word_key(&key, subject, kind, court, id);
	r = store_del(ledger->txn, ledger->table[LEDGER_TABLE_COURT_WORD], store_key_slice(&key));
	return r == STORE_NOT_FOUND ? 0 : ledger_store_fault(r);
}

static bool word_read(struct tc_slice key, struct tc_slice value, struct court_word *ret)
{
	const uint8_t none[8] = {0};
	struct row_reader row = row_read(value);
	uint64_t sequence = row_take_u64(&row);
	struct tc_slice id;

	*ret = (struct court_word){.kind = ret->kind};
	supervision_news_take(&row, &ret->news);
	ret->news.sequence = sequence;
	if (row.short_of || !store_key_take_u32(&key, &ret->court) ||
	    !store_key_take_text(&key, &id) || id.len >= sizeof(ret->id))
		return false;
	tc_slice_copy(id, ret->id, sizeof(ret->id));
	return delivery_read(tc_slice(none, sizeof(none)),
			     tc_slice(row.at, (size_t)(row.end - row.at)), &ret->template);
}

int court_word_next(struct ledger *ledger, struct tc_id subject, struct court_word *word)
{
	struct store_key prefix, from;
	struct tc_slice key, value;
	int r;

	kind_key(&prefix, subject, word->kind);
	word_key(&from, subject, word->kind, word->court, word->id);
	r = store_after(ledger->txn, ledger->table[LEDGER_TABLE_COURT_WORD],
			store_key_slice(&prefix), store_key_slice(&from), &key, &value);
	if (r == 0 &&
	    !word_read(tc_slice(key.data + prefix.len, key.len - prefix.len), value, word))
		r = TC_ECORRUPT;
	return r == STORE_NOT_FOUND ? COURT_WORD_END : r;
}

/* The template has no referral of its own. */
static int referral_of(struct ledger *ledger, const struct court_word *word, struct tc_id *ret)
{
	struct receipt receipt;
	int r = idempotency_find(ledger, word->court, word->template.message, &receipt);

	*ret = r == 0 ? receipt.referral : (struct tc_id){{0}};
	return r == IDEMPOTENCY_NEW ? 0 : r;
}

int court_word_goes(struct ledger *ledger, const struct court_word *word, uint32_t agency,
		    bool *ret)
{
	const struct order_tables orders = order_tables_of(ledger);
	struct principal *principal;
	struct tc_id referral;
	bool hidden;
	int r = referral_of(ledger, word, &referral);

	*ret = false;
	if (r == 0)
		r = principal_get(ledger, agency, &principal);
	if (r < 0 || word->court == agency)
		return r;
	r = order_sealed(ledger->txn, &orders, word->template.subject, referral,
			 word->template.message, &principal->name, &hidden);
	*ret = r == 0 && !hidden;
	return r;
}

int court_word_forget(struct ledger *ledger, const struct record_ranges *gone)
{
	struct store_cursor cursor;
	struct tc_slice key, value;
	int r;

	if (gone->count == 0)
		return 0;
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_COURT_WORD],
			      tc_slice(NULL, 0), STORE_FORWARD);
	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0) {
		struct row_reader row = row_read(value);

		if (record_ranges_have(gone, row_take_u64(&row)))
			r = ledger_del(ledger, LEDGER_TABLE_COURT_WORD, key);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}
