#include "consent/revoke.h"

#include <string.h>

#include "consent/consent_check.h"
#include "consent/consent_event.h"
#include "consent/consent_row.h"
#include "consent/grant_walk.h"
#include "consent/standing.h"
#include "store/store_cursor.h"
#include "wire/limits.h"

static int change_add(struct grant_changes *changes, const struct grant_view *grant, int64_t now_ms,
		      int64_t effective_ms, const char *event, struct tc_slice recipient)
{
	struct grant_change change = {
		.grant = grant->grant,
		.subject = grant->subject,
		.effective = effective_ms <= now_ms,
		.effective_ms = effective_ms,
	};

	memcpy(change.event, event, strlen(event) + 1);
	if (recipient.len > 0 && recipient.len < sizeof(change.recipient))
		memcpy(change.recipient, recipient.data, recipient.len);
	return grant_changes_add(changes, &change);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- one grant ---- */

/* What a revocation is about. */
struct taking {
	struct tc_slice recipient; /* empty: everybody */
	int64_t now_ms;
	bool told;    /* the revoker may know of what waits under this grant */
	bool reached; /* of any grant so far: it is about the recipient, or over */
};

/* Nothing more can be done to it. What has expired with its event can still be taken back: then
 * that is the reason why it permits nothing. */
static bool closed(const struct grant_view *row, int64_t now_ms)
{
	return row->effective_ms <= now_ms ||
	       (row->ended_ms <= now_ms && row->ended_as != GRANT_ENDED);
}

static int revoke_grant(struct store_txn *txn, const struct consent_tables *tables,
			struct walk_grant *grant, struct taking *taking, struct grant_changes *ret,
			struct grant_changes *ret_pending)
{
	struct grant_view *row = &grant->row;
	char event[GRANT_EVENT_BYTES_MAX + 1];
	int64_t from_ms = walk_revocable_ms(grant, event);
	bool later = from_ms > taking->now_ms, over = walk_grant_over(row, taking->now_ms);
	struct walk_revocation revocation = {
		.recipient = taking->recipient,
		.now_ms = taking->now_ms,
		.effective_ms = later ? from_ms : taking->now_ms,
	};
	struct walk_revoked revoked;
	int r;

	if (closed(row, taking->now_ms)) {
		taking->reached = true;
		return 0;
	}
	r = walk_revoke(txn, tables, grant, &revocation, &revoked);
	if (r != 0)
		return r;
	taking->reached = taking->reached || revoked.reached;
	if (revoked.waiting && taking->told && !over)
		r = change_add(ret_pending, row, taking->now_ms, from_ms, event, taking->recipient);
	if (r != 0 || !revoked.changed)
		return r;
	if (revoked.whole) {
		row->revoked_ms = taking->now_ms;
		row->effective_ms = revoked.effective_ms;
	} else {
		row->partly_revoked_ms = earlier(row->partly_revoked_ms, taking->now_ms);
		row->partly_effective_ms =
			earlier(row->partly_effective_ms, revocation.effective_ms);
	}
	row->waiting = row->waiting || revoked.waiting;
	r = grant_row_put(txn, tables, row);
	return r != 0 || over ? r
			      : change_add(ret, row, taking->now_ms, revocation.effective_ms, event,
					   taking->recipient);
}

/* Over now. What was over before keeps its time and its reason. */
static int end_grant(struct store_txn *txn, const struct consent_tables *tables,
		     struct walk_grant *grant, enum grant_status as, int64_t now_ms,
		     struct grant_changes *ret)
{
	struct grant_view *row = &grant->row;
	bool over = walk_grant_over(row, now_ms);
	int r;

	if (row->ended_ms <= now_ms && row->ended_as != GRANT_ENDED)
		return 0; /* by a document before: all of its rows are */
	r = walk_end(txn, tables, grant, as, now_ms);
	if (r != 0 || over)
		return r;
	row->ended_as = as;
	row->ended_ms = now_ms;
	r = grant_row_put(txn, tables, row);
	return r != 0 ? r : change_add(ret, row, now_ms, now_ms, "", tc_slice(NULL, 0));
}

/* Superseded: over now, or as if it were revoked by everybody who may. */
static int supersede_grant(struct store_txn *txn, const struct consent_tables *tables,
			   struct walk_grant *grant, int64_t now_ms, struct grant_changes *ret)
{
	struct taking taking = {.now_ms = now_ms};
	char event[GRANT_EVENT_BYTES_MAX + 1];

	if (walk_revocable_ms(grant, event) > now_ms)
		return revoke_grant(txn, tables, grant, &taking, ret, NULL);
	return end_grant(txn, tables, grant, GRANT_SUPERSEDED, now_ms, ret);
}

/* ---- a document that takes another's place ---- */

static int mark_ended(struct store_txn *txn, const struct consent_tables *tables,
		      struct walk_consent *consent, enum grant_status as, int64_t now_ms)
{
	struct consent_view view = consent->view;
	struct tc_bytes document = {0};
	int r;

	if (view.ended_ms <= now_ms)
		return 0;
	/* What is borrowed from the row does not outlive its writing. */
	r = tc_bytes_append(&document, view.document.data, view.document.len);
	view.document = tc_bytes_slice(&document);
	view.ended_as = as;
	view.ended_ms = now_ms;
	if (r == 0)
		r = consent_row_put(txn, tables, &view);
	tc_bytes_free(&document);
	return r;
}

static int end_version(struct store_txn *txn, const struct consent_tables *tables, struct tc_id id,
		       uint32_t version, enum grant_status as, int64_t now_ms,
		       struct grant_changes *ret)
{
	struct walk_consent consent;
	int r = walk_open_version(txn, tables, id, version, &consent);

	for (size_t i = 0; r == 0 && i < consent.document->n_grants; i++) {
		struct walk_grant grant;

		if (consent.view.ended_as == GRANT_IN_ERROR)
			break; /* what such a version repeats was never recorded */
		r = walk_grant(txn, tables, &consent, i, &grant);
		if (r == 0)
			r = consent_event_catch_up(txn, tables, &consent, &grant, ret);
		if (r == 0)
			r = as == GRANT_SUPERSEDED
				    ? supersede_grant(txn, tables, &grant, now_ms, ret)
				    : end_grant(txn, tables, &grant, as, now_ms, ret);
	}
	if (r == 0)
		r = mark_ended(txn, tables, &consent, as, now_ms);
	walk_close(&consent);
	return consent_fault(r);
}

int consent_supersede(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, int64_t now_ms, struct grant_changes *ret)
{
	struct consent_view view;
	int r = consent_find(txn, tables, consent, &view);

	return r != 0 ? consent_fault(r)
		      : end_version(txn, tables, consent, view.version, GRANT_SUPERSEDED, now_ms,
				    ret);
}

int consent_enter_in_error(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id consent, int64_t now_ms, struct grant_changes *ret)
{
	struct consent_view view;
	int r = consent_find(txn, tables, consent, &view);

	while (r == 0) {
		uint32_t version = view.version;

		r = end_version(txn, tables, consent, version, GRANT_IN_ERROR, now_ms, ret);
		if (r == 0)
			r = consent_find_below(txn, tables, consent, version, &view);
	}
	return r == GRANT_UNKNOWN ? 0 : r;
}

/* The version that the record said. 0, GRANT_UNKNOWN or a fault. */
static int version_said(struct store_txn *txn, const struct consent_tables *tables,
			struct tc_id consent, uint64_t sequence, struct consent_view *ret)
{
	int r = consent_find(txn, tables, consent, ret);

	while (r == 0 && ret->sequence != sequence)
		r = consent_find_below(txn, tables, consent, ret->version, ret);
	return r;
}

int consent_expunge(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_id subject, uint64_t sequence, int64_t now_ms,
		    struct grant_changes *ret)
{
	struct tc_id consent = {{0}};
	struct consent_view view;
	size_t count = 1;
	int r = GRANT_UNKNOWN;

	while (r == GRANT_UNKNOWN) {
		r = consent_list(txn, tables, NULL, subject, consent, &consent, 1, &count);
		if (r != 0 || count == 0)
			return r;
		r = version_said(txn, tables, consent, sequence, &view);
	}
	return r != 0 ? r
		      : end_version(txn, tables, consent, view.version, GRANT_EXPUNGED, now_ms,
				    ret);
}

/* ---- a revocation that arrives ---- */

struct taking_back {
	const struct revoke_arrival *arrival;
	const Throughcare__V1__ConsentRevoke *revoke;
	struct standing standing;
	struct tc_id grant; /* none: the whole consent */
	bool told_all;
};

/* What it is about, among the grants of a consent that the sender may revoke. */
static int revoke_grants(struct store_txn *txn, const struct consent_tables *tables,
			 const struct taking_back *back, const struct walk_consent *consent,
			 struct grant_changes *ret, struct grant_changes *ret_pending,
			 bool *ret_found, bool *ret_reached)
{
	struct taking taking = {.recipient = tc_slice_text(back->revoke->recipient),
				.now_ms = back->arrival->now_ms};
	int r = 0;

	*ret_found = false;
	for (size_t i = 0; r == 0 && i < consent->document->n_grants; i++) {
		struct walk_grant grant;

		r = walk_grant(txn, tables, consent, i, &grant);
		if (r != 0 ||
		    (!tc_id_is_none(back->grant) && !tc_id_equal(back->grant, grant.row.grant)))
			continue;
		*ret_found = true;
		taking.told = back->told_all || standing_named(&back->standing, grant.grant);
		r = consent_event_catch_up(txn, tables, consent, &grant, ret);
		if (r == 0)
			r = revoke_grant(txn, tables, &grant, &taking, ret, ret_pending);
	}
	*ret_reached = taking.reached;
	return r;
}

/* Whether the sender may see all of it: who recorded it, and a desk. */
static int revoker_sees_all(struct store_txn *txn, const struct consent_tables *tables,
			    const struct walk_consent *consent, struct taking_back *back)
{
	back->told_all =
		policy_agency_kind(back->standing.policy, back->standing.kind)->consent_desk;
	if (back->told_all)
		return 0;
	return standing_recorded(txn, tables, consent->view.consent, back->standing.agency,
				 &back->told_all);
}

/* What does not exist, is another person's, or is not the sender's to revoke is answered alike. */
static int revoke_opened(struct store_txn *txn, const struct consent_tables *tables,
			 struct taking_back *back, const struct walk_consent *consent,
			 struct grant_changes *ret, struct grant_changes *ret_pending,
			 struct tc_refusal *refusal)
{
	bool may, found, reached;
	int r;

	r = standing_revokes(txn, tables, &back->standing, consent, &may);
	if (r == 0 && (!may || !tc_id_equal(consent->view.subject, back->arrival->subject)))
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "consent_id");
	if (r == 0)
		r = revoker_sees_all(txn, tables, consent, back);
	if (r == 0)
		r = revoke_grants(txn, tables, back, consent, ret, ret_pending, &found, &reached);
	if (r == 0 && !found)
		r = tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "grant_id");
	/* Done, for a name that is misspelled, would be believed. Who may not see whom the grants
	 * name must not learn it by trying names. */
	if (r == 0 && !reached && back->told_all)
		r = tc_refuse(refusal, TC_REFUSAL_UNKNOWN_RECIPIENT, "recipient");
	return r;
}

static int revoke_consent(struct store_txn *txn, const struct consent_tables *tables,
			  const struct revoke_arrival *arrival,
			  const Throughcare__V1__ConsentRevoke *revoke, struct grant_changes *ret,
			  struct grant_changes *ret_pending, struct tc_refusal *refusal)
{
	struct taking_back back = {
		.arrival = arrival,
		.revoke = revoke,
		.standing = {arrival->sender, arrival->sender_kind, arrival->policy},
	};
	struct tc_slice grant_text = tc_slice_text(revoke->grant_id);
	struct walk_consent consent;
	struct tc_id id;
	int r;

	if (!tc_id_parse(tc_slice_text(revoke->consent_id), &id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "consent_id");
	if (grant_text.len > 0 && !tc_id_parse(grant_text, &back.grant))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "grant_id");
	/* Nobody revokes in the future; and what was revoked in the past is revoked from now on. */
	if (consent_time_ms(revoke->revoked_at, 0) > arrival->now_ms + TC_CLOCK_SKEW_MS_MAX)
		return tc_refuse(refusal, TC_REFUSAL_TIME_ABSURD, "revoked_at: in the future");
	r = walk_open_active(txn, tables, id, &consent);
	if (r == GRANT_UNKNOWN)
		r = tc_refuse(refusal, TC_REFUSAL_UNKNOWN_CONSENT, "consent_id");
	else if (r == 0)
		r = revoke_opened(txn, tables, &back, &consent, ret, ret_pending, refusal);
	walk_close(&consent);
	return r;
}

int consent_revoke(struct store_txn *txn, const struct consent_tables *tables,
		   const struct revoke_arrival *arrival, struct grant_changes *ret,
		   struct grant_changes *ret_pending, struct tc_refusal *refusal)
{
	Throughcare__V1__ConsentRevoke *revoke;
	int r;

	revoke = throughcare__v1__consent_revoke__unpack(NULL, arrival->document.len,
							 arrival->document.data);
	if (!revoke)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "ConsentRevoke");
	r = revoke_consent(txn, tables, arrival, revoke, ret, ret_pending, refusal);
	throughcare__v1__consent_revoke__free_unpacked(revoke, NULL);
	return r;
}

/* ---- later ---- */

/* A revocation that waited for its time: the time has come, unless an event was earlier. */
static int come_into_effect(struct store_txn *txn, const struct consent_tables *tables,
			    const struct walk_consent *consent, struct walk_grant *grant,
			    int64_t now_ms, struct grant_changes *ret)
{
	struct grant_view *row = &grant->row;
	int r = consent_event_catch_up(txn, tables, consent, grant, ret);

	if (r != 0 || !row->waiting ||
	    earlier(row->effective_ms, row->partly_effective_ms) > now_ms)
		return r;
	row->waiting = false;
	r = grant_row_put(txn, tables, row);
	if (r == 0)
		r = walk_settle(txn, tables, grant, now_ms);
	if (r == 0 && row->ended_ms > now_ms)
		r = grant_changes_effective(txn, tables, grant, now_ms, ret);
	return r;
}

static int version_due(struct store_txn *txn, const struct consent_tables *tables,
		       const struct grant_view *row, int64_t now_ms, struct grant_changes *ret)
{
	struct walk_consent consent;
	struct walk_grant grant;
	int r = walk_open_version(txn, tables, row->consent, row->version, &consent);

	if (r == 0)
		r = walk_grant(txn, tables, &consent, row->position, &grant);
	if (r == 0)
		r = come_into_effect(txn, tables, &consent, &grant, now_ms, ret);
	walk_close(&consent);
	return consent_fault(r);
}

int consent_revocation_due(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id grant, int64_t now_ms, struct grant_changes *ret)
{
	struct grant_view row;
	int r = grant_find(txn, tables, grant, &row);

	while (r == 0) {
		if (row.waiting)
			r = version_due(txn, tables, &row, now_ms, ret);
		if (r == 0)
			r = grant_find_below(txn, tables, grant, row.version, &row);
	}
	return r == GRANT_UNKNOWN ? 0 : r;
}
