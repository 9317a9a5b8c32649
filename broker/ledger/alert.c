#include "ledger/alert.h"

#include <string.h>

#include "ledger/state.h"
#include "ledger/task.h"

#define HOUR_MS         (3600LL * 1000)
#define ALERT_URGENT_MS (2 * HOUR_MS)
#define ALERT_MS        (4 * HOUR_MS)
#define ALERT_URGENT    0 /* delivery.priority */

bool alert_is(const struct delivery *delivery)
{
	return strcmp(delivery->type, "SafetyAlert") == 0;
}

int64_t alert_due_ms(const struct delivery *delivery)
{
	bool named = delivery->expires_ms != delivery->accepted_ms + TC_EXPIRES_MS_DEFAULT;

	if (named)
		return delivery->expires_ms;
	return delivery->accepted_ms +
	       (delivery->priority == ALERT_URGENT ? ALERT_URGENT_MS : ALERT_MS);
}

int alert_released(struct ledger *ledger, const struct delivery *delivery)
{
	struct task task = {
		.delivery = delivery->id,
		.kind = TASK_ACKNOWLEDGE,
		.owner = delivery->recipient,
		.asker = delivery->sender,
		.message = delivery->message,
		.cause = delivery->message,
		.subject = delivery->subject,
		.referral = delivery->referral,
		.opened_ms = delivery->accepted_ms,
		.due_ms = alert_due_ms(delivery),
	};

	return alert_is(delivery) ? task_open(ledger, &task) : 0;
}
