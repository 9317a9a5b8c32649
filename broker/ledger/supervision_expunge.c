/*
 * What a message told agencies of how a person is supervised, when its record is forgotten: what
 * was so before is not known, so that it is as if nobody had ever said anything of it.
 */
#include "ledger/case.h"
#include "ledger/hearing.h"
#include "ledger/record_ranges.h"
#include "ledger/state.h"
#include "ledger/supervision_row.h"

void supervision_unsay(struct supervision *supervision, enum supervision_fact fact)
{
	supervision->said[fact] = 0;
	switch (fact) {
	case SUPERVISION_OFFICER:
		supervision->officer[0] = '\0';
		break;
	case SUPERVISION_TEAM:
		supervision->team[0] = '\0';
		break;
	case SUPERVISION_LEVEL:
		supervision->level[0] = '\0';
		break;
	case SUPERVISION_RISK:
		supervision->risk[0] = '\0';
		break;
	case SUPERVISION_CUSTODY:
		supervision->custody = false;
		break;
	case SUPERVISION_ABSCONDED:
		supervision->absconded = false;
		break;
	case SUPERVISION_ENDED:
		supervision->ended_ms = 0;
		break;
	case SUPERVISION_FACTS:
		break;
	}
}

/* One agency and person. */
static int expunge_row(struct ledger *ledger, const struct record_ranges *gone, struct tc_slice key,
		       struct tc_slice value)
{
	struct supervision at;
	struct principal *learner;
	int64_t hearing_ms;
	uint32_t agency;
	struct tc_id subject;
	bool changed = false;
	int r;

	if (!store_key_take_u32(&key, &agency) || !store_key_take_id(&key, &subject) ||
	    !supervision_read(value, &at))
		return TC_ECORRUPT;
	for (int fact = 0; fact < SUPERVISION_FACTS; fact++) {
		if (at.said[fact] == 0 || !record_ranges_have(gone, at.said[fact]))
			continue;
		supervision_unsay(&at, (enum supervision_fact)fact);
		changed = true;
	}
	hearing_ms = at.hearing_ms;
	r = at.hearing_ms == 0
		    ? 0
		    : hearing_next(ledger->txn, ledger->table[LEDGER_TABLE_HEARING_DAY], agency,
				   subject, ledger->now_ms, NULL, &at.hearing_ms);
	if (r < 0 || (!changed && hearing_ms == at.hearing_ms))
		return r;
	r = supervision_put(ledger, agency, subject, &at);
	if (r == 0)
		r = principal_get(ledger, agency, &learner);
	return r < 0 ? r : case_person_told(ledger, subject, learner);
}

int supervision_expunge(struct ledger *ledger, const struct record_ranges *gone)
{
	struct store_cursor cursor = {0};
	struct tc_slice key, value;
	int r = hearing_expunge(ledger, gone);

	if (r == 0)
		r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_SUPERVISION],
				      tc_slice(NULL, 0), STORE_FORWARD);
	while (r == 0 && (r = store_cursor_next(&cursor, &key, &value)) == 0)
		r = expunge_row(ledger, gone, key, value);
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}
