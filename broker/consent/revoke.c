/*
 * Taking back is always the same walk: from a consent to its grants, from a grant to
 * its pairs, and a flag on each pair that the change is about. Decisions read only the
 * pairs; the grant's row says in what state people see it.
 *
 * A member of a class cannot be taken out of the class's pair. It gets a pair of its
 * own that is revoked, and decisions let that one win over the class.
 */
#include "consent/revoke.h"

#include "consent/consent_row.h"
#include "consent/grant_pairs.h"
#include "store/store_cursor.h"
#include "throughcare/v1/consent.pb-c.h"

typedef Throughcare__V1__ConsentGrant consent_document;
typedef Throughcare__V1__ConsentGrant__Grant consent_grant;

/* What happens to the pairs of a grant. */
struct flip {
	unsigned flag;             /* enum pair_flag */
	int64_t effective_ms;      /* PAIR_REVOKED */
	struct tc_slice recipient; /* empty: all; else only pairs that reach it */
	bool only_flagged;         /* pairs that have the flag already: moves effective_ms */
};

/* A grant with its row and its place in the document. */
struct opened {
	struct tc_id id;
	struct grant_row row;
	const consent_grant *grant;
};

static bool flip_concerns(const struct flip *flip, const consent_grant *grant,
			  const struct grant_pair *pair)
{
	bool both = grant->direction == THROUGHCARE__V1__GRANT_DIRECTION__GRANT_DIRECTION_TWO_WAY;

	return flip->recipient.len == 0 || tc_slice_equal(pair->recipient, flip->recipient) ||
	       (both && tc_slice_equal(pair->discloser, flip->recipient));
}

static int flip_pair(struct store_txn *txn, const struct consent_tables *tables,
		     const struct store_key *from, const struct store_key *to,
		     const struct flip *flip)
{
	struct tc_slice bytes;
	struct pair_row pair;
	int r;

	r = store_get(txn, tables->pairs, store_key_slice(from), &bytes);
	if (r == 0)
		r = pair_row_decode(bytes, &pair);
	if (r != 0)
		return consent_fault(r);
	if (flip->only_flagged && !(pair.flags & flip->flag))
		return 0;
	if (flip->flag == PAIR_REVOKED &&
	    (!(pair.flags & PAIR_REVOKED) || flip->effective_ms < pair.effective_ms))
		pair.effective_ms = flip->effective_ms;
	pair.flags |= flip->flag;
	return pair_row_put(txn, tables, to, &pair);
}

/* *ret_whole: every pair of the grant was concerned. *ret_any: at least one. */
static int flip_pairs(struct store_txn *txn, const struct consent_tables *tables,
		      const struct opened *opened, const struct flip *flip, bool *ret_whole,
		      bool *ret_any)
{
	struct grant_pairs pairs = {0};
	bool whole = true, any = false;
	int r;

	r = grant_pairs_make(opened->grant, &pairs);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	for (size_t i = 0; r == 0 && i < pairs.count; i++) {
		const struct grant_pair *pair = &pairs.rows[i];
		struct store_key from, to;

		grant_pair_key(&from, opened->row.subject, pair, opened->id);
		to = from;
		if (!flip_concerns(flip, opened->grant, pair)) {
			whole = false;
			if (!tc_slice_equal(pair->recipient, tc_slice_text(CONSENT_CLASS_TREATING)))
				continue;
			pair_key(&to, opened->row.subject, pair->discloser, flip->recipient);
			store_key_id(&to, opened->id);
		}
		any = true;
		r = flip_pair(txn, tables, &from, &to, flip);
	}
	grant_pairs_free(&pairs);
	*ret_whole = whole;
	*ret_any = any;
	return r;
}

static int change_add(struct grant_changes *changes, const struct opened *opened, int64_t now_ms,
		      int64_t effective_ms)
{
	const struct grant_change change = {
		.grant = opened->id,
		.subject = opened->row.subject,
		.effective = effective_ms <= now_ms,
		.effective_ms = effective_ms,
	};

	return grant_changes_add(changes, &change);
}

static bool grant_over(const struct opened *opened)
{
	return opened->row.status == GRANT_REVOKED || opened->row.status == GRANT_SUPERSEDED ||
	       opened->row.status == GRANT_ENDED;
}

static int revoke_grant(struct store_txn *txn, const struct consent_tables *tables,
			struct opened *opened, struct tc_slice recipient, int64_t now_ms,
			struct grant_changes *ret)
{
	bool later = opened->row.revocable_from_ms > now_ms;
	struct flip flip = {
		.flag = PAIR_REVOKED,
		.effective_ms = later ? opened->row.revocable_from_ms : now_ms,
		.recipient = recipient,
	};
	bool whole, any;
	int r;

	if (grant_over(opened) || opened->row.status == GRANT_REVOCATION_PENDING)
		return 0;
	r = flip_pairs(txn, tables, opened, &flip, &whole, &any);
	if (r != 0 || !any)
		return r;
	opened->row.status = !whole  ? GRANT_PARTLY_REVOKED
			     : later ? GRANT_REVOCATION_PENDING
				     : GRANT_REVOKED;
	opened->row.revoked_ms = now_ms;
	opened->row.effective_ms = flip.effective_ms;
	r = grant_row_put(txn, tables, opened->id, &opened->row);
	return r != 0 ? r : change_add(ret, opened, now_ms, flip.effective_ms);
}

/* Opens the grant at `position` of the document. */
static int open_grant(struct store_txn *txn, const struct consent_tables *tables,
		      const consent_document *consent, size_t position, struct opened *ret)
{
	int r;

	ret->grant = consent->grants[position];
	if (!tc_id_parse(tc_slice_text(ret->grant->grant_id), &ret->id))
		return TC_ECORRUPT;
	r = grant_row_get(txn, tables, ret->id, &ret->row);
	return r > 0 ? TC_ECORRUPT : r;
}

static int unpack_consent(struct store_txn *txn, const struct consent_tables *tables,
			  struct tc_id id, struct consent_view *view, consent_document **ret)
{
	int r = consent_find(txn, tables, id, view);

	if (r != 0)
		return r;
	*ret = throughcare__v1__consent_grant__unpack(NULL, view->document.len,
						      view->document.data);
	return *ret ? 0 : TC_ECORRUPT;
}

/* A revocation of what does not exist, or is another person's, is answered alike. */
static int revoke_consent(struct store_txn *txn, const struct consent_tables *tables,
			  const Throughcare__V1__ConsentRevoke *revoke,
			  const struct revoke_arrival *arrival, struct grant_changes *ret,
			  struct tc_refusal *refusal)
{
	struct tc_slice grant_text = tc_slice_text(revoke->grant_id);
	consent_document *consent = NULL;
	struct consent_view view;
	struct tc_id id, grant = {{0}};
	bool found = false;
	int r;

	if (!tc_id_parse(tc_slice_text(revoke->consent_id), &id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "consent_id");
	if (grant_text.len > 0 && !tc_id_parse(grant_text, &grant))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "grant_id");
	r = unpack_consent(txn, tables, id, &view, &consent);
	if (r < 0)
		return r;
	if (r > 0 || !tc_id_equal(view.subject, arrival->subject)) {
		r = tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "consent_id");
		goto out;
	}
	for (size_t i = 0; r == 0 && i < consent->n_grants; i++) {
		struct opened opened;

		r = open_grant(txn, tables, consent, i, &opened);
		if (r != 0 || (!tc_id_is_none(grant) && !tc_id_equal(grant, opened.id)))
			continue;
		found = true;
		r = revoke_grant(txn, tables, &opened, tc_slice_text(revoke->recipient),
				 arrival->now_ms, ret);
	}
	if (r == 0 && !found)
		r = tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "grant_id");
out:
	if (consent)
		throughcare__v1__consent_grant__free_unpacked(consent, NULL);
	return r;
}

int consent_revoke(struct store_txn *txn, const struct consent_tables *tables,
		   const struct revoke_arrival *arrival, struct grant_changes *ret,
		   struct tc_refusal *refusal)
{
	Throughcare__V1__ConsentRevoke *revoke;
	int r;

	revoke = throughcare__v1__consent_revoke__unpack(NULL, arrival->document.len,
							 arrival->document.data);
	if (!revoke)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "ConsentRevoke");
	r = revoke_consent(txn, tables, revoke, arrival, ret, refusal);
	throughcare__v1__consent_revoke__free_unpacked(revoke, NULL);
	return r;
}

int consent_supersede(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent_id, int64_t now_ms, struct grant_changes *ret)
{
	const struct flip flip = {.flag = PAIR_ENDED};
	consent_document *consent = NULL;
	struct consent_view view;
	bool whole, any;
	int r;

	r = unpack_consent(txn, tables, consent_id, &view, &consent);
	for (size_t i = 0; r == 0 && i < consent->n_grants; i++) {
		struct opened opened;

		r = open_grant(txn, tables, consent, i, &opened);
		if (r != 0 || grant_over(&opened))
			continue;
		r = flip_pairs(txn, tables, &opened, &flip, &whole, &any);
		opened.row.status = GRANT_SUPERSEDED;
		if (r == 0)
			r = grant_row_put(txn, tables, opened.id, &opened.row);
		if (r == 0)
			r = change_add(ret, &opened, now_ms, now_ms);
	}
	if (r == 0)
		r = consent_mark_superseded(txn, tables, consent_id);
	if (consent)
		throughcare__v1__consent_grant__free_unpacked(consent, NULL);
	return r > 0 ? TC_ECORRUPT : r;
}

int consent_revocation_due(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id grant, int64_t now_ms, struct grant_changes *ret)
{
	struct opened opened = {.id = grant};
	int r = grant_row_get(txn, tables, grant, &opened.row);

	if (r == GRANT_UNKNOWN)
		return 0;
	if (r != 0)
		return r;
	if (opened.row.effective_ms > now_ms || grant_over(&opened))
		return 0;
	if (opened.row.status == GRANT_REVOCATION_PENDING) {
		opened.row.status = GRANT_REVOKED;
		r = grant_row_put(txn, tables, grant, &opened.row);
	}
	return r != 0 ? r : change_add(ret, &opened, now_ms, now_ms);
}

/* What the final disposition does to one grant. */
static int grant_final(struct store_txn *txn, const struct consent_tables *tables,
		       struct opened *opened, int64_t now_ms, struct grant_changes *ret)
{
	struct flip flip = {.flag = PAIR_EXPIRED};
	bool changed = false, whole, any;
	int r = 0;

	if (grant_over(opened))
		return 0;
	if (opened->row.expires_at_event) {
		opened->row.status = GRANT_ENDED;
		r = flip_pairs(txn, tables, opened, &flip, &whole, &any);
		changed = true;
	} else if (opened->row.revocable_at_event) {
		opened->row.revocable_from_ms = 0;
		if (opened->row.revoked_ms != 0) {
			flip = (struct flip){
				.flag = PAIR_REVOKED, .effective_ms = now_ms, .only_flagged = true};
			r = flip_pairs(txn, tables, opened, &flip, &whole, &any);
			opened->row.effective_ms = now_ms;
			if (opened->row.status == GRANT_REVOCATION_PENDING)
				opened->row.status = GRANT_REVOKED;
			changed = true;
		}
	} else {
		return 0;
	}
	if (r == 0)
		r = grant_row_put(txn, tables, opened->id, &opened->row);
	if (r == 0 && changed)
		r = change_add(ret, opened, now_ms, now_ms);
	return r;
}

static int proceeding_grant(struct store_txn *txn, const struct consent_tables *tables,
			    struct tc_id grant, struct tc_id subject, int64_t now_ms,
			    struct grant_changes *ret)
{
	struct opened opened = {.id = grant};
	consent_document *consent = NULL;
	struct consent_view view;
	int r;

	r = grant_row_get(txn, tables, grant, &opened.row);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	if (!tc_id_is_none(subject) && !tc_id_equal(subject, opened.row.subject))
		return 0;
	r = unpack_consent(txn, tables, opened.row.consent, &view, &consent);
	if (r == 0 && opened.row.position < consent->n_grants) {
		opened.grant = consent->grants[opened.row.position];
		r = grant_final(txn, tables, &opened, now_ms, ret);
	}
	if (consent)
		throughcare__v1__consent_grant__free_unpacked(consent, NULL);
	return r > 0 ? TC_ECORRUPT : r;
}

int consent_proceeding_final(struct store_txn *txn, const struct consent_tables *tables,
			     struct tc_slice proceeding, struct tc_id subject, int64_t now_ms,
			     struct grant_changes *ret)
{
	struct store_cursor cursor;
	struct store_key key;
	int r;

	store_key_init(&key);
	store_key_text(&key, proceeding);
	r = store_cursor_init(&cursor, txn, tables->proceedings, store_key_slice(&key),
			      STORE_FORWARD);
	while (r == 0) {
		struct tc_slice row, text;
		struct tc_id grant;

		r = store_cursor_next(&cursor, &row, NULL);
		if (r != 0)
			break;
		if (!store_key_take_text(&row, &text) || !store_key_take_id(&row, &grant))
			r = TC_ECORRUPT;
		else
			r = proceeding_grant(txn, tables, grant, subject, now_ms, ret);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : consent_fault(r);
}
