#include "ledger/proceeding.h"

#include "consent/consent_event.h"
#include "ledger/reconsider.h"
#include "ledger/state.h"

/* Whether the message says that the event has come, and is believed. */
static bool proceeding_says(const struct submission *submission, const struct policy_event *event)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;
	struct tc_slice status = tc_slice_text(claim ? claim->status : NULL);

	return tc_slice_equal(submission->header.type, tc_slice_text(event->type)) &&
	       event->from & UINT32_C(1) << submission->sender_kind &&
	       (*event->status == '\0' || tc_slice_equal(status, tc_slice_text(event->status))) &&
	       (!event->disposition_final ||
		(claim && claim->has_disposition_final && claim->disposition_final));
}

/* The header's, or what a HearingResult itself names; empty: none. */
static struct tc_slice proceeding_of(const struct submission *submission)
{
	const Throughcare__V1__LifecycleClaim *claim = submission->record->claim;

	if (submission->header.proceeding_id.len > 0)
		return submission->header.proceeding_id;
	return tc_slice_text(claim && claim->has_disposition_final ? claim->about_id : NULL);
}

int proceeding_follow(struct ledger *ledger, const struct submission *submission)
{
	struct consent_event happening = {
		.proceeding = proceeding_of(submission),
		.subject = submission->header.subject,
		.now_ms = ledger->now_ms,
	};
	struct grant_changes changes = {0};
	const struct policy_event *event;
	int r = 0;

	if (happening.proceeding.len == 0)
		return 0;
	for (size_t i = 0; r == 0 && (event = policy_event(ledger->policy, i)) != NULL; i++) {
		if (!proceeding_says(submission, event))
			continue;
		happening.code = event->event_code;
		happening.final = event->disposition_final;
		r = consent_event_happen(ledger->txn, &ledger->consent, &happening, &changes);
	}
	if (r == 0)
		r = reconsider_grants(ledger, &changes);
	grant_changes_free(&changes);
	return r;
}
