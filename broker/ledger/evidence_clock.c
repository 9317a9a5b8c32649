#include "ledger/evidence_clock.h"

#include "ledger/alert.h"
#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/state.h"
#include "ledger/timer.h"

#define URGENT 0 /* delivery.priority */

static bool evidence_said(const struct delivery *delivery)
{
	return delivery->attempt == 0 ? delivery->told_waiting : delivery->told_unread;
}

static int64_t evidence_due_ms(const struct ledger *ledger, const struct delivery *delivery)
{
	int64_t due_ms = ledger->now_ms + (delivery->priority == URGENT ? EVIDENCE_URGENT_SPAN_MS
									: EVIDENCE_SPAN_MS);

	if (delivery->attempt == 0 && alert_is(delivery))
		due_ms = alert_due_ms(delivery);
	return due_ms;
}

int evidence_watch(struct ledger *ledger, struct delivery *delivery)
{
	if (delivery->own || delivery->attached || delivery->state == DELIVERY_HELD ||
	    delivery->watch_ms != 0 || evidence_said(delivery))
		return 0;
	delivery->watch_ms = evidence_due_ms(ledger, delivery);
	return timer_set(ledger, delivery->watch_ms, TIMER_EVIDENCE, timer_delivery(delivery->id));
}

int evidence_unwatch(struct ledger *ledger, const struct delivery *delivery)
{
	if (delivery->watch_ms == 0)
		return 0;
	return timer_drop(ledger, delivery->watch_ms, TIMER_EVIDENCE, timer_delivery(delivery->id));
}

static int evidence_tell_nothing(struct ledger *ledger, struct delivery *delivery)
{
	bool waiting = delivery->attempt == 0;
	int r = fact_delivery(ledger, waiting ? "not_delivered" : "not_retrieved", delivery, NULL);

	if (waiting)
		delivery->told_waiting = true;
	else
		delivery->told_unread = true;
	return r < 0 ? r
		     : evidence_send(
			       ledger, delivery,
			       waiting ? THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_NOT_DELIVERED
				       : THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_NOT_RETRIEVED,
			       NULL);
}

int evidence_clock(struct ledger *ledger, uint64_t id)
{
	struct delivery delivery;
	int r = delivery_find(ledger, id, &delivery);

	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	delivery.watch_ms = 0;
	if (delivery.state == DELIVERY_IN_FLIGHT)
		r = evidence_watch(ledger, &delivery); /* whoever has it may acknowledge it yet */
	else if (delivery.state != DELIVERY_HELD && !evidence_said(&delivery))
		r = evidence_tell_nothing(ledger, &delivery);
	return r < 0 ? r : delivery_put(ledger, &delivery);
}
