#include "consent/grant_walk.h"

#include <stdio.h>
#include <string.h>

#include "consent/consent_row.h"
#include "consent/grant_pairs.h"
#include "store/store_cursor.h"

typedef Throughcare__V1__ConsentGrant__Grant consent_grant;

#define IN_ERROR THROUGHCARE__V1__CONSENT_STATUS__CONSENT_STATUS_ENTERED_IN_ERROR

/* ---- opening ---- */

static int unpack(int r, struct walk_consent *consent)
{
	if (r != 0)
		return r;
	consent->document = throughcare__v1__consent_grant__unpack(NULL, consent->view.document.len,
								   consent->view.document.data);
	return consent->document ? 0 : TC_ECORRUPT;
}

/* The newest version. */
static int walk_open(struct store_txn *txn, const struct consent_tables *tables,
		     struct tc_id consent, struct walk_consent *ret)
{
	ret->document = NULL;
	return unpack(consent_find(txn, tables, consent, &ret->view), ret);
}

int walk_open_active(struct store_txn *txn, const struct consent_tables *tables,
		     struct tc_id consent, struct walk_consent *ret)
{
	int r = walk_open(txn, tables, consent, ret);

	while (r == 0 && ret->document->status == IN_ERROR) {
		uint32_t version = ret->view.version;

		walk_close(ret);
		r = unpack(consent_find_below(txn, tables, consent, version, &ret->view), ret);
	}
	return r;
}

int walk_open_version(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, uint32_t version, struct walk_consent *ret)
{
	ret->document = NULL;
	return unpack(consent_find_version(txn, tables, consent, version, &ret->view), ret);
}

void walk_close(struct walk_consent *consent)
{
	if (consent->document)
		throughcare__v1__consent_grant__free_unpacked(consent->document, NULL);
	consent->document = NULL;
}

int walk_grant(struct store_txn *txn, const struct consent_tables *tables,
	       const struct walk_consent *consent, size_t position, struct walk_grant *ret)
{
	struct tc_id id;
	int r;

	if (position >= consent->document->n_grants)
		return TC_ECORRUPT;
	ret->grant = consent->document->grants[position];
	if (!tc_id_parse(tc_slice_text(ret->grant->grant_id), &id))
		return TC_ECORRUPT;
	r = grant_find_version(txn, tables, id, consent->view.version, &ret->row);
	return r > 0 ? TC_ECORRUPT : r;
}

bool walk_grant_over(const struct grant_view *grant, int64_t now_ms)
{
	return grant->ended_ms <= now_ms || grant->effective_ms <= now_ms;
}

int64_t walk_revocable_ms(const struct walk_grant *grant, char ret_event[GRANT_EVENT_BYTES_MAX + 1])
{
	const Throughcare__V1__ConsentGrant__RevocableFrom *from = grant->grant->revocable_from;

	ret_event[0] = '\0';
	if (from && from->event_code)
		snprintf(ret_event, GRANT_EVENT_BYTES_MAX + 1, "%s", from->event_code);
	return grant->row.revocable_from_ms;
}

/* ---- pairs ---- */

static bool two_way(const consent_grant *grant)
{
	return grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;
}

static bool is_class(struct tc_slice party)
{
	return tc_slice_equal(party, tc_slice_text(CONSENT_CLASS_TREATING));
}

/* A row that a revocation is about. False: it was revoked before. */
static bool revoke_row(const struct walk_revocation *revocation, struct pair_row *row,
		       struct walk_revoked *ret)
{
	bool fresh = row->revoked_ms == GRANT_NEVER;

	if (fresh) {
		row->revoked_ms = revocation->now_ms;
		row->effective_ms = revocation->effective_ms;
		ret->changed = true;
	}
	if (row->effective_ms > revocation->now_ms)
		ret->waiting = true;
	return fresh;
}

static int revoke_pair(struct store_txn *txn, const struct consent_tables *tables,
		       const struct store_key *key, const struct walk_revocation *revocation,
		       struct walk_revoked *ret)
{
	struct pair_row row;
	int r = pair_row_find(txn, tables, key, &row);

	if (r != 0 || !revoke_row(revocation, &row, ret))
		return consent_fault(r);
	return pair_row_keep(txn, tables, key, &row, revocation->now_ms);
}

/* One member of the class that the pair is of. */
static int revoke_member(struct store_txn *txn, const struct consent_tables *tables,
			 const struct store_key *class_key, const struct store_key *key,
			 const struct walk_revocation *revocation, struct walk_revoked *ret)
{
	struct pair_row row;
	int r = pair_row_find(txn, tables, class_key, &row);

	if (r != 0)
		return consent_fault(r);
	row.flags |= PAIR_PARTED;
	r = pair_row_keep(txn, tables, class_key, &row, revocation->now_ms);
	if (r == 0)
		r = member_row_find(txn, tables, key, &row);
	if (r == GRANT_UNKNOWN) {
		row = (struct pair_row){
			.expires_ms = GRANT_NEVER,
			.ended_ms = GRANT_NEVER,
			.event_ms = GRANT_NEVER,
			.revoked_ms = GRANT_NEVER,
			.effective_ms = GRANT_NEVER,
		};
		r = 0;
	}
	if (r != 0 || !revoke_row(revocation, &row, ret))
		return r;
	return member_row_put(txn, tables, key, &row);
}

/* The members' rows that a revocation for one recipient makes under a class's pair. */
static int revoke_from_class(struct store_txn *txn, const struct consent_tables *tables,
			     const struct walk_grant *grant, const struct grant_pair *pair,
			     const struct walk_revocation *revocation, struct walk_revoked *ret)
{
	const struct grant_view *row = &grant->row;
	struct store_key class_key, key;
	int r = 0;

	grant_pair_key(&class_key, row->subject, pair, row->grant, row->version);
	if (is_class(pair->recipient)) {
		member_key(&key, row->grant, row->version, pair->discloser, revocation->recipient);
		ret->reached = true;
		r = revoke_member(txn, tables, &class_key, &key, revocation, ret);
	}
	if (r == 0 && is_class(pair->discloser) && two_way(grant->grant)) {
		member_key(&key, row->grant, row->version, revocation->recipient, pair->recipient);
		ret->reached = true;
		r = revoke_member(txn, tables, &class_key, &key, revocation, ret);
	}
	return r;
}

static bool pair_concerned(const struct walk_grant *grant, const struct grant_pair *pair,
			   struct tc_slice recipient)
{
	return recipient.len == 0 || tc_slice_equal(pair->recipient, recipient) ||
	       (two_way(grant->grant) && tc_slice_equal(pair->discloser, recipient));
}

int walk_revoke(struct store_txn *txn, const struct consent_tables *tables,
		const struct walk_grant *grant, const struct walk_revocation *revocation,
		struct walk_revoked *ret)
{
	const struct grant_view *view = &grant->row;
	struct grant_pairs pairs = {0};
	int r = grant_pairs_make(grant->grant, &pairs);

	*ret = (struct walk_revoked){.whole = true, .effective_ms = INT64_MIN};
	for (size_t i = 0; r == 0 && i < pairs.count; i++) {
		const struct grant_pair *pair = &pairs.rows[i];
		struct pair_row row;
		struct store_key key;

		grant_pair_key(&key, view->subject, pair, view->grant, view->version);
		if (pair_concerned(grant, pair, revocation->recipient)) {
			ret->reached = true;
			r = revoke_pair(txn, tables, &key, revocation, ret);
		} else {
			r = revoke_from_class(txn, tables, grant, pair, revocation, ret);
		}
		if (r == 0)
			r = pair_row_find(txn, tables, &key, &row);
		if (r != 0)
			break;
		if (row.revoked_ms == GRANT_NEVER)
			ret->whole = false;
		else if (row.effective_ms > ret->effective_ms)
			ret->effective_ms = row.effective_ms;
	}
	grant_pairs_free(&pairs);
	return consent_fault(r);
}

/* ---- every row of a grant, also those of members of a class ---- */

/* A row as it stands in its table, and whom it is about. */
struct walk_row {
	const struct store_key *key;
	bool member;
	struct tc_slice recipient;
	struct pair_row row;
};

typedef int (*row_visit)(struct store_txn *txn, const struct consent_tables *tables,
			 struct walk_row *at, void *context);

static int walk_row_keep(struct store_txn *txn, const struct consent_tables *tables,
			 const struct walk_row *at, int64_t now_ms)
{
	return at->member ? member_row_put(txn, tables, at->key, &at->row)
			  : pair_row_keep(txn, tables, at->key, &at->row, now_ms);
}

static int visit_members(struct store_txn *txn, const struct consent_tables *tables,
			 const struct grant_view *view, row_visit visit, void *context)
{
	struct store_cursor cursor;
	struct store_key key;
	int r;

	consent_version_key(&key, view->grant, view->version);
	r = store_cursor_init(&cursor, txn, tables->members, store_key_slice(&key), STORE_FORWARD);
	while (r == 0) {
		struct walk_row at = {.key = &key, .member = true};
		struct tc_slice row, value, discloser, recipient;
		uint32_t version;
		struct tc_id grant;

		r = store_cursor_next(&cursor, &row, &value);
		if (r != 0)
			break;
		if (!store_key_take_id(&row, &grant) || !store_key_take_u32(&row, &version) ||
		    !store_key_take_text(&row, &discloser) ||
		    !store_key_take_text(&row, &recipient)) {
			r = TC_ECORRUPT;
			break;
		}
		member_key(&key, grant, version, discloser, recipient);
		at.recipient = recipient;
		r = pair_row_decode(value, &at.row);
		if (r == 0)
			r = visit(txn, tables, &at, context);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}

/* However many other grants the person has: only those of this one are read. */
static int visit_rows(struct store_txn *txn, const struct consent_tables *tables,
		      const struct walk_grant *grant, row_visit visit, void *context)
{
	const struct grant_view *view = &grant->row;
	struct grant_pairs pairs = {0};
	int r = grant_pairs_make(grant->grant, &pairs);

	for (size_t i = 0; r == 0 && i < pairs.count; i++) {
		struct store_key key;
		struct walk_row at = {.key = &key, .recipient = pairs.rows[i].recipient};

		grant_pair_key(&key, view->subject, &pairs.rows[i], view->grant, view->version);
		r = pair_row_find(txn, tables, &key, &at.row);
		if (r == 0)
			r = visit(txn, tables, &at, context);
	}
	grant_pairs_free(&pairs);
	return r != 0 ? consent_fault(r) : visit_members(txn, tables, view, visit, context);
}

/* ---- a time set on all of them ---- */

struct row_change {
	bool (*apply)(struct pair_row *row, int64_t now_ms);
	int64_t now_ms;
	bool any;
};

static bool take_effect(struct pair_row *row, int64_t now_ms)
{
	if (row->revoked_ms == GRANT_NEVER || row->effective_ms <= now_ms)
		return false;
	row->effective_ms = now_ms;
	return true;
}

static bool end_by_event(struct pair_row *row, int64_t now_ms)
{
	if (row->event_ms != GRANT_NEVER)
		return false;
	row->event_ms = now_ms;
	return true;
}

static bool end_by_document(struct pair_row *row, int64_t now_ms)
{
	if (row->ended_ms != GRANT_NEVER)
		return false;
	row->ended_ms = now_ms;
	return true;
}

static int change_row(struct store_txn *txn, const struct consent_tables *tables,
		      struct walk_row *at, void *context)
{
	struct row_change *change = context;

	if (!change->apply(&at->row, change->now_ms))
		return 0;
	change->any = true;
	return walk_row_keep(txn, tables, at, change->now_ms);
}

static bool is_over(struct pair_row *row, int64_t now_ms)
{
	return pair_row_over(row, now_ms);
}

int walk_settle(struct store_txn *txn, const struct consent_tables *tables,
		const struct walk_grant *grant, int64_t now_ms)
{
	struct row_change change = {.apply = is_over, .now_ms = now_ms};

	return visit_rows(txn, tables, grant, change_row, &change);
}

int walk_take_effect(struct store_txn *txn, const struct consent_tables *tables,
		     const struct walk_grant *grant, int64_t now_ms, bool *ret)
{
	struct row_change change = {.apply = take_effect, .now_ms = now_ms};
	int r = visit_rows(txn, tables, grant, change_row, &change);

	*ret = change.any;
	return r;
}

int walk_end(struct store_txn *txn, const struct consent_tables *tables,
	     const struct walk_grant *grant, enum grant_status as, int64_t now_ms)
{
	struct row_change change = {.apply = as == GRANT_ENDED ? end_by_event : end_by_document,
				    .now_ms = now_ms};

	return visit_rows(txn, tables, grant, change_row, &change);
}

/* ---- what is without effect now ---- */

struct row_search {
	struct grant_changes *changes;
	const struct grant_view *grant;
	int64_t now_ms;
};

static int add_recipient(const struct row_search *search, struct tc_slice recipient)
{
	struct grant_changes *changes = search->changes;
	struct grant_change change = {
		.grant = search->grant->grant,
		.subject = search->grant->subject,
		.effective = true,
		.effective_ms = search->now_ms,
	};

	if (recipient.len < sizeof(change.recipient) && recipient.len > 0)
		memcpy(change.recipient, recipient.data, recipient.len);
	for (size_t i = changes->count; i > 0; i--)
		if (tc_id_equal(changes->rows[i - 1].grant, change.grant) &&
		    strcmp(changes->rows[i - 1].recipient, change.recipient) == 0)
			return 0;
	return grant_changes_add(changes, &change);
}

static int see_effective(struct store_txn *txn, const struct consent_tables *tables,
			 struct walk_row *at, void *context)
{
	const struct row_search *search = context;
	const struct pair_row *row = &at->row;

	(void)txn;
	(void)tables;
	if (row->effective_ms > search->now_ms || row->effective_ms == row->revoked_ms)
		return 0;
	return add_recipient(search, at->recipient);
}

int grant_changes_effective(struct store_txn *txn, const struct consent_tables *tables,
			    const struct walk_grant *grant, int64_t now_ms,
			    struct grant_changes *ret)
{
	struct row_search search = {.changes = ret, .grant = &grant->row, .now_ms = now_ms};

	if (grant->row.revoked_ms != GRANT_NEVER)
		return add_recipient(&search, tc_slice(NULL, 0));
	return visit_rows(txn, tables, grant, see_effective, &search);
}
