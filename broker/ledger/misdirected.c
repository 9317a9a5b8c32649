#include "ledger/misdirected.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/state.h"
#include "ledger/task.h"

#define DESTROY THROUGHCARE__V1__RECALL_ACTION__RECALL_ACTION_DESTROY

static int misdirected_send(struct ledger *ledger, const struct misdirected *misdirected,
			    int64_t due_ms, uint64_t *ret_delivery)
{
	Throughcare__V1__MisdirectedDisclosure wrong =
		THROUGHCARE__V1__MISDIRECTED_DISCLOSURE__INIT;
	Throughcare__V1__RecallNotice recall = THROUGHCARE__V1__RECALL_NOTICE__INIT;
	Google__Protobuf__Timestamp due = own_message_time(due_ms);
	struct own_subject about = {
		.type = misdirected->recalled ? "RecallNotice" : "MisdirectedDisclosure",
		.subject = misdirected->subject,
		.referral = misdirected->referral,
	};
	char *ids = arena_take(&ledger->arena, misdirected->count * TC_ID_TEXT_BYTES);
	char **texts = arena_take(&ledger->arena, misdirected->count * sizeof(*texts));

	if (ids == NULL || texts == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < misdirected->count; i++) {
		texts[i] = ids + i * TC_ID_TEXT_BYTES;
		tc_id_format(misdirected->messages[i], texts[i]);
	}
	if (misdirected->recalled) {
		recall.message_ids = texts;
		recall.n_message_ids = misdirected->count;
		fact_text(&recall.basis, misdirected->reason);
		recall.has_action = 1;
		recall.action = DESTROY;
		recall.attestation_due = &due;
		return own_message_send(ledger, misdirected->to, &about, &recall.base,
					ret_delivery);
	}
	wrong.message_ids = texts;
	wrong.n_message_ids = misdirected->count;
	fact_text(&wrong.reason_code, misdirected->reason);
	wrong.has_action = 1;
	wrong.action = DESTROY;
	wrong.attestation_due = &due;
	return own_message_send(ledger, misdirected->to, &about, &wrong.base, ret_delivery);
}

static int misdirected_fact(struct ledger *ledger, const struct misdirected *misdirected)
{
	struct principal *to;
	int r = principal_get(ledger, misdirected->to, &to);

	for (size_t i = 0; r == 0 && i < misdirected->count; i++) {
		struct fact_draft draft;

		fact_init(&draft, misdirected->recalled ? "recall_notice" : "misdirected");
		fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
		fact_text(&draft.row.recipient, to->name.name);
		fact_text(&draft.row.code, misdirected->reason);
		fact_message(&draft, misdirected->messages[i]);
		fact_subject(&draft, misdirected->subject);
		fact_referral(&draft, misdirected->referral);
		r = fact_push(ledger, &draft);
	}
	return r;
}

int misdirected_open(struct ledger *ledger, const struct misdirected *misdirected)
{
	struct task task = {
		.kind = TASK_ATTEST,
		.owner = misdirected->to,
		.asker = misdirected->asker,
		.cause = misdirected->cause,
		.subject = misdirected->subject,
		.referral = misdirected->referral,
		.opened_ms = ledger->now_ms,
	};
	struct delivery notice;
	int r = task_due(ledger, misdirected->to, MISDIRECTED_DAYS, &task.due_ms);

	if (r == 0)
		r = misdirected_fact(ledger, misdirected);
	if (r == 0)
		r = misdirected_send(ledger, misdirected, task.due_ms, &task.delivery);
	if (r < 0 || task.delivery == 0)
		return r; /* its mailbox is full: the trail says that the notice was dropped */
	r = delivery_find(ledger, task.delivery, &notice);
	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	task.message = notice.message;
	return task_open(ledger, &task);
}

int misdirected_follow(struct ledger *ledger, const struct referral_change *change)
{
	struct misdirected misdirected = {
		.subject = change->subject,
		.referral = change->referral,
		.count = 1,
		.reason = "entered_in_error",
	};
	bool by_source = strcmp(change->by, change->source.name) == 0;
	struct principal *source, *target;
	struct referral referral;
	int r;

	if (!change->moved || change->to != REFERRAL_ENTERED_IN_ERROR)
		return 0;
	r = task_withdraw_referral(ledger, change->referral, 0);
	if (r == 0)
		r = referral_find(ledger->txn, &ledger->referral, change->referral, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? TC_ECORRUPT : r;
	if (by_source && !referral.shown)
		return 0;
	r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, &change->source,
			   &source);
	if (r == 0)
		r = principal_take(ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
				   &change->target, &target);
	if (r < 0)
		return r;
	misdirected.messages = &referral.message;
	misdirected.cause = referral.message;
	misdirected.to = by_source ? target->number : source->number;
	misdirected.asker = by_source ? source->number : target->number;
	return misdirected_open(ledger, &misdirected);
}
