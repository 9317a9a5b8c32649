#include "ledger/officer_notice.h"

#include "ledger/fact.h"
#include "ledger/own_message.h"
#include "ledger/state.h"
#include "ledger/task.h"

#define OFFICER_DAYS 1 /* working days */

struct officer {
	char id[65], team[65];
};

bool officer_notice_asked(struct tc_slice type, const Throughcare__V1__LifecycleClaim *claim)
{
	return claim != NULL && tc_slice_equal(type, tc_slice_text("AttendanceRecord")) &&
	       ((claim->has_notify_officer && claim->notify_officer) ||
		(claim->has_safety_flag && claim->safety_flag));
}

/* As the source has named the officer of the referral. *ret_any false: the recipient is not the one
 * who supervises. */
static int officer_find(struct ledger *ledger, const struct delivery *delivery, struct officer *ret,
			bool *ret_any)
{
	const struct referral_side *side;
	struct principal *recipient;
	struct referral referral;
	int r = principal_get(ledger, delivery->recipient, &recipient);

	*ret = (struct officer){.id = ""};
	*ret_any = tc_id_is_none(delivery->referral);
	if (r < 0 || *ret_any)
		return r;
	r = referral_find(ledger->txn, &ledger->referral, delivery->referral, &referral);
	if (r != 0 || !tc_agency_equal(&referral.source, &recipient->name))
		return r == REFERRAL_UNKNOWN ? 0 : r;
	side = &referral.side[REFERRAL_SOURCE];
	tc_slice_copy(tc_slice_text(side->officer), ret->id, sizeof(ret->id));
	tc_slice_copy(tc_slice_text(side->team), ret->team, sizeof(ret->team));
	*ret_any = true;
	return 0;
}

static int officer_send(struct ledger *ledger, const struct delivery *delivery,
			const struct officer *officer, int64_t due_ms)
{
	Throughcare__V1__OfficerNotice content = THROUGHCARE__V1__OFFICER_NOTICE__INIT;
	const struct own_subject about = {"OfficerNotice", delivery->subject, delivery->referral,
					  delivery->message};
	Google__Protobuf__Timestamp due = own_message_time(due_ms);
	char message[TC_ID_TEXT_BYTES];

	tc_id_format(delivery->message, message);
	content.message_id = message;
	fact_text(&content.officer, officer->id);
	fact_text(&content.team, officer->team);
	content.due = &due;
	return own_message_send(ledger, delivery->recipient, &about, &content.base, NULL);
}

int officer_notice_released(struct ledger *ledger, const struct delivery *delivery)
{
	struct task task = {
		.kind = TASK_NOTIFY,
		.owner = delivery->recipient,
		.asker = delivery->sender,
		.message = delivery->message,
		.cause = delivery->message,
		.subject = delivery->subject,
		.referral = delivery->referral,
		.opened_ms = ledger->now_ms,
	};
	struct officer officer;
	bool any;
	int r;

	if (!delivery->notifies || !(delivery->parts_mask & 1))
		return 0;
	r = officer_find(ledger, delivery, &officer, &any);
	if (r < 0 || !any)
		return r;
	r = task_due(ledger, task.owner, OFFICER_DAYS, &task.due_ms);
	if (r == 0)
		r = officer_send(ledger, delivery, &officer, task.due_ms);
	return r < 0 ? r : task_open(ledger, &task);
}
