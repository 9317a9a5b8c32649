#include "ledger/citation.h"

#include "ledger/delivery.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "referral/claim.h"

int citation_handed(struct ledger *ledger, uint64_t id, bool *ret)
{
	struct delivery delivery;
	struct delivery_end end;
	int r = delivery_find(ledger, id, &delivery);

	*ret = false;
	if (r == 0) {
		*ret = delivery.attempt > 0;
		return 0;
	}
	if (r == DELIVERY_UNKNOWN)
		r = delivery_end_find(ledger, id, &end);
	if (r == 0)
		*ret = end.recipient != 0;
	return r == DELIVERY_UNKNOWN ? 0 : r;
}

/* Whether the agency was handed what that receipt is of. */
static int citation_received(struct ledger *ledger, const struct receipt *receipt, uint32_t agency,
			     bool *ret)
{
	*ret = false;
	for (uint8_t i = 0; i < receipt->line_count; i++)
		if (receipt->lines[i].recipient == agency)
			return citation_handed(ledger, receipt->first_delivery + i, ret);
	return 0;
}

int citation_find(struct ledger *ledger, uint32_t agency, struct tc_id message,
		  uint64_t *ret_sequence, uint32_t *ret_sender)
{
	struct receipt receipt;
	int r = idempotency_find(ledger, agency, message, &receipt);

	*ret_sender = agency;
	if (r == 0)
		*ret_sequence = receipt.sequence;
	if (r != IDEMPOTENCY_NEW)
		return r;
	*ret_sender = 0;
	for (unsigned i = 0; i < IDEMPOTENCY_SENDERS_MAX; i++) {
		bool handed;

		r = idempotency_next(ledger, message, ret_sender, &receipt);
		if (r != 0)
			return r == IDEMPOTENCY_NEW ? CITATION_UNKNOWN : r;
		r = citation_received(ledger, &receipt, agency, &handed);
		*ret_sequence = receipt.sequence;
		if (r < 0 || handed)
			return r;
	}
	return CITATION_UNKNOWN;
}

static int citation_party(struct ledger *ledger, const tc_agency *agency, struct tc_id id,
			  bool *ret)
{
	struct referral referral;
	int r = referral_find(ledger->txn, &ledger->referral, id, &referral);

	*ret = r == 0 && referral_party(&referral, agency) &&
	       (referral.shown || tc_agency_equal(agency, &referral.source));
	return r == REFERRAL_UNKNOWN ? 0 : r;
}

int citation_check_statement(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	uint64_t sequence;
	uint32_t sender;
	struct tc_id about;
	bool party = false;
	int r = 0;

	if (claim == NULL ||
	    policy_agency_kind(ledger->policy, submission->sender_kind)->consent_desk)
		return 0; /* a sealed one says nothing here */
	if (claim->about_id == NULL || !tc_id_parse(tc_slice_text(claim->about_id), &about))
		r = CITATION_UNKNOWN;
	if (r == 0)
		r = citation_party(ledger, &submission->sender->name, about, &party);
	if (r == 0 && !party)
		r = citation_find(ledger, submission->sender->number, about, &sequence, &sender);
	if (r <= 0)
		return r;
	(void)tc_refuse(&submission->refusal, TC_REFUSAL_UNKNOWN_CITATION, "about");
	return SUBMISSION_REFUSED;
}

int citation_check_report(struct ledger *ledger, struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	size_t count = claim == NULL ? 0 : claim->n_cites;

	if (count > CLAIM_CITES_MAX) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_FIELD_INVALID,
				"cites: more than %d in one report", CLAIM_CITES_MAX);
		return SUBMISSION_REFUSED;
	}
	for (size_t i = 0; i < count; i++) {
		int r = CITATION_UNKNOWN;
		struct tc_id message;
		uint64_t sequence;
		uint32_t sender;

		if (tc_id_parse(tc_slice_text(claim->cites[i]), &message))
			r = citation_find(ledger, submission->sender->number, message, &sequence,
					  &sender);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_UNKNOWN_CITATION, "cites[%zu]", i);
		return SUBMISSION_REFUSED;
	}
	return 0;
}
