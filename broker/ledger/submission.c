#include "ledger/submission.h"

#include <string.h>

#include "ledger/dispatch.h"
#include "ledger/exchange_message.h"
#include "ledger/fact.h"
#include "ledger/follow.h"
#include "ledger/job.h"
#include "ledger/mailbox.h"
#include "ledger/officer_notice.h"
#include "ledger/order.h"
#include "ledger/origin.h"
#include "ledger/party.h"
#include "ledger/proceeding.h"
#include "ledger/reconsider.h"
#include "ledger/reply.h"
#include "ledger/review.h"
#include "ledger/sealed.h"
#include "ledger/sources.h"
#include "ledger/state.h"
#include "ledger/transition.h"
#include "ledger/waiter.h"
#include "wire/actor.h"

#define DISPOSITION(kind) THROUGHCARE__V1__DISPOSITION_KIND__DISPOSITION_KIND_##kind

static int submission_refuse(struct submission *submission, enum tc_refusal_code code,
			     const char *detail)
{
	tc_refuse(&submission->refusal, code, "%s", detail);
	return SUBMISSION_REFUSED;
}

/* The sender, as the certificate says and the registry allows at this position (P6). */
static int submission_sender(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__Peer *peer = ledger->record->peer;
	tc_agency name;
	int r;

	if (peer == NULL || peer->id == NULL || !tc_agency_parse(tc_slice_text(peer->id), &name))
		return TC_ECORRUPT;
	r = registry_check_peer(ledger->txn, &ledger->registry, peer, &submission->refusal);
	if (r != 0)
		return r == REGISTRY_REFUSED ? SUBMISSION_REFUSED : r;
	if (!tc_agency_equal(&name, &submission->header.sender))
		return submission_refuse(submission, TC_REFUSAL_SENDER_MISMATCH, "header.sender");
	r = principal_take(ledger, peer->kind, &name, &submission->sender);
	if (r < 0 || peer->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return r;
	return principal_agency_kind(ledger, submission->sender, &submission->sender_kind);
}

/* What is the same for every recipient. */
static void submission_template(const struct ledger *ledger, const struct submission *submission,
				struct delivery *ret)
{
	static const uint8_t priorities[] = {1, 0, 2}; /* NORMAL, URGENT, LOW */
	const struct tc_header *header = &submission->header;
	const Throughcare__V1__SubmissionRecord *record = submission->record;

	memset(ret, 0, sizeof(*ret));
	ret->sequence = ledger->sequence;
	ret->accepted_ms = ledger->now_ms;
	ret->expires_ms = ledger->now_ms + TC_EXPIRES_MS_DEFAULT;
	if (header->has_expires_at)
		ret->expires_ms = header->expires_ms;
	ret->priority = priorities[(unsigned)header->priority < 3 ? header->priority : 0];
	ret->evidence = (uint8_t)header->evidence;
	ret->sender = submission->sender->number;
	ret->message = header->message_id;
	ret->subject = header->subject;
	ret->referral = header->referral_id;
	ret->grant = header->grant_id;
	ret->purpose = (uint16_t)header->purpose;
	ret->legal = (uint16_t)header->legal;
	ret->acted = tc_actor_named(header->actor_id);
	ret->sources = sources_claimed(record->claim);
	ret->notifies = officer_notice_asked(header->type, record->claim);
	ret->bytes = (uint32_t)record->header.len;
	ret->part_count = (uint8_t)record->n_parts;
	for (size_t i = 0; i < record->n_parts; i++) {
		ret->categories[i] = (uint8_t)record->parts[i]->category;
		ret->bytes += record->parts[i]->bytes;
	}
	tc_slice_copy(header->type, ret->type, sizeof(ret->type));
	tc_slice_copy(header->proceeding_id, ret->proceeding, sizeof(ret->proceeding));
	tc_slice_copy(header->basis_reference, ret->reference, sizeof(ret->reference));
}

bool submission_goes_to(const struct submission *submission, uint32_t agency)
{
	for (size_t i = 0; i < submission->count; i++) {
		if (submission->deliveries[i].recipient == agency)
			return true;
	}
	return agency == submission->sender->number;
}

/* A recipient of the header as the registry knows it. */
static int submission_recipient(struct ledger *ledger, struct submission *submission, size_t index)
{
	const struct tc_recipient *to = &submission->header.recipients[index];
	char agency[TC_NAME_BYTES_MAX + 1], service[TC_NAME_BYTES_MAX + 1];
	char role[TC_NAME_BYTES_MAX + 1];
	Throughcare__V1__Recipient recipient = THROUGHCARE__V1__RECIPIENT__INIT;
	struct delivery *delivery = &submission->deliveries[index];
	struct registry_address address;
	struct principal *principal;
	bool forwarded = false;
	int r;

	tc_slice_copy(to->agency, agency, sizeof(agency));
	tc_slice_copy(to->service, service, sizeof(service));
	tc_slice_copy(to->role, role, sizeof(role));
	recipient.agency = to->agency.len > 0 ? agency : NULL;
	recipient.service = to->service.len > 0 ? service : NULL;
	recipient.role = to->role.len > 0 ? role : NULL;
	r = registry_resolve(ledger->txn, &ledger->registry, &recipient, &address,
			     &submission->refusal);
	if (r == REGISTRY_REFUSED) {
		tc_refuse_within(&submission->refusal, "recipients[%zu] ", index);
		return SUBMISSION_REFUSED;
	}
	if (r == 0)
		r = party_forward(ledger, submission, &address, &forwarded);
	if (r == 0)
		r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				   &address.agency, &principal);
	if (r < 0)
		return r;
	if (index == 0) {
		submission_template(ledger, submission, delivery);
		submission->days = address.days;
	} else {
		*delivery = submission->deliveries[0];
	}
	delivery->recipient = principal->number;
	submission->recipients[index] = &principal->name;
	memcpy(delivery->role, address.role, sizeof(delivery->role));
	tc_slice_copy(forwarded ? tc_slice_text("") : to->person, delivery->person,
		      sizeof(delivery->person));
	for (size_t i = 0; i < index; i++) {
		if (submission->deliveries[i].recipient == principal->number)
			return submission_refuse(submission, TC_REFUSAL_FIELD_INVALID,
						 "recipients: the same agency twice");
	}
	if (mailbox_full(ledger, principal, delivery->bytes, 1))
		return submission_refuse(submission, TC_REFUSAL_MAILBOX_FULL, agency);
	return sealed_take(ledger, submission, delivery);
}

static int submission_address(struct ledger *ledger, struct submission *submission)
{
	const struct tc_header *header = &submission->header;

	if (header->recipient_count == 0)
		return submission_refuse(submission, TC_REFUSAL_RECIPIENT_MISSING,
					 "header.recipients");
	if (header->has_expires_at && header->expires_ms <= ledger->now_ms)
		return submission_refuse(submission, TC_REFUSAL_EXPIRED_ON_ARRIVAL,
					 "header.expires_at");
	submission->count = header->recipient_count;
	submission->deliveries =
		arena_take(&ledger->arena, submission->count * sizeof(*submission->deliveries));
	submission->decisions =
		arena_take(&ledger->arena, submission->count * sizeof(*submission->decisions));
	if (submission->deliveries == NULL || submission->decisions == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < submission->count; i++) {
		int r = submission_recipient(ledger, submission, i);

		if (r != 0)
			return r;
	}
	return 0;
}

static uint8_t submission_bits(uint64_t mask)
{
	return (uint8_t)__builtin_popcountll(mask);
}

/* Who decided on a release without consent is named, where the policy asks for it. */
static int submission_named(const struct ledger *ledger, struct submission *submission)
{
	const struct policy_basis *basis =
		policy_basis(ledger->policy, policy_basis_of((uint32_t)submission->header.legal));

	if (submission->header.legal == 0 || basis == NULL || !basis->needs_actor ||
	    tc_actor_named(submission->header.actor_id))
		return 0;
	return submission_refuse(submission, TC_REFUSAL_FIELD_MISSING,
				 "header.actor.id (42 CFR 2.51(c))");
}

/* The decision for each recipient (P3), and its line of the receipt. */
static int submission_decide(struct ledger *ledger, struct submission *submission)
{
	size_t denied = 0, held = 0;
	int r = submission_named(ledger, submission);

	if (r == 0)
		r = origin_forbid(ledger, submission);
	if (r != 0)
		return r;
	submission->receipt.line_count = (uint8_t)submission->count;
	for (size_t i = 0; i < submission->count; i++) {
		struct delivery *delivery = &submission->deliveries[i];
		struct decision *decision = &submission->decisions[i];
		struct receipt_line *line = &submission->receipt.lines[i];

		r = dispatch_decide(ledger, delivery, decision);

		if (r < 0)
			return r;
		line->recipient = delivery->recipient;
		line->code = decision->code;
		line->released = submission_bits(decision->parts_mask);
		line->withheld = (uint8_t)(delivery->part_count - line->released);
		line->kind = DISPOSITION(QUEUED);
		if (decision->kind == DECISION_HOLD) {
			line->kind = DISPOSITION(HELD);
			held++;
		}
		if (decision->kind == DECISION_DENY) {
			line->kind = DISPOSITION(DENIED);
			denied++;
		}
	}
	if (held > 0 && mailbox_holds_full(ledger, submission->sender, held,
					   held * submission->deliveries[0].bytes))
		return submission_refuse(submission, TC_REFUSAL_HELD_FULL, "header.sender");
	if (denied < submission->count)
		return 0;
	return submission_refuse(submission, submission->decisions[0].code, "recipients[0]");
}

void submission_event(const struct ledger *ledger, const struct submission *submission,
		      struct referral_event *ret)
{
	const struct tc_header *header = &submission->header;

	*ret = (struct referral_event){
		.recipients = submission->recipients,
		.recipient_count = submission->count,
		.type = header->type,
		.referral = header->referral_id,
		.message = header->message_id,
		.sequence = ledger->sequence,
		.now_ms = ledger->now_ms,
		.occurred_ms = header->has_occurred_at ? header->occurred_ms : 0,
		.sender = &submission->sender->name,
		.sender_orders =
			policy_agency_kind(ledger->policy, submission->sender_kind)->orders,
		.actor = header->actor_id,
		.has_expected_version = header->has_expected_version,
		.expected_version = header->expected_version,
		.subject = header->subject,
		.service = header->recipients[0].service,
		.days = submission->days,
		.claim = submission->record->claim,
	};
}

/* The lifecycle of the referral that the message names, if it names one. */
static int submission_refer(struct ledger *ledger, struct submission *submission)
{
	struct referral_event event;
	struct referral_change change;
	int r;

	if (tc_id_is_none(submission->header.referral_id))
		return 0;
	submission_event(ledger, submission, &event);
	r = referral_apply(ledger->txn, &ledger->referral, &event, &change, &submission->refusal);
	if (r != 0)
		return r == REFERRAL_REFUSED ? SUBMISSION_REFUSED : r;
	submission->receipt.referral_version = change.version;
	return transition_follow(ledger, &change);
}

static int submission_fact(struct ledger *ledger, const struct submission *submission,
			   const char *event, const char *code)
{
	const struct tc_header *header = &submission->header;
	struct fact_draft draft;
	char type[DELIVERY_TYPE_BYTES_MAX + 1];
	struct principal *recipient;

	fact_init(&draft, event);
	fact_submission(&draft, ledger, submission);
	tc_slice_copy(header->type, type, sizeof(type));
	fact_text(&draft.row.message_type, type);
	fact_subject(&draft, header->subject);
	fact_referral(&draft, header->referral_id);
	fact_text(&draft.row.code, code);
	if (submission->count == 1 && submission->deliveries[0].recipient != 0) {
		int r = principal_get(ledger, submission->deliveries[0].recipient, &recipient);

		if (r < 0)
			return r;
		fact_text(&draft.row.recipient, recipient->name.name);
		draft.row.has_forbidden_parts = submission->deliveries[0].forbidden != 0;
		draft.row.forbidden_parts = submission->deliveries[0].forbidden;
	}
	return fact_push(ledger, &draft);
}

/* Into the mailboxes; those with credit are handed it in the same step. */
static int submission_enqueue(struct ledger *ledger, struct submission *submission)
{
	submission->receipt.first_delivery = ledger->next_delivery;
	ledger->next_delivery += submission->count;
	for (size_t i = 0; i < submission->count; i++) {
		struct delivery *delivery = &submission->deliveries[i];
		const struct decision *decision = &submission->decisions[i];
		int r;

		if (decision->kind == DECISION_DENY) {
			r = fact_delivery(ledger, "denied", delivery,
					  tc_refusal_name(decision->code));
			if (r < 0)
				return r;
			continue;
		}
		delivery->id = submission->receipt.first_delivery + i;
		if (decision->kind == DECISION_HOLD)
			r = dispatch_hold(ledger, delivery, decision);
		else
			r = dispatch_enqueue(ledger, delivery, decision);
		if (r < 0)
			return r;
	}
	return 0;
}

/* To agencies. Asks everything, then changes. */
static int submission_relay(struct ledger *ledger, struct submission *submission)
{
	int r = submission_address(ledger, submission);

	if (r == 0)
		r = submission_decide(ledger, submission);
	if (r == 0)
		r = follow_check(ledger, submission);
	if (r == 0)
		r = submission_refer(ledger, submission);
	if (r != 0)
		return r;
	r = submission_fact(ledger, submission, "submission", "accepted");
	if (r == 0)
		r = origin_keep(ledger, submission);
	if (r == 0)
		r = review_expect(ledger, submission);
	if (r == 0)
		r = submission_enqueue(ledger, submission);
	if (r == 0)
		r = proceeding_follow(ledger, submission);
	return r < 0 ? r : follow_apply(ledger, submission);
}

/* To the exchange itself. */
static int submission_act(struct ledger *ledger, struct submission *submission)
{
	struct receipt_line *line = &submission->receipt.lines[0];
	bool supported = exchange_message_supported(submission->header.type);
	int r;

	ledger->awaits = true;
	terms_cache_forget(&ledger->terms); /* before what it changes is released on */
	r = supported ? exchange_message_apply(ledger, submission) : 0;
	if (r != 0)
		return r;
	submission->receipt.line_count = 1;
	line->kind = supported ? DISPOSITION(APPLIED) : DISPOSITION(RECORDED);
	return submission_fact(ledger, submission, "submission",
			       supported ? "applied" : "recorded");
}

/* The receipt, when all that it says is done: at once, or at the end of a job. */
static int submission_answer(struct ledger *ledger, const struct submission *submission,
			     const struct receipt *receipt, bool repeated)
{
	bool awaited;
	int r = job_awaited(ledger, receipt->sequence, &awaited);

	if (r < 0)
		return r;
	if (awaited)
		return waiter_add(ledger, receipt->sequence, submission->sender->number,
				  submission->header.message_id, repeated);
	return reply_receipt(ledger, submission->header.message_id, receipt, repeated);
}

/* An id of what was expunged is not free again. */
static int submission_forgotten(struct ledger *ledger, struct submission *submission)
{
	bool forgotten;
	int r = order_forgotten(ledger, &submission->sender->name, submission->header.message_id,
				&forgotten);

	return r < 0 || !forgotten
		       ? r
		       : submission_refuse(submission, TC_REFUSAL_ID_CONFLICT, "header.message_id");
}

/* The same id again is answered with the first receipt. *ret_repeated: it was. */
static int submission_repeated(struct ledger *ledger, struct submission *submission,
			       bool *ret_repeated)
{
	const ProtobufCBinaryData *content = &submission->record->content_sha256;
	struct receipt first;
	int r = idempotency_find(ledger, submission->sender->number, submission->header.message_id,
				 &first);

	*ret_repeated = r == 0;
	if (r == IDEMPOTENCY_NEW)
		return submission_forgotten(ledger, submission);
	if (r < 0)
		return r;
	if (memcmp(first.content_sha256, content->data, sizeof(first.content_sha256)) != 0)
		return submission_refuse(submission, TC_REFUSAL_ID_CONFLICT, "header.message_id");
	r = submission_fact(ledger, submission, "submission", "repeated");
	return r < 0 ? r : submission_answer(ledger, submission, &first, true);
}

/* 0: in custody and answered. */
static int submission_take(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__SubmissionRecord *record = submission->record;
	bool repeated;
	int r = submission_sender(ledger, submission);

	if (r == 0)
		r = submission_repeated(ledger, submission, &repeated);
	if (r != 0 || repeated)
		return r;
	submission->receipt.sequence = ledger->sequence;
	submission->receipt.accepted_ms = ledger->now_ms;
	submission->receipt.subject = submission->header.subject;
	submission->receipt.referral = submission->header.referral_id;
	memcpy(submission->receipt.content_sha256, record->content_sha256.data,
	       sizeof(submission->receipt.content_sha256));
	r = exchange_message_is(submission->header.type) ? submission_act(ledger, submission)
							 : submission_relay(ledger, submission);
	if (r == 0)
		r = idempotency_keep(ledger, submission->sender->number,
				     submission->header.message_id, &submission->receipt);
	if (r == 0)
		r = submission_answer(ledger, submission, &submission->receipt, false);
	return r;
}

int submission_apply(struct ledger *ledger)
{
	struct submission *submission = arena_take(&ledger->arena, sizeof(*submission));
	const Throughcare__V1__SubmissionRecord *record = ledger->record->submission;
	char id[TC_ID_TEXT_BYTES];
	int r;

	if (submission == NULL)
		return TC_ENOMEM;
	if (record == NULL || record->n_parts > TC_PARTS_MAX ||
	    record->content_sha256.len != sizeof(submission->receipt.content_sha256))
		return TC_ECORRUPT;
	submission->record = record;
	r = tc_header_read(tc_slice(record->header.data, record->header.len), &submission->header);
	if (r == 0)
		r = submission_take(ledger, submission);
	if (r != SUBMISSION_REFUSED)
		return r;
	r = submission_fact(ledger, submission, "refusal",
			    tc_refusal_name(submission->refusal.code));
	if (r < 0)
		return r;
	tc_id_format(submission->header.message_id, id);
	return reply_receipt_refused(ledger, id, &submission->refusal);
}
