#include "ledger/attached.h"

#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/lend.h"
#include "ledger/mailbox.h"
#include "ledger/origin.h"
#include "ledger/session.h"
#include "ledger/state.h"
#include "store/store_cursor.h"

bool attached_template(const struct ledger *ledger, const struct submission *submission,
		       struct delivery *ret)
{
	*ret = submission->deliveries[0];
	if (ret->sealed != 0 || origin_passed_on(submission))
		return false;
	delivery_renew(ret);
	ret->accepted_ms = ledger->now_ms;
	ret->recipient = 0;
	ret->attached = true;
	ret->referral = (struct tc_id){{0}}; /* it stands in no lane of others */
	return true;
}

/* Is there room to wait for a consent? It is nobody's quota, since its sender is not to know: so
 * what waits for one recipient is bounded as its mailbox is. */
static bool attached_waits(const struct ledger *ledger, const struct principal *recipient,
			   const struct delivery *delivery)
{
	return recipient->box.held_for_bytes + delivery->bytes <=
	       ledger->settings.mailbox_bytes_max;
}

/* Its sender hears nothing of it; the trail does. */
static int attached_denied(struct ledger *ledger, struct delivery *delivery,
			   enum tc_refusal_code code)
{
	delivery->id = 0;
	return fact_delivery(ledger, "denied", delivery, tc_refusal_name(code));
}

int attached_send(struct ledger *ledger, const struct delivery *template, uint32_t recipient,
		  struct delivery *ret)
{
	struct principal *principal;
	struct decision decision;
	int r = principal_get(ledger, recipient, &principal);

	*ret = *template;
	ret->id = 0;
	ret->recipient = recipient;
	if (r < 0)
		return r;
	if (mailbox_full(ledger, principal, ret->bytes, 1))
		return attached_denied(ledger, ret, TC_REFUSAL_MAILBOX_FULL);
	ret->id = ledger->next_delivery++;
	ret->expires_ms = ledger->now_ms + (ret->expires_ms - ret->accepted_ms);
	ret->accepted_ms = ledger->now_ms;
	r = dispatch_decide(ledger, ret, &decision);
	if (r < 0)
		return r;
	if (decision.kind == DECISION_PERMIT || decision.kind == DECISION_PERMIT_PARTS)
		return dispatch_enqueue(ledger, ret, &decision);
	if (decision.kind == DECISION_HOLD && attached_waits(ledger, principal, ret))
		return dispatch_hold(ledger, ret, &decision);
	return attached_denied(ledger, ret, decision.code);
}

int attached_next(struct ledger *ledger, struct store_table table, const struct store_key *prefix,
		  uint32_t *recipient)
{
	struct store_key from = *prefix;
	struct tc_slice key;
	int r;

	store_key_u32(&from, *recipient);
	r = store_after(ledger->txn, table, store_key_slice(prefix), store_key_slice(&from), &key,
			NULL);
	if (r != 0)
		return r;
	key = tc_slice(key.data + prefix->len, key.len - prefix->len);
	return store_key_take_u32(&key, recipient) && key.len == 0 ? 0 : TC_ECORRUPT;
}

int attached_recall(struct ledger *ledger, struct delivery *delivery)
{
	const struct session *session;
	int r = 0;

	if (delivery->state == DELIVERY_IN_FLIGHT) {
		session = session_find(ledger, delivery->connection);
		r = session == NULL ? TC_ECORRUPT : lend_withdraw(ledger, session, delivery->id);
	}
	if (r == 0)
		r = mailbox_attach(ledger, delivery);
	return r < 0 ? r : dispatch_end(ledger, delivery, DELIVERY_RECALLED, NULL);
}
