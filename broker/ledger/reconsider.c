#include "ledger/reconsider.h"

#include "ledger/dispatch.h"
#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/state.h"
#include "ledger/timer.h"

/* A held one that stays held: only its reason and the time to look again may have changed. */
static int reconsider_held(struct ledger *ledger, struct delivery *delivery,
			   const struct decision *decision)
{
	struct tc_id timer = timer_delivery(delivery->id);
	int r = 0;

	if (delivery->due_ms == decision->recheck_ms && delivery->code == decision->code)
		return 0;
	if (delivery->due_ms != decision->recheck_ms) {
		if (delivery->due_ms != 0)
			r = timer_drop(ledger, delivery->due_ms, TIMER_RECHECK, timer);
		delivery->due_ms = decision->recheck_ms;
		if (r == 0 && delivery->due_ms != 0)
			r = timer_set(ledger, delivery->due_ms, TIMER_RECHECK, timer);
	}
	dispatch_rely(delivery, decision);
	return r < 0 ? r : delivery_put(ledger, delivery);
}

int reconsider_delivery(struct ledger *ledger, struct delivery *delivery, bool ended)
{
	bool held = delivery->state == DELIVERY_HELD;
	struct decision decision;
	int r;

	if (delivery->own || delivery->state == DELIVERY_IN_FLIGHT)
		return 0;
	r = dispatch_decide(ledger, delivery, &decision);
	if (r < 0)
		return r;
	switch (decision.kind) {
	case DECISION_PERMIT:
	case DECISION_PERMIT_PARTS:
		if (held)
			return dispatch_enqueue(ledger, delivery, &decision);
		dispatch_rely(delivery, &decision);
		return delivery_put(ledger, delivery);
	case DECISION_HOLD:
		if (held)
			return reconsider_held(ledger, delivery, &decision);
		if (!ended)
			return dispatch_hold(ledger, delivery, &decision);
		break;
	case DECISION_DENY:
		break;
	}
	return dispatch_end(ledger, delivery, DELIVERY_RECALLED, tc_refusal_name(decision.code));
}

int reconsider_subject(struct ledger *ledger, struct tc_id subject, bool ended)
{
	struct store_cursor cursor;
	struct tc_slice key;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_WAITING],
				  tc_slice(subject.bytes, sizeof(subject.bytes)), STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		struct delivery delivery;

		r = key.len == 24 ? delivery_find(ledger, tc_get_be64(key.data + 16), &delivery)
				  : TC_ECORRUPT;
		if (r == 0)
			r = reconsider_delivery(ledger, &delivery, ended);
		else if (r == DELIVERY_UNKNOWN)
			r = TC_ECORRUPT;
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

/* ---- grants ---- */

/* A notice to each agency in GRANT_USE of this grant. */
static int reconsider_notify(struct ledger *ledger, const struct grant_change *change,
			     uint32_t only)
{
	struct store_cursor cursor;
	struct tc_slice key;
	int r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_GRANT_USE],
				  tc_slice(change->grant.bytes, sizeof(change->grant.bytes)),
				  STORE_FORWARD);

	while (r == 0 && (r = store_cursor_next(&cursor, &key, NULL)) == 0) {
		uint32_t recipient = key.len == 20 ? tc_get_be32(key.data + 16) : 0;

		if (recipient == 0)
			r = TC_ECORRUPT;
		else if (only == 0 || only == recipient)
			r = evidence_consent_notice(ledger, recipient, change->grant,
						    change->subject, change->effective,
						    change->effective ? ledger->now_ms
								      : change->effective_ms);
	}
	store_cursor_done(&cursor);
	return r == STORE_NOT_FOUND ? 0 : r;
}

static int reconsider_grant(struct ledger *ledger, const struct grant_change *change, uint32_t only)
{
	struct fact_draft draft;
	char grant[TC_ID_TEXT_BYTES];
	int r;

	tc_id_format(change->grant, grant);
	fact_init(&draft, change->effective ? "grant_ended" : "grant_pending");
	fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_subject(&draft, change->subject);
	fact_text(&draft.row.basis, grant);
	r = fact_push(ledger, &draft);
	if (r == 0 && !change->effective && change->effective_ms != INT64_MAX)
		r = timer_set(ledger, change->effective_ms, TIMER_GRANT, change->grant);
	if (r == 0)
		r = reconsider_notify(ledger, change, only);
	return r;
}

int reconsider_grants(struct ledger *ledger, const struct grant_changes *changes,
		      const tc_agency *only)
{
	uint32_t number = 0;

	if (only != NULL) {
		const struct principal *principal =
			principal_find(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				       tc_slice_text(only->name));

		number = principal == NULL ? UINT32_MAX : principal->number;
	}
	for (size_t i = 0; i < changes->count; i++) {
		int r = reconsider_grant(ledger, &changes->rows[i], number);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < changes->count; i++) {
		const struct grant_change *change = &changes->rows[i];
		int r;

		if (!change->effective ||
		    (i > 0 && tc_id_equal(change->subject, changes->rows[i - 1].subject)))
			continue;
		r = reconsider_subject(ledger, change->subject, true);
		if (r < 0)
			return r;
	}
	return 0;
}
