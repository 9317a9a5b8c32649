/*
 * ledger_apply: one table from record kind to the function that applies it, and what
 * frames each: the sequence, the record's time, hand-overs before the record is done.
 */
#include <string.h>

#include "consent/revoke.h"
#include "ledger/appointments.h"
#include "ledger/asking.h"
#include "ledger/clock_notice.h"
#include "ledger/court_word.h"
#include "ledger/delivery.h"
#include "ledger/dispatch.h"
#include "ledger/evidence_clock.h"
#include "ledger/fact.h"
#include "ledger/feed.h"
#include "ledger/hold.h"
#include "ledger/job.h"
#include "ledger/lease.h"
#include "ledger/logon.h"
#include "ledger/order.h"
#include "ledger/outcome_check.h"
#include "ledger/person_decision.h"
#include "ledger/reconsider.h"
#include "ledger/reply.h"
#include "ledger/review.h"
#include "ledger/scope.h"
#include "ledger/session.h"
#include "ledger/settlement.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "ledger/supervision.h"
#include "ledger/task.h"
#include "ledger/timer.h"
#include "ledger/transition.h"

#define TICK_LIMIT_DEFAULT 1024

/* Refused by the gateway: kept, and answered in its place. */
static int refusal_apply(struct ledger *ledger)
{
	const Throughcare__V1__RefusalRecord *record = ledger->record->refusal;
	struct tc_refusal refusal = {.code = TC_REFUSAL_INTERNAL};
	struct fact_draft draft;
	struct tc_id id;
	int r;

	if (record->code != NULL)
		refusal.code = tc_refusal_find(tc_slice_text(record->code));
	if (refusal.code == TC_REFUSAL_NONE)
		refusal.code = TC_REFUSAL_INTERNAL;
	if (record->detail != NULL)
		tc_refuse(&refusal, refusal.code, "%s", record->detail);
	fact_init(&draft, "refusal");
	fact_peer(&draft, ledger->record->peer);
	fact_text(&draft.row.code, tc_refusal_name(refusal.code));
	fact_text(&draft.row.message_type, record->type);
	draft.row.has_count = record->has_count;
	draft.row.count = record->count;
	if (record->message_id != NULL && tc_id_parse(tc_slice_text(record->message_id), &id))
		fact_message(&draft, id);
	r = fact_push(ledger, &draft);
	if (r < 0)
		return r;
	if (ledger->route->count == 0)
		return reply_refusal(ledger, &refusal);
	return reply_receipt_refused(ledger, record->message_id, &refusal);
}

/* What the trail says about a question: its kind, and whom or what it is about. */
static void query_describe(const Throughcare__V1__Query *query, struct fact_draft *draft,
			   struct tc_id *ids)
{
	const ProtobufCFieldDescriptor *kind = protobuf_c_message_descriptor_get_field(
		query->base.descriptor, (unsigned)query->body_case);
	const char *subject = asking_text(query, "subject");
	const char *referral = asking_text(query, "referral_id");
	const char *message = asking_text(query, "message_id");

	if (kind != NULL)
		fact_text(&draft->row.code, kind->name);
	if (subject != NULL && tc_id_parse(tc_slice_text(subject), &ids[0]))
		fact_subject(draft, ids[0]);
	if (referral != NULL && tc_id_parse(tc_slice_text(referral), &ids[1]))
		fact_referral(draft, ids[1]);
	if (message != NULL && tc_id_parse(tc_slice_text(message), &ids[2]))
		fact_message(draft, ids[2]);
	if (query->actor != NULL)
		fact_text(&draft->row.actor, query->actor->id);
}

/* Whether the peer may ask this, as things stand. */
static int query_check(struct ledger *ledger, const Throughcare__V1__Query *query,
		       struct tc_refusal *refusal, bool *ret_refused)
{
	const Throughcare__V1__Peer *peer = ledger->record->peer;
	int r = registry_check_peer(ledger->txn, &ledger->registry, peer, refusal);
	enum gate_scope allowed;
	struct scope scope;
	tc_agency asker;
	bool found;

	*ret_refused = r == REGISTRY_REFUSED;
	if (r != 0)
		return r < 0 ? r : 0;
	if (!tc_agency_parse(tc_slice_text(peer->id), &asker))
		return TC_ECORRUPT;
	r = scope_read(ledger->txn, ledger->table[LEDGER_TABLE_SCOPE], peer->kind, &asker,
		       &ledger->arena.allocator, &scope, &found);
	if (r < 0)
		return r;
	*ret_refused =
		asking_check(peer->kind, peer->id, query, &allowed, refusal) == ASKING_REFUSED ||
		scope_check(found ? &scope : NULL, peer->kind, query, ledger->now_ms, refusal) ==
			SCOPE_REFUSED;
	return 0;
}

static int query_apply(struct ledger *ledger)
{
	const ProtobufCBinaryData *packed = &ledger->record->query->query;
	const Throughcare__V1__Peer *peer = ledger->record->peer;
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	Throughcare__V1__Query *query;
	struct fact_draft draft;
	struct tc_id ids[3];
	bool refused;
	int r;

	query = throughcare__v1__query__unpack(&ledger->arena.allocator, packed->len, packed->data);
	if (query == NULL || peer == NULL || peer->id == NULL)
		return TC_ECORRUPT;
	r = query_check(ledger, query, &refusal, &refused);
	if (r < 0)
		return r;
	fact_init(&draft, refused ? "query_refused" : "query");
	fact_peer(&draft, peer);
	query_describe(query, &draft, ids);
	if (refused)
		fact_text(&draft.row.reference, tc_refusal_name(refusal.code));
	r = fact_push(ledger, &draft);
	if (r < 0)
		return r;
	return refused ? reply_refusal(ledger, &refusal)
		       : reply_on_route(ledger, EFFECT_QUERY, &query->base);
}

/* With the record itself in the row, for whoever reads the trail. */
static int record_fact(struct ledger *ledger, struct fact_draft *draft,
		       const ProtobufCMessage *record)
{
	int r = arena_pack(&ledger->arena, record, &draft->row.record);

	draft->row.has_record = 1;
	return r < 0 ? r : fact_push(ledger, draft);
}

/* Nothing changes here: the trail finds out whether it is true (trail/anchor.h). */
static int anchor_apply(struct ledger *ledger)
{
	struct fact_draft draft;

	fact_init(&draft, "anchor");
	return record_fact(ledger, &draft, &ledger->record->anchor->base);
}

/* Whoever asks the trail what happened finds that something is missing, and who answers for it. */
static int restored_apply(struct ledger *ledger)
{
	const Throughcare__V1__RestoredRecord *restored = ledger->record->restored;
	struct fact_draft draft;

	fact_init(&draft, "restored");
	if (restored->gap == THROUGHCARE__V1__RESTORE_GAP__RESTORE_GAP_ACCEPTED)
		fact_text(&draft.row.code, "gap_accepted");
	else
		fact_text(&draft.row.code, restored->lost_count > 0   ? "records_lost"
					   : restored->forgotten_lost ? "forgotten_lost"
								      : "complete");
	fact_text(&draft.row.actor, restored->decided_by);
	return record_fact(ledger, &draft, &restored->base);
}

/* What it names is taken out of log, ledger and trail by the daemon, before the next record: here
 * the order is closed, and nothing is left that would send content which is gone. */
static int forgotten_apply(struct ledger *ledger)
{
	const Throughcare__V1__ForgottenRecord *forgotten = ledger->record->forgotten;
	const struct record_ranges whole = {forgotten->records, forgotten->n_records};
	const struct record_ranges contents = {forgotten->parts, forgotten->n_parts};
	struct fact_draft draft;
	uint64_t records = 0;
	int r = 0;

	for (size_t i = 0; i < forgotten->n_records; i++)
		records += forgotten->records[i]->count;
	if (forgotten->has_order_sequence)
		r = order_executed(ledger, forgotten->order_sequence, records);
	if (r >= 0)
		r = court_word_forget(ledger, &contents);
	if (r >= 0 && forgotten->kind == THROUGHCARE__V1__FORGOTTEN_KIND__FORGOTTEN_KIND_ORDER)
		r = supervision_expunge(ledger, &whole);
	if (r < 0)
		return r;
	fact_init(&draft, "forgotten");
	fact_text(&draft.row.code, forgotten->rule_name);
	fact_text(&draft.row.reference, forgotten->cite);
	return record_fact(ledger, &draft, &forgotten->base);
}

/* ---- ticks ---- */

static int tick_delivery(struct ledger *ledger, enum timer_kind kind, uint64_t id)
{
	struct delivery delivery;
	int r = delivery_find(ledger, id, &delivery);

	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	if (kind == TIMER_EXPIRY)
		return dispatch_end(ledger, &delivery, DELIVERY_EXPIRED, NULL);
	if (kind == TIMER_RETRY)
		return dispatch_requeue(ledger, &delivery);
	if (kind == TIMER_HOLD)
		return hold_expire(ledger, &delivery);
	delivery.due_ms = 0; /* this timer is gone */
	return reconsider_delivery(ledger, &delivery, false);
}

static int tick_grant(struct ledger *ledger, struct tc_id grant)
{
	struct grant_changes changes = {0};
	int r = consent_revocation_due(ledger->txn, &ledger->consent, grant, ledger->now_ms,
				       &changes);

	if (r == 0)
		r = reconsider_grants(ledger, &changes);
	grant_changes_free(&changes);
	return r;
}

static int tick_referral(struct ledger *ledger, struct tc_id referral)
{
	struct referral_change change;
	int r = referral_clock(ledger->txn, &ledger->referral, referral, ledger->sequence,
			       ledger->now_ms, &change);

	if (r == 0)
		r = transition_follow(ledger, &change);
	return r < 0 ? r : clock_notice_follow(ledger, &change);
}

static int tick_fire(struct ledger *ledger, enum timer_kind kind, struct tc_id id)
{
	switch (kind) {
	case TIMER_GRANT:
		return tick_grant(ledger, id);
	case TIMER_RECHECK:
	case TIMER_EXPIRY:
	case TIMER_RETRY:
	case TIMER_HOLD:
		return tick_delivery(ledger, kind, timer_delivery_of(id));
	case TIMER_REFERRAL:
		return tick_referral(ledger, id);
	case TIMER_REVIEW:
		return review_clock(ledger, timer_delivery_of(id));
	case TIMER_APPOINTMENT:
		return appointments_clock(ledger, id);
	case TIMER_LEASE:
		return lease_clock(ledger, id);
	case TIMER_EVIDENCE:
		return evidence_clock(ledger, timer_delivery_of(id));
	case TIMER_OUTCOME:
		return outcome_check_clock(ledger, id);
	case TIMER_PERSON:
		return person_merge_due(ledger, id);
	case TIMER_TASK:
		return task_clock(ledger, timer_delivery_of(id));
	case TIMER_FEEDS:
		return feeds_clock(ledger);
	}
	return TC_ECORRUPT;
}

static int tick_apply(struct ledger *ledger)
{
	const Throughcare__V1__TickRecord *tick = ledger->record->tick;
	uint32_t limit = tick->has_limit && tick->limit > 0 ? tick->limit : TICK_LIMIT_DEFAULT;
	uint32_t fired;
	int r;

	if (ledger->job_budget > limit)
		ledger->job_budget = limit;
	r = settlement_end_leases(ledger, limit, &fired);
	while (r == 0 && fired < limit) {
		enum timer_kind kind;
		struct tc_id id;

		r = timer_take_due(ledger, &kind, &id);
		if (r == TIMER_NONE_DUE) {
			r = 0;
			break;
		}
		if (r == 0)
			r = tick_fire(ledger, kind, id);
		fired++;
	}
	return r < 0 ? r : job_run(ledger);
}

/* ---- */

static const struct {
	Throughcare__V1__Record__BodyCase kind;
	int (*apply)(struct ledger *ledger);
} apply_kinds[] = {
	{THROUGHCARE__V1__RECORD__BODY_SUBMISSION, submission_apply},
	{THROUGHCARE__V1__RECORD__BODY_SETTLEMENT, settlement_apply},
	{THROUGHCARE__V1__RECORD__BODY_COLLECT, collect_apply},
	{THROUGHCARE__V1__RECORD__BODY_REFUSAL, refusal_apply},
	{THROUGHCARE__V1__RECORD__BODY_TICK, tick_apply},
	{THROUGHCARE__V1__RECORD__BODY_QUERY, query_apply},
	{THROUGHCARE__V1__RECORD__BODY_LOGON, logon_apply},
	{THROUGHCARE__V1__RECORD__BODY_LOGOFF, logoff_apply},
	{THROUGHCARE__V1__RECORD__BODY_BARRIER, barrier_apply},
	{THROUGHCARE__V1__RECORD__BODY_ANCHOR, anchor_apply},
	{THROUGHCARE__V1__RECORD__BODY_RESTORED, restored_apply},
	{THROUGHCARE__V1__RECORD__BODY_FORGOTTEN, forgotten_apply},
	{THROUGHCARE__V1__RECORD__BODY_CERTIFICATE_REVOKED, certificate_revoked_apply},
};

#define APPLY_KINDS (sizeof(apply_kinds) / sizeof(apply_kinds[0]))

static int apply_record(struct ledger *ledger)
{
	size_t at = 0;
	int r;

	while (at < APPLY_KINDS && apply_kinds[at].kind != ledger->record->body_case)
		at++;
	if (at == APPLY_KINDS)
		return TC_ECORRUPT; /* of a newer version: to go on would be another state */
	r = apply_kinds[at].apply(ledger);
	TC_CHECK(r <= 0);
	if (r == 0)
		r = dispatch_run(ledger);
	return r < 0 ? r : standing_question_tell(ledger);
}

int ledger_apply(struct ledger *ledger, const struct record *record, struct effects *effects)
{
	Throughcare__V1__Record *body;
	int r;

	if (record->sequence != ledger->next)
		return TC_EINVAL;
	arena_reset(&ledger->arena);
	body = throughcare__v1__record__unpack(&ledger->arena.allocator, record->body.len,
					       record->body.data);
	if (body == NULL)
		return TC_ECORRUPT;
	ledger->record = body;
	ledger->route = record;
	ledger->effects = effects;
	ledger->sequence = record->sequence;
	ledger->now_ms = record->time_ms;
	ledger->own_counter = 0;
	ledger->status_index = 0;
	ledger->awaits = false;
	ledger->job_index = 0;
	ledger->job_budget = ledger->turn_budget = ledger->settings.job_slice;
	r = apply_record(ledger);
	ledger->record = NULL;
	ledger->route = NULL;
	ledger->effects = NULL;
	if (r < 0)
		return r;
	ledger->next++;
	return 0;
}
