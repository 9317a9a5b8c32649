#include "consent/consent_event.h"

#include <string.h>

#include "consent/consent_row.h"
#include "consent/grant_walk.h"
#include "store/store_cursor.h"

static void event_key(struct store_key *key, struct tc_slice proceeding, const char *code,
		      struct tc_id subject)
{
	store_key_init(key);
	store_key_text(key, proceeding);
	store_key_text(key, tc_slice_text(code));
	store_key_id(key, subject);
}

static int event_get(struct store_txn *txn, const struct consent_tables *tables,
		     const struct store_key *key, int64_t *ret)
{
	struct tc_slice bytes;
	int r = store_get(txn, tables->events, store_key_slice(key), &bytes);

	*ret = INT64_MIN;
	if (r == STORE_NOT_FOUND)
		return 0;
	if (r != 0)
		return consent_fault(r);
	if (bytes.len != 8)
		return TC_ECORRUPT;
	*ret = (int64_t)tc_get_be64(bytes.data);
	return 0;
}

int consent_event_last_ms(struct store_txn *txn, const struct consent_tables *tables,
			  struct tc_slice proceeding, const char *code, struct tc_id subject,
			  int64_t *ret)
{
	const struct tc_id everybody = {{0}};
	struct store_key key;
	int64_t of_all, own;
	int r;

	event_key(&key, proceeding, code, everybody);
	r = event_get(txn, tables, &key, &of_all);
	event_key(&key, proceeding, code, subject);
	if (r == 0)
		r = event_get(txn, tables, &key, &own);
	if (r == 0)
		*ret = own > of_all ? own : of_all;
	return r;
}

static int event_keep(struct store_txn *txn, const struct consent_tables *tables,
		      const struct consent_event *event)
{
	struct store_key key;
	uint8_t at[8];

	event_key(&key, event->proceeding, event->code, event->subject);
	tc_put_be64(at, (uint64_t)event->now_ms);
	return consent_fault(
		store_put(txn, tables->events, store_key_slice(&key), tc_slice(at, sizeof(at))));
}

static bool waits_for(const char *code, const struct consent_event *event)
{
	return code && strcmp(code, event->code) == 0;
}

/* Whether the event is what the grant becomes revocable with. */
static bool makes_revocable(const struct walk_grant *grant, const struct consent_event *event)
{
	const Throughcare__V1__ConsentGrant__RevocableFrom *from = grant->grant->revocable_from;

	return from && grant->row.revocable_from_ms > event->now_ms &&
	       (event->final || waits_for(from->event_code, event));
}

/* What was revoked and waits takes effect. */
static int become_revocable(struct store_txn *txn, const struct consent_tables *tables,
			    struct walk_grant *grant, int64_t now_ms, bool *ret_changed)
{
	struct grant_view *row = &grant->row;

	row->revocable_from_ms = now_ms;
	row->waiting = false;
	if (row->revoked_ms != GRANT_NEVER)
		row->effective_ms = now_ms;
	if (row->partly_revoked_ms != GRANT_NEVER && row->partly_effective_ms > now_ms)
		row->partly_effective_ms = now_ms;
	return walk_take_effect(txn, tables, grant, now_ms, ret_changed);
}

static int meet_event(struct store_txn *txn, const struct consent_tables *tables,
		      struct walk_grant *grant, const struct consent_event *event,
		      struct grant_changes *ret)
{
	struct grant_view *row = &grant->row;
	struct grant_change change = {
		.grant = row->grant,
		.subject = row->subject,
		.effective = true,
		.effective_ms = event->now_ms,
	};
	bool touched = false, changed = false;
	int r = 0;

	if (walk_grant_over(row, event->now_ms))
		return 0;
	if (makes_revocable(grant, event)) {
		r = become_revocable(txn, tables, grant, event->now_ms, &changed);
		touched = true;
	}
	if (r == 0 && waits_for(grant->grant->expiry->event_code, event)) {
		row->ended_as = GRANT_ENDED;
		row->ended_ms = event->now_ms;
		touched = changed = true;
		r = walk_end(txn, tables, grant, GRANT_ENDED, event->now_ms);
	}
	if (!touched)
		return 0;
	if (r == 0)
		r = grant_row_put(txn, tables, row);
	if (r != 0 || !changed)
		return r;
	return row->ended_ms <= event->now_ms
		       ? grant_changes_add(ret, &change)
		       : grant_changes_effective(txn, tables, grant, event->now_ms, ret);
}

static int event_reach(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
		       uint32_t version, const struct consent_event *event,
		       struct grant_changes *ret)
{
	struct walk_consent consent = {.document = NULL};
	struct walk_grant grant;
	int r = grant_find_version(txn, tables, id, version, &grant.row);

	if (r != 0)
		return consent_fault(r);
	if (!tc_id_is_none(event->subject) && !tc_id_equal(event->subject, grant.row.subject))
		return 0;
	r = walk_open_version(txn, tables, grant.row.consent, version, &consent);
	if (r == 0)
		r = walk_grant(txn, tables, &consent, grant.row.position, &grant);
	if (r == 0)
		r = meet_event(txn, tables, &grant, event, ret);
	walk_close(&consent);
	return consent_fault(r);
}

int consent_event_happen(struct store_txn *txn, const struct consent_tables *tables,
			 const struct consent_event *event, struct grant_changes *ret)
{
	struct store_cursor cursor;
	struct store_key key;
	int r = event_keep(txn, tables, event);

	store_key_init(&key);
	store_key_text(&key, event->proceeding);
	if (r == 0)
		r = store_cursor_init(&cursor, txn, tables->proceedings, store_key_slice(&key),
				      STORE_FORWARD);
	if (r != 0)
		return r;
	while (r == 0) {
		struct tc_slice row, text;
		struct tc_id grant;
		uint32_t version;

		r = store_cursor_next(&cursor, &row, NULL);
		if (r != 0)
			break;
		if (!store_key_take_text(&row, &text) || !store_key_take_id(&row, &grant) ||
		    !store_key_take_u32(&row, &version))
			r = TC_ECORRUPT;
		else
			r = event_reach(txn, tables, grant, version, event, ret);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}
