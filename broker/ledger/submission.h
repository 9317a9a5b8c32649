/*
 * submission - a message on its way in: who may send it, was it here before, to whom it
 * goes, what may be released to each, and the receipt that says so.
 *
 * Everything that may refuse is asked before anything is changed.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_SUBMISSION_H
#define LEDGER_SUBMISSION_H

#include "consent/decision.h"
#include "ledger/delivery.h"
#include "ledger/idempotency.h"
#include "ledger/principal.h"
#include "throughcare/v1/record.pb-c.h"
#include "wire/header.h"

struct origin_part;
struct referral_event;

/* Outcomes of the steps of a submission, of exchange_message.h as well. */
enum submission_outcome {
	SUBMISSION_REFUSED = 1, /* see the submission's refusal; nothing was changed */
};

struct submission {
	const Throughcare__V1__SubmissionRecord *record;
	struct tc_header header;
	struct principal *sender;
	enum agency_kind sender_kind;
	struct delivery *deliveries; /* one for each recipient, in the arena */
	const tc_agency *recipients[TC_RECIPIENTS_MAX];
	struct decision *decisions;
	struct origin_part *origins; /* of each part; NULL: none is restricted */
	size_t count;
	struct lifecycle_days days; /* of the service that the first recipient was named by */
	struct receipt receipt;
	struct tc_refusal refusal;
};

/* What it says, for the machines of referral/. Borrows from it. */
void submission_event(const struct ledger *ledger, const struct submission *submission,
		      struct referral_event *ret);

/* Is it the agency's own, or addressed to it? */
bool submission_goes_to(const struct submission *submission, uint32_t agency);

/* Applies the submission of the record at hand. */
int submission_apply(struct ledger *ledger) TC_MUST_CHECK;

#endif
