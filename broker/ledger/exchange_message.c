#include "ledger/exchange_message.h"

#include <string.h>

#include "consent/grant.h"
#include "consent/revoke.h"
#include "ledger/calendars.h"
#include "ledger/capacity_message.h"
#include "ledger/case.h"
#include "ledger/change.h"
#include "ledger/cosignature.h"
#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/logon.h"
#include "ledger/order.h"
#include "ledger/person_decision.h"
#include "ledger/policy_state.h"
#include "ledger/reconsider.h"
#include "ledger/review.h"
#include "ledger/scope.h"
#include "ledger/sealed.h"
#include "ledger/state.h"
#include "ledger/status.h"
#include "ledger/suspension.h"
#include "ledger/task.h"
#include "ledger/user_policy.h"
#include "throughcare/v1/registry.pb-c.h"
#include "wire/part_types.h"

static struct tc_slice exchange_body(const struct submission *submission)
{
	return tc_slice(submission->record->body.data, submission->record->body.len);
}

static enum agency_kind exchange_kind_of(void *context, const tc_agency *agency)
{
	struct ledger *ledger = context;
	enum agency_kind kind;

	if (registry_kind(ledger->txn, &ledger->registry, agency, &kind) < 0)
		return AGENCY_KIND_UNKNOWN; /* the most restrictive; the next write finds the fault
					     */
	return kind;
}

/* A fact about what a message of this kind has done. */
static int exchange_fact(struct ledger *ledger, const struct submission *submission,
			 const char *event, const char *code)
{
	struct fact_draft draft;

	fact_init(&draft, event);
	fact_submission(&draft, ledger, submission);
	fact_subject(&draft, submission->header.subject);
	fact_text(&draft.row.code, code);
	return fact_push(ledger, &draft);
}

/* Whether what changed makes the ledger recall at once. */
static bool exchange_recalls(const struct grant_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->rows[i].effective)
			return true;
	}
	return false;
}

/* An entry of the registry: whose it is, and what it replaced. */
struct exchange_change {
	const char *code;
	const char *agency;
	const char *service;            /* NULL: it is the agency's own entry */
	const ProtobufCMessage *before; /* NULL: there was none */
	const ProtobufCMessage *after;
};

static int exchange_changed(struct ledger *ledger, const struct submission *submission,
			    const struct exchange_change *change)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, "registry");
	fact_submission(&draft, ledger, submission);
	fact_text(&draft.row.code, change->code);
	fact_text(&draft.row.recipient, change->agency);
	fact_text(&draft.row.reference, change->service);
	r = change_list(&ledger->arena, change->before, change->after, &draft.row);
	return r < 0 ? r : fact_push(ledger, &draft);
}

/* Found by each of its grants, as what is released under one is. */
static int exchange_recorded(struct ledger *ledger, const struct submission *submission,
			     struct tc_slice document)
{
	const Throughcare__V1__ConsentGrant *consent = throughcare__v1__consent_grant__unpack(
		&ledger->arena.allocator, document.len, document.data);
	struct fact_draft draft;

	if (consent == NULL)
		return TC_ENOMEM;
	fact_init(&draft, "consent_recorded");
	fact_submission(&draft, ledger, submission);
	fact_subject(&draft, submission->header.subject);
	draft.row.grants = arena_take(&ledger->arena, consent->n_grants * sizeof(char *));
	if (draft.row.grants == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < consent->n_grants; i++)
		draft.row.grants[draft.row.n_grants++] = consent->grants[i]->grant_id;
	return fact_push(ledger, &draft);
}

static int exchange_consent_grant(struct ledger *ledger, struct submission *submission)
{
	struct consent_arrival arrival = {
		.document = exchange_body(submission),
		.subject = submission->header.subject,
		.sender = &submission->sender->name,
		.sender_kind = submission->sender_kind,
		.sequence = ledger->sequence,
		.now_ms = ledger->now_ms,
		.policy = ledger->policy,
		.kind_of = exchange_kind_of,
		.context = ledger,
	};
	struct grant_changes ended = {0};
	int r = consent_record(ledger->txn, &ledger->consent, &arrival, &ended,
			       &submission->refusal);

	if (r == GRANT_REFUSED)
		r = SUBMISSION_REFUSED;
	if (r == 0)
		r = exchange_recorded(ledger, submission, arrival.document);
	if (r == 0)
		r = reconsider_grants(ledger, &ended);
	/* In error, and revoked before: this receipt, too, waits until all is recalled. */
	if (r == 0)
		r = reconsider_subject(ledger, arrival.subject,
				       ended.in_error && !exchange_recalls(&ended));
	grant_changes_free(&ended);
	return r;
}

/* What waits: the receipt says that it does, a notice for each grant until when. */
static int exchange_pending(struct ledger *ledger, struct submission *submission,
			    const struct grant_changes *pending)
{
	int r = 0;

	if (pending->count > 0)
		submission->receipt.lines[0].code = TC_REFUSAL_REVOCATION_PENDING;
	for (size_t i = 0; r == 0 && i < pending->count; i++)
		r = evidence_consent_notice(ledger, submission->sender->number,
					    pending->rows[i].grant, pending->rows[i].subject, false,
					    pending->rows[i].effective_ms);
	return r;
}

static int exchange_consent_revoke(struct ledger *ledger, struct submission *submission)
{
	struct revoke_arrival arrival = {
		.document = exchange_body(submission),
		.subject = submission->header.subject,
		.sender = &submission->sender->name,
		.sender_kind = submission->sender_kind,
		.policy = ledger->policy,
		.now_ms = ledger->now_ms,
	};
	struct grant_changes changes = {0}, pending = {0};
	int r = consent_revoke(ledger->txn, &ledger->consent, &arrival, &changes, &pending,
			       &submission->refusal);

	if (r == REVOKE_REFUSED)
		r = SUBMISSION_REFUSED;
	if (r == 0)
		r = exchange_fact(ledger, submission, "consent_revoked",
				  pending.count > 0 ? "revocation_pending" : NULL);
	if (r == 0)
		r = exchange_pending(ledger, submission, &pending);
	if (r == 0)
		r = reconsider_grants(ledger, &changes);
	/* Revoked before: this receipt, too, waits until all is recalled. */
	if (r == 0 && !exchange_recalls(&changes))
		r = reconsider_subject(ledger, arrival.subject, true);
	grant_changes_free(&changes);
	grant_changes_free(&pending);
	return r;
}

static struct registry_entry exchange_entry(const struct ledger *ledger,
					    const struct submission *submission)
{
	return (struct registry_entry){
		.document = exchange_body(submission),
		.sender_kind = submission->sender->kind,
		.sender = &submission->sender->name,
		.sequence = ledger->sequence,
		.now_ms = ledger->now_ms,
	};
}

/* In the ledger's arena. NULL when memory is short, or it is none. */
static ProtobufCMessage *exchange_unpack(struct ledger *ledger,
					 const ProtobufCMessageDescriptor *type,
					 struct tc_slice packed)
{
	return protobuf_c_message_unpack(type, &ledger->arena.allocator, packed.len, packed.data);
}

/* All zero and NULL when it is not there. */
static int exchange_agency_found(struct ledger *ledger, const tc_agency *agency,
				 struct registry_agency *ret, ProtobufCMessage **ret_entry)
{
	int r = registry_find_agency(ledger->txn, &ledger->registry, agency, ret);

	*ret_entry = NULL;
	if (r != 0)
		return r == REGISTRY_UNKNOWN ? 0 : r;
	*ret_entry =
		exchange_unpack(ledger, &throughcare__v1__agency_entry__descriptor, ret->entry);
	ret->entry = tc_slice(NULL, 0);
	return *ret_entry != NULL ? 0 : TC_ECORRUPT;
}

static int exchange_agency(struct ledger *ledger, struct submission *submission)
{
	struct registry_entry entry = exchange_entry(ledger, submission);
	const Throughcare__V1__AgencyEntry *document =
		(const Throughcare__V1__AgencyEntry *)exchange_unpack(
			ledger, &throughcare__v1__agency_entry__descriptor, entry.document);
	struct registry_agency before = {0}, after = {0};
	ProtobufCMessage *was = NULL, *is = NULL;
	tc_agency agency;
	int r = 0;

	if (document == NULL)
		return TC_ECORRUPT;
	if (!tc_agency_parse(tc_slice_text(document->agency), &agency))
		agency = (tc_agency){0}; /* which is refused below */
	r = exchange_agency_found(ledger, &agency, &before, &was);
	if (r == 0)
		r = registry_apply_agency(ledger->txn, &ledger->registry, &entry,
					  &submission->refusal);
	principals_registry_changed(&ledger->principals);
	if (r != 0)
		return r == REGISTRY_REFUSED ? SUBMISSION_REFUSED : r;
	r = exchange_agency_found(ledger, &agency, &after, &is);
	if (r == 0 && is == NULL)
		r = TC_ECORRUPT;
	if (r == 0)
		r = exchange_changed(ledger, submission,
				     &(struct exchange_change){.code = "agency",
							       .agency = agency.name,
							       .before = was,
							       .after = is});
	if (r == 0)
		r = sealed_entry(ledger, submission->record);
	/* A suspended agency's connections are over; what is queued for it stays, and what it has
	 * sent waits until it is active again. */
	if (r == 0)
		r = logon_check_again(ledger);
	if (r == 0 && was != NULL && strcmp(before.jurisdiction, after.jurisdiction) != 0)
		r = calendars_recount(ledger);
	if (r == 0 && after.status == REGISTRY_ACTIVE && before.status != REGISTRY_ACTIVE)
		r = user_policy_tell(ledger, &agency);
	if (r < 0 || (before.kind == after.kind && before.status == after.status))
		return r;
	return reconsider_agency(ledger, &agency);
}

static int exchange_service(struct ledger *ledger, struct submission *submission)
{
	struct registry_entry entry = exchange_entry(ledger, submission);
	const Throughcare__V1__ServiceEntry *document =
		(const Throughcare__V1__ServiceEntry *)exchange_unpack(
			ledger, &throughcare__v1__service_entry__descriptor, entry.document);
	struct registry_service before;
	ProtobufCMessage *was = NULL;
	int r;

	if (document == NULL)
		return TC_ECORRUPT;
	r = registry_find_service(ledger->txn, &ledger->registry,
				  tc_slice_text(document->service_id), &before);
	if (r < 0)
		return r;
	if (r == 0) {
		was = exchange_unpack(ledger, &throughcare__v1__service_entry__descriptor,
				      before.entry);
		if (was == NULL)
			return TC_ECORRUPT;
	}
	r = registry_apply_service(ledger->txn, &ledger->registry, &entry, &submission->refusal);
	if (r != 0)
		return r == REGISTRY_REFUSED ? SUBMISSION_REFUSED : r;
	return exchange_changed(ledger, submission,
				&(struct exchange_change){.code = "service",
							  .agency = document->agency,
							  .service = document->service_id,
							  .before = was,
							  .after = &document->base});
}

static const struct {
	const char *type;
	int (*apply)(struct ledger *ledger, struct submission *submission);
} exchange_messages[] = {
	{"AgencyEntry", exchange_agency},
	{"ConsentGrant", exchange_consent_grant},
	{"ConsentRevoke", exchange_consent_revoke},
	{"UserPolicy", user_policy_submit},
	{"PolicyAck", user_policy_submit_ack},
	{"ReleasePolicy", policy_state_submit},
	{"AuditorScope", scope_submit},
	{"DisclosureSuspension", suspension_submit},
	{"StandingQuestion", standing_question_submit},
	{"TrailOrder", order_submit},
	{"TrailOrderApproval", order_approval_submit},
	{"ServiceEntry", exchange_service},
	{"CheckpointCosignature", cosignature_submit},
	{"EmergencyReview", review_submit},
	{"CalendarEntry", calendars_submit},
	{"TaskReply", task_submit},
	{"CapacityUpdate", capacity_submit_update},
	{"CapacityHold", capacity_submit_hold},
	{"CapacityRelease", capacity_submit_release},
	{"CapacityConfirm", capacity_submit_confirm},
	{"PersonLink", person_link_submit},
	{"PersonMerge", person_merge_submit},
	{"PersonUnmerge", person_unmerge_submit},
	{"StatusSubscription", status_submit},
	{"CaseAssignment", case_submit},
};

#define EXCHANGE_MESSAGES (sizeof(exchange_messages) / sizeof(exchange_messages[0]))

static size_t exchange_message_find(struct tc_slice type)
{
	size_t at = 0;

	while (at < EXCHANGE_MESSAGES &&
	       !tc_slice_equal(type, tc_slice_text(exchange_messages[at].type)))
		at++;
	return at;
}

bool exchange_message_supported(struct tc_slice type)
{
	return exchange_message_find(type) < EXCHANGE_MESSAGES;
}

bool exchange_message_is(struct tc_slice type)
{
	const struct tc_part_type *part = tc_part_type_find(type);

	return part != NULL && part->envelope != NULL &&
	       part->envelope->destination == THROUGHCARE__V1__DESTINATION__DESTINATION_EXCHANGE;
}

int exchange_message_apply(struct ledger *ledger, struct submission *submission)
{
	size_t at = exchange_message_find(submission->header.type);

	return at < EXCHANGE_MESSAGES ? exchange_messages[at].apply(ledger, submission) : TC_EINVAL;
}
