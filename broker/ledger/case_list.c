#include "ledger/case_list.h"

#include <string.h>

#include "ledger/row.h"
#include "ledger/state.h"
#include "ledger/supervision.h"

/* Stored: never renumber. */
enum case_list_kind {
	CASE_OF_OFFICER = 1,
	CASE_OF_TEAM = 2,
	CASE_OF_AGENCY = 3,
};

/* ---- the brief ---- */

/* Stored: never renumber. */
enum brief_flag {
	FLAG_KNOWN = 1,
	FLAG_MINE = 2,
	FLAG_TERMINAL = 4,
	FLAG_OVERDUE = 8,
	FLAG_CUSTODY = 16,
	FLAG_ABSCONDED = 32,
	FLAG_HIGH_RISK = 64,
};

#define BRIEF_TIMES 5

void case_brief_of(const struct referral *referral, enum referral_side_of side,
		   const struct supervision *supervision, struct case_brief *ret)
{
	bool source = side == REFERRAL_SOURCE;
	const struct referral_side *at = &referral->side[side];

	*ret = (struct case_brief){
		.subject = referral->subject,
		.known = at->told == referral->version && (source || referral->shown),
		.mine = referral->next_move == (source ? REFERRAL_BY_SOURCE : REFERRAL_BY_TARGET),
		.terminal = lifecycle_state(referral->state)->terminal,
		.overdue = referral->overdue,
		.custody = supervision->custody,
		.absconded = supervision->absconded,
		.high_risk = strstr(supervision->risk, "high") != NULL, /* "very_high", too */
		.risk = source ? referral->risk : referral->known,
		.due_ms = referral->due_ms,
		.offer_expires_ms = referral->offer_expires_ms,
		.hearing_ms = supervision->hearing_ms,
	};
	memcpy(ret->team, at->team, sizeof(ret->team));
}

static void brief_put(struct row_writer *row, const struct case_brief *brief)
{
	const int64_t times[BRIEF_TIMES] = {brief->due_ms, brief->offer_expires_ms,
					    brief->hearing_ms, brief->risk.release_ms,
					    brief->risk.supervision_end_ms};
	unsigned flags =
		(brief->known ? FLAG_KNOWN : 0U) | (brief->mine ? FLAG_MINE : 0U) |
		(brief->terminal ? FLAG_TERMINAL : 0U) | (brief->overdue ? FLAG_OVERDUE : 0U) |
		(brief->custody ? FLAG_CUSTODY : 0U) | (brief->absconded ? FLAG_ABSCONDED : 0U) |
		(brief->high_risk ? FLAG_HIGH_RISK : 0U);
	unsigned given = 0;

	/* Most have one time or none: it is the row that a list has most of. */
	for (unsigned i = 0; i < BRIEF_TIMES; i++)
		given |= times[i] != 0 ? 1U << i : 0U;
	row_put_id(row, brief->subject);
	row_put_u8(row, (uint8_t)flags);
	row_put_u8(row, brief->risk.urgency);
	row_put_u8(row, (uint8_t)given);
	for (unsigned i = 0; i < BRIEF_TIMES; i++) {
		if (given & 1U << i)
			row_put_u64(row, (uint64_t)times[i]);
	}
	row_put_text(row, brief->team);
}

static bool brief_read(struct tc_slice value, struct case_brief *ret)
{
	int64_t *const times[BRIEF_TIMES] = {&ret->due_ms, &ret->offer_expires_ms, &ret->hearing_ms,
					     &ret->risk.release_ms, &ret->risk.supervision_end_ms};
	struct row_reader row = row_read(value);
	unsigned flags, given;

	ret->subject = row_take_id(&row);
	flags = row_take_u8(&row);
	ret->known = (flags & FLAG_KNOWN) != 0;
	ret->mine = (flags & FLAG_MINE) != 0;
	ret->terminal = (flags & FLAG_TERMINAL) != 0;
	ret->overdue = (flags & FLAG_OVERDUE) != 0;
	ret->custody = (flags & FLAG_CUSTODY) != 0;
	ret->absconded = (flags & FLAG_ABSCONDED) != 0;
	ret->high_risk = (flags & FLAG_HIGH_RISK) != 0;
	ret->risk.urgency = row_take_u8(&row);
	given = row_take_u8(&row);
	for (unsigned i = 0; i < BRIEF_TIMES; i++)
		*times[i] = given & 1U << i ? (int64_t)row_take_u64(&row) : 0;
	row_take_text(&row, ret->team, sizeof(ret->team));
	return row_read_whole(&row);
}

/* ---- writing ---- */

static void list_key(struct store_key *key, uint32_t agency, enum case_list_kind kind,
		     const char *name)
{
	store_key_init(key);
	store_key_u32(key, agency);
	store_key_u8(key, (uint8_t)kind);
	store_key_text(key, tc_slice_text(name));
}

/* NULL for `brief`: it does not stand there any more. */
static int list_one(struct ledger *ledger, uint32_t agency, enum case_list_kind kind,
		    const char *name, struct tc_id referral, const struct row_writer *brief)
{
	struct store_key key;
	int r;

	if (kind != CASE_OF_AGENCY && name[0] == '\0')
		return 0;
	list_key(&key, agency, kind, name);
	store_key_id(&key, referral);
	if (brief)
		return ledger_put(ledger, LEDGER_TABLE_CASELOAD, store_key_slice(&key),
				  row_slice(brief));
	r = store_del(ledger->txn, ledger->table[LEDGER_TABLE_CASELOAD], store_key_slice(&key));
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int list_all(struct ledger *ledger, const struct case_list *at, struct tc_id referral,
		    const struct row_writer *brief)
{
	int r = list_one(ledger, at->agency, CASE_OF_OFFICER, at->officer, referral, brief);

	if (r == 0)
		r = list_one(ledger, at->agency, CASE_OF_TEAM, at->team, referral, brief);
	return r < 0 ? r : list_one(ledger, at->agency, CASE_OF_AGENCY, "", referral, brief);
}

int case_list_put(struct ledger *ledger, const struct case_list *at, struct tc_id referral,
		  const struct case_brief *brief)
{
	struct row_writer row;

	row.len = 0;
	brief_put(&row, brief);
	return list_all(ledger, at, referral, &row);
}

int case_list_drop(struct ledger *ledger, const struct case_list *at, struct tc_id referral)
{
	return list_all(ledger, at, referral, NULL);
}

/* ---- reading ---- */

int case_list_walk(struct store_txn *txn, struct store_table caseload, const struct case_list *list,
		   struct store_cursor *ret)
{
	struct store_key key;

	if (list->officer)
		list_key(&key, list->agency, CASE_OF_OFFICER, list->officer);
	else if (list->team)
		list_key(&key, list->agency, CASE_OF_TEAM, list->team);
	else
		list_key(&key, list->agency, CASE_OF_AGENCY, "");
	return store_cursor_init(ret, txn, caseload, store_key_slice(&key), STORE_FORWARD);
}

int case_list_next(struct store_cursor *cursor, struct tc_id *ret_referral, struct case_brief *ret)
{
	struct tc_slice key, value;
	int r = store_cursor_next(cursor, &key, &value);

	if (r != 0)
		return r == STORE_NOT_FOUND ? CASE_LIST_END : r;
	if (key.len < sizeof(ret_referral->bytes) || !brief_read(value, ret))
		return TC_ECORRUPT;
	memcpy(ret_referral->bytes, key.data + key.len - sizeof(ret_referral->bytes),
	       sizeof(ret_referral->bytes));
	return 0;
}
