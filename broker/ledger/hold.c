#include "ledger/hold.h"

#include "consent/policy.h"
#include "ledger/dispatch.h"
#include "ledger/reconsider.h"
#include "ledger/state.h"
#include "ledger/timer.h"

#define DAY_MS (24LL * 3600 * 1000)

#define HOLD_EXPIRED "hold_expired" /* what the sender is told */

static int64_t hold_until_ms(const struct delivery *delivery)
{
	return delivery->held_ms + delivery->hold_days * DAY_MS;
}

/* The fewest days of any of its parts; 0: as long as the message is valid. */
static uint16_t hold_days(const struct ledger *ledger, const struct delivery *delivery)
{
	uint32_t fewest = UINT16_MAX;

	for (uint8_t i = 0; i < delivery->part_count; i++) {
		uint32_t days = policy_category(ledger->policy, delivery->categories[i])->hold_days;

		if (days != 0 && days < fewest)
			fewest = days;
	}
	if (fewest == UINT16_MAX || delivery->held_ms + fewest * DAY_MS >= delivery->expires_ms)
		return 0;
	return (uint16_t)fewest;
}

static int hold_set(struct ledger *ledger, struct delivery *delivery,
		    const struct decision *decision)
{
	struct tc_id timer = timer_delivery(delivery->id);
	int r = 0;

	delivery->due_ms = decision->recheck_ms;
	delivery->hold_days = hold_days(ledger, delivery);
	if (delivery->due_ms != 0)
		r = timer_set(ledger, delivery->due_ms, TIMER_RECHECK, timer);
	if (r == 0 && delivery->hold_days != 0)
		r = timer_set(ledger, hold_until_ms(delivery), TIMER_HOLD, timer);
	return r;
}

int hold_begin(struct ledger *ledger, struct delivery *delivery, const struct decision *decision)
{
	delivery->held_ms = ledger->now_ms;
	return hold_set(ledger, delivery, decision);
}

int hold_end(struct ledger *ledger, struct delivery *delivery)
{
	struct tc_id timer = timer_delivery(delivery->id);
	int r = 0;

	if (delivery->due_ms != 0)
		r = timer_drop(ledger, delivery->due_ms, TIMER_RECHECK, timer);
	if (r == 0 && delivery->hold_days != 0)
		r = timer_drop(ledger, hold_until_ms(delivery), TIMER_HOLD, timer);
	delivery->due_ms = 0;
	delivery->hold_days = 0;
	return r;
}

int hold_renew(struct ledger *ledger, struct delivery *delivery, const struct decision *decision,
	       bool *ret_changed)
{
	int r;

	*ret_changed = delivery->due_ms != decision->recheck_ms ||
		       delivery->hold_days != hold_days(ledger, delivery);
	if (!*ret_changed)
		return 0;
	r = hold_end(ledger, delivery);
	return r < 0 ? r : hold_set(ledger, delivery, decision);
}

/* Under the policy in force, which the job that carries it may not have brought here yet. */
static bool hold_over(const struct ledger *ledger, const struct delivery *delivery)
{
	uint16_t days = hold_days(ledger, delivery);

	return days != 0 && delivery->held_ms + days * DAY_MS <= ledger->now_ms;
}

int hold_expire(struct ledger *ledger, struct delivery *delivery)
{
	struct decision decision;
	int r = dispatch_decide(ledger, delivery, &decision);

	if (r < 0)
		return r;
	delivery->hold_days = 0; /* this timer is gone */
	if (decision.kind != DECISION_HOLD || !hold_over(ledger, delivery))
		return reconsider_delivery(ledger, delivery, false);
	return dispatch_end(ledger, delivery, DELIVERY_EXPIRED, HOLD_EXPIRED);
}
