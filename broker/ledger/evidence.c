#include "ledger/evidence.h"

#include "consent/grant.h"
#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/state.h"

#define EVIDENCE_NO_ATTEMPTS UINT32_MAX /* it is not about hand-overs */

static int evidence_tell(struct ledger *ledger, uint32_t to, const struct evidence_about *on,
			 Throughcare__V1__EvidenceKind kind, const char *code, uint32_t attempts)
{
	Throughcare__V1__DeliveryEvidence content = THROUGHCARE__V1__DELIVERY_EVIDENCE__INIT;
	struct own_subject about = {"DeliveryEvidence", on->subject, on->referral, on->message};
	Google__Protobuf__Timestamp at = own_message_time(ledger->now_ms);
	char id[TC_ID_TEXT_BYTES];
	struct principal *recipient;
	int r = principal_get(ledger, on->recipient, &recipient);

	if (r < 0)
		return r;
	tc_id_format(on->message, id);
	content.has_kind = content.has_log_sequence = 1;
	content.kind = kind;
	content.message_id = id;
	fact_text(&content.recipient, recipient->name.name);
	content.at = &at;
	fact_text(&content.reason_code, code);
	content.log_sequence = ledger->sequence;
	content.has_attempts = attempts != EVIDENCE_NO_ATTEMPTS;
	content.attempts = attempts;
	return own_message_send(ledger, to, &about, &content.base, NULL);
}

int evidence_say(struct ledger *ledger, uint32_t to, const struct evidence_about *about,
		 Throughcare__V1__EvidenceKind kind, const char *code)
{
	return evidence_tell(ledger, to, about, kind, code, EVIDENCE_NO_ATTEMPTS);
}

int evidence_send(struct ledger *ledger, const struct delivery *delivery,
		  Throughcare__V1__EvidenceKind kind, const char *code)
{
	struct evidence_about about = {delivery->message, delivery->subject, delivery->referral,
				       delivery->recipient};

	if (delivery->own || delivery->sender == 0 || delivery->attached)
		return 0;
	if (delivery->evidence != THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_ALL &&
	    (kind == THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_DELIVERED ||
	     kind == THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_RETRIEVED))
		return 0;
	return evidence_tell(ledger, delivery->sender, &about, kind, code, delivery->attempt);
}

int evidence_consent_notice(struct ledger *ledger, uint32_t recipient, struct tc_id grant,
			    struct tc_id subject, bool ended, int64_t effective_ms)
{
	Throughcare__V1__ConsentNotice content = THROUGHCARE__V1__CONSENT_NOTICE__INIT;
	struct own_subject about = {"ConsentNotice", subject, {{0}}, {{0}}};
	Google__Protobuf__Timestamp at = own_message_time(effective_ms);
	char id[TC_ID_TEXT_BYTES], event[GRANT_EVENT_BYTES_MAX + 1];
	int r = 0;

	if (effective_ms == GRANT_NEVER)
		r = grant_event(ledger->txn, &ledger->consent, grant, event);
	if (r < 0)
		return r;
	tc_id_format(grant, id);
	content.grant_id = id;
	content.has_kind = 1;
	content.kind =
		ended ? THROUGHCARE__V1__CONSENT_NOTICE_KIND__CONSENT_NOTICE_KIND_ENDED
		      : THROUGHCARE__V1__CONSENT_NOTICE_KIND__CONSENT_NOTICE_KIND_REVOCATION_PENDING;
	if (effective_ms != GRANT_NEVER)
		content.effective_at = &at;
	else
		content.event_code = event;
	return own_message_send(ledger, recipient, &about, &content.base, NULL);
}

int evidence_review_notice(struct ledger *ledger, uint32_t sender, struct tc_id message,
			   struct tc_id subject, int64_t due_ms, bool overdue)
{
	Throughcare__V1__ReviewNotice content = THROUGHCARE__V1__REVIEW_NOTICE__INIT;
	struct own_subject about = {"ReviewNotice", subject, {{0}}, message};
	Google__Protobuf__Timestamp due = own_message_time(due_ms);
	char id[TC_ID_TEXT_BYTES];

	tc_id_format(message, id);
	content.message_id = id;
	content.due = &due;
	content.has_overdue = overdue;
	content.overdue = overdue;
	return own_message_send(ledger, sender, &about, &content.base, NULL);
}
