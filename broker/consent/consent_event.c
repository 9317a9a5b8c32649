#include "consent/consent_event.h"

#include <string.h>

#include "consent/consent_check.h"
#include "consent/consent_happened.h"
#include "consent/consent_row.h"
#include "store/store_cursor.h"
#include "store/store_row.h"

/* ---- those that are unsettled ---- */

/* The latest grant that was reached; none: the first is still to come. */
struct place {
	struct tc_id subject;
	struct tc_id grant;
	uint32_t version;
};

static void unsettled_key(struct store_key *key, const char *proceeding, uint64_t sequence,
			  uint32_t index)
{
	store_key_init(key);
	store_key_text(key, tc_slice_text(proceeding));
	store_key_u64(key, sequence);
	store_key_u32(key, index);
}

static int unsettled_put(struct store_txn *txn, const struct consent_tables *tables,
			 const struct consent_event *event, const struct place *place)
{
	struct store_row row = {.len = 0};
	struct store_key key;

	unsettled_key(&key, event->proceeding, event->sequence, event->index);
	store_row_text(&row, tc_slice_text(event->code));
	store_row_u8(&row, event->final);
	store_row_id(&row, event->subject);
	store_row_i64(&row, event->at_ms);
	store_row_i64(&row, event->happened_ms);
	store_row_text(&row, tc_slice_text(event->says.agency.name));
	store_row_u8(&row, event->says.treats);
	store_row_id(&row, place->subject);
	store_row_id(&row, place->grant);
	store_row_u32(&row, place->version);
	return consent_fault(
		store_put(txn, tables->unsettled, store_key_slice(&key), store_row_slice(&row)));
}

static int unsettled_read(struct tc_slice key, struct tc_slice value, struct consent_event *ret,
			  struct place *ret_place)
{
	struct store_row_reader row = store_row_read(value);
	struct tc_slice proceeding;

	if (!store_key_take_text(&key, &proceeding) || !store_key_take_u64(&key, &ret->sequence) ||
	    !store_key_take_u32(&key, &ret->index) || proceeding.len >= sizeof(ret->proceeding))
		return TC_ECORRUPT;
	memcpy(ret->proceeding, proceeding.data, proceeding.len);
	ret->proceeding[proceeding.len] = '\0';
	store_row_take_field(&row, ret->code, sizeof(ret->code));
	ret->final = store_row_take_u8(&row) != 0;
	ret->subject = store_row_take_id(&row);
	ret->at_ms = store_row_take_i64(&row);
	ret->happened_ms = store_row_take_i64(&row);
	store_row_take_field(&row, ret->says.agency.name, sizeof(ret->says.agency.name));
	ret->says.treats = store_row_take_u8(&row) != 0;
	ret_place->subject = store_row_take_id(&row);
	ret_place->grant = store_row_take_id(&row);
	ret_place->version = store_row_take_u32(&row);
	return row.failed ? TC_ECORRUPT : 0;
}

int consent_event_unsettled(struct store_txn *txn, const struct consent_tables *tables, bool *ret)
{
	uint64_t count;
	int r = store_count(txn, tables->unsettled, &count);

	*ret = r == 0 && count > 0;
	return consent_fault(r);
}

int consent_event_begin(struct store_txn *txn, const struct consent_tables *tables,
			const struct consent_event *event)
{
	const struct place start = {.version = 0};
	int r = consent_happened_keep(txn, tables, event);

	return r != 0 ? r : unsettled_put(txn, tables, event, &start);
}

/* ---- one grant ---- */

static bool waits_for(const char *code, const struct consent_event *event)
{
	return code && strcmp(code, event->code) == 0;
}

/* One that was recorded before; or, of what had happened before it is told, that was signed then.
 */
static bool precedes(const struct walk_consent *consent, const struct walk_grant *grant,
		     const struct consent_event *event)
{
	return event->happened_ms == 0
		       ? consent->view.sequence < event->sequence
		       : consent_signed_ms(consent->document, grant->row.recorded_ms) <=
				 event->happened_ms;
}

/* Whether the event is about it at all, and its word counts. */
static int concerns(struct store_txn *txn, const struct consent_tables *tables,
		    const struct consent_event *event, const struct walk_consent *consent,
		    const struct walk_grant *grant, bool *ret)
{
	const struct authority_grant waiting = {grant->grant, grant->row.subject,
						grant->row.names_court};

	*ret = precedes(consent, grant, event) &&
	       (tc_id_is_none(event->subject) || tc_id_equal(event->subject, grant->row.subject));
	return *ret ? authority_believed(txn, tables, &event->says, &waiting, ret) : 0;
}

/* Whether the event is what the grant becomes revocable with. */
static bool makes_revocable(const struct walk_grant *grant, const struct consent_event *event)
{
	const Throughcare__V1__ConsentGrant__RevocableFrom *from = grant->grant->revocable_from;

	return from && grant->row.revocable_from_ms > event->at_ms &&
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
		.effective_ms = event->at_ms,
	};
	bool touched = false, changed = false;
	int r = 0;

	if (walk_grant_over(row, event->at_ms))
		return 0;
	if (makes_revocable(grant, event)) {
		r = become_revocable(txn, tables, grant, event->at_ms, &changed);
		touched = true;
	}
	if (r == 0 && waits_for(grant->grant->expiry->event_code, event)) {
		row->ended_as = GRANT_ENDED;
		row->ended_ms = event->at_ms;
		touched = changed = true;
		r = walk_end(txn, tables, grant, GRANT_ENDED, event->at_ms);
	}
	if (!touched)
		return 0;
	if (r == 0)
		r = grant_row_put(txn, tables, row);
	if (r != 0 || !changed)
		return r;
	return row->ended_ms <= event->at_ms
		       ? grant_changes_add(ret, &change)
		       : grant_changes_effective(txn, tables, grant, event->at_ms, ret);
}

static int open_grant(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
		      uint32_t version, struct walk_consent *consent, struct walk_grant *ret)
{
	int r;

	consent->document = NULL;
	r = grant_find_version(txn, tables, id, version, &ret->row);
	if (r == 0)
		r = walk_open_version(txn, tables, ret->row.consent, version, consent);
	if (r == 0)
		r = walk_grant(txn, tables, consent, ret->row.position, ret);
	return consent_fault(r);
}

static int event_reach(struct store_txn *txn, const struct consent_tables *tables,
		       const struct place *at, const struct consent_event *event,
		       struct grant_changes *ret)
{
	struct walk_consent consent;
	struct walk_grant grant;
	bool concerned = false;
	int r = open_grant(txn, tables, at->grant, at->version, &consent, &grant);

	if (r == 0)
		r = concerns(txn, tables, event, &consent, &grant, &concerned);
	if (r == 0 && concerned)
		r = meet_event(txn, tables, &grant, event, ret);
	walk_close(&consent);
	return r;
}

/* ---- all of a proceeding ---- */

static int place_take(struct tc_slice key, struct place *ret)
{
	struct tc_slice proceeding;

	return store_key_take_text(&key, &proceeding) && store_key_take_id(&key, &ret->subject) &&
			       store_key_take_id(&key, &ret->grant) &&
			       store_key_take_u32(&key, &ret->version)
		       ? 0
		       : TC_ECORRUPT;
}

static bool place_same(const struct place *a, const struct place *b)
{
	return tc_id_equal(a->subject, b->subject) && tc_id_equal(a->grant, b->grant) &&
	       a->version == b->version;
}

/* The proceeding's grants, of the subject alone when the event is about one, after `place`. */
static int cursor_open(struct store_txn *txn, const struct consent_tables *tables,
		       const struct consent_event *event, const struct place *place,
		       struct store_cursor *cursor)
{
	struct store_key prefix, from;
	int r;

	store_key_init(&prefix);
	store_key_text(&prefix, tc_slice_text(event->proceeding));
	from = prefix;
	if (!tc_id_is_none(event->subject))
		store_key_id(&prefix, event->subject);
	r = store_cursor_init(cursor, txn, tables->proceedings, store_key_slice(&prefix),
			      STORE_FORWARD);
	if (r != 0 || tc_id_is_none(place->grant))
		return r;
	store_key_id(&from, place->subject);
	pair_key_grant(&from, place->grant, place->version);
	return store_cursor_seek(cursor, store_key_slice(&from));
}

/* 0, or CONSENT_EVENT_MORE, or a fault. */
static int event_walk(struct store_txn *txn, const struct consent_tables *tables,
		      const struct consent_event *event, struct place *place, unsigned most,
		      struct grant_changes *ret, unsigned *ret_visited)
{
	const struct place begun = *place;
	struct store_cursor cursor;
	bool more = false;
	int r = cursor_open(txn, tables, event, place, &cursor);

	while (r == 0) {
		struct place next;
		struct tc_slice key;

		r = store_cursor_next(&cursor, &key, NULL);
		if (r == 0)
			r = place_take(key, &next);
		if (r != 0 || place_same(&next, &begun))
			continue;
		more = *ret_visited == most;
		if (more)
			break;
		++*ret_visited;
		*place = next;
		r = event_reach(txn, tables, place, event, ret);
	}
	store_cursor_done(&cursor);
	if (more)
		return CONSENT_EVENT_MORE;
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

int consent_event_step(struct store_txn *txn, const struct consent_tables *tables,
		       const char *proceeding, uint64_t sequence, uint32_t index, unsigned most,
		       struct grant_changes *ret, unsigned *ret_visited)
{
	struct consent_event event;
	struct tc_slice value;
	struct store_key key;
	struct place place;
	int r;

	*ret_visited = 0;
	unsettled_key(&key, proceeding, sequence, index);
	r = store_get(txn, tables->unsettled, store_key_slice(&key), &value);
	if (r == 0)
		r = unsettled_read(store_key_slice(&key), value, &event, &place);
	if (r != 0)
		return consent_fault(r);
	r = event_walk(txn, tables, &event, &place, most, ret, ret_visited);
	if (r == 0)
		return consent_fault(store_del(txn, tables->unsettled, store_key_slice(&key)));
	if (r != CONSENT_EVENT_MORE)
		return r;
	r = unsettled_put(txn, tables, &event, &place);
	return r != 0 ? r : CONSENT_EVENT_MORE;
}

/* ---- before they are reached ---- */

typedef int (*event_visit)(struct store_txn *txn, const struct consent_tables *tables,
			   const struct consent_event *event, void *context);

/* Those of a proceeding, in the order in which they happened. */
static int visit_unsettled(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_slice proceeding, event_visit visit, void *context)
{
	struct store_cursor cursor;
	struct store_key prefix;
	int r;

	store_key_init(&prefix);
	store_key_text(&prefix, proceeding);
	r = store_cursor_init(&cursor, txn, tables->unsettled, store_key_slice(&prefix),
			      STORE_FORWARD);
	while (r == 0) {
		struct consent_event event;
		struct tc_slice key, value;
		struct place place;

		r = store_cursor_next(&cursor, &key, &value);
		if (r == 0)
			r = unsettled_read(key, value, &event, &place);
		if (r == 0)
			r = visit(txn, tables, &event, context);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

struct catching_up {
	const struct walk_consent *consent;
	struct walk_grant *grant;
	struct grant_changes *changes;
};

static int catch_up(struct store_txn *txn, const struct consent_tables *tables,
		    const struct consent_event *event, void *context)
{
	const struct catching_up *catching = context;
	bool concerned;
	int r = concerns(txn, tables, event, catching->consent, catching->grant, &concerned);

	if (r != 0 || !concerned)
		return r;
	return meet_event(txn, tables, catching->grant, event, catching->changes);
}

int consent_event_catch_up(struct store_txn *txn, const struct consent_tables *tables,
			   const struct walk_consent *consent, struct walk_grant *grant,
			   struct grant_changes *ret)
{
	struct catching_up catching = {.consent = consent, .grant = grant, .changes = ret};
	const char *proceeding = grant->grant->proceeding_id;

	if (!proceeding || !*proceeding)
		return 0;
	return visit_unsettled(txn, tables, tc_slice_text(proceeding), catch_up, &catching);
}

struct foreseeing {
	struct walk_consent consent;
	struct walk_grant grant;
	int64_t by_ms;
	struct consent_event_effect *effect;
};

static int foresee(struct store_txn *txn, const struct consent_tables *tables,
		   const struct consent_event *event, void *context)
{
	const struct foreseeing *seeing = context;
	struct consent_event_effect *effect = seeing->effect;
	bool concerned;
	int r = concerns(txn, tables, event, &seeing->consent, &seeing->grant, &concerned);

	if (r != 0 || !concerned || event->at_ms > seeing->by_ms)
		return r;
	if (effect->revocable_ms > event->at_ms && makes_revocable(&seeing->grant, event))
		effect->revocable_ms = event->at_ms;
	if (effect->expired_ms > event->at_ms &&
	    waits_for(seeing->grant.grant->expiry->event_code, event))
		effect->expired_ms = event->at_ms;
	return 0;
}

int consent_event_foresee(struct store_txn *txn, const struct consent_tables *tables,
			  struct tc_slice proceeding, struct tc_id grant, uint32_t version,
			  int64_t by_ms, struct consent_event_effect *ret)
{
	struct foreseeing seeing = {.by_ms = by_ms, .effect = ret};
	int r = open_grant(txn, tables, grant, version, &seeing.consent, &seeing.grant);

	*ret = (struct consent_event_effect){GRANT_NEVER, GRANT_NEVER};
	if (r == 0)
		r = visit_unsettled(txn, tables, proceeding, foresee, &seeing);
	walk_close(&seeing.consent);
	return r;
}
