#include "ledger/lend.h"

#include <string.h>

#include "ledger/alert.h"
#include "ledger/appointments.h"
#include "ledger/case.h"
#include "ledger/cross.h"
#include "ledger/dispatch.h"
#include "ledger/evidence.h"
#include "ledger/fact.h"
#include "ledger/feed.h"
#include "ledger/mailbox.h"
#include "ledger/officer_notice.h"
#include "ledger/origin.h"
#include "ledger/outcome_check.h"
#include "ledger/own_message.h"
#include "ledger/plans.h"
#include "ledger/review.h"
#include "ledger/session.h"
#include "ledger/state.h"
#include "ledger/statement.h"
#include "ledger/status.h"
#include "ledger/supervision.h"
#include "ledger/terms.h"

/* Remembers to whom a grant has let something go, for the notice when it ends. */
static int lend_note_use(struct ledger *ledger, const struct delivery *delivery,
			 const struct decision *decision)
{
	for (size_t i = 0; i < decision->grant_count; i++) {
		struct store_key key;
		struct tc_slice value;
		uint8_t first[8];
		int r;

		store_key_init(&key);
		store_key_id(&key, decision->grants[i]);
		store_key_u32(&key, delivery->recipient);
		r = ledger_get(ledger, LEDGER_TABLE_GRANT_USE, store_key_slice(&key), &value);
		if (r == STORE_NOT_FOUND) {
			tc_put_be64(first, ledger->sequence);
			r = ledger_put(ledger, LEDGER_TABLE_GRANT_USE, store_key_slice(&key),
				       tc_slice(first, sizeof(first)));
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* `terms` is NULL for what the exchange itself says. */
static int lend_effect(struct ledger *ledger, const struct session *session,
		       const struct delivery *delivery, const struct terms *terms)
{
	struct effect *effect = effect_new(delivery->own ? EFFECT_DELIVER_OWN : EFFECT_DELIVER);
	int r;

	if (effect == NULL)
		return TC_ENOMEM;
	effect->connection = session->connection;
	effect->gateway = (uint16_t)((session->connection >> 24) & 0xff);
	effect->request_id = session->collect_request;
	effect->sequence = delivery->sequence;
	effect->released_at = ledger->sequence;
	effect->delivery_id = delivery->id;
	effect->attempt = delivery->attempt;
	effect->lease_ms = session->lease_ms;
	effect->parts_mask = delivery->parts_mask;
	memcpy(effect->basis, delivery->basis, sizeof(effect->basis));
	if (terms == NULL)
		r = own_message_delivery(ledger, delivery, session->lease_ms, &effect->body);
	else
		r = tc_bytes_append(&effect->body, terms->packed.data, terms->packed.len);
	if (r == 0)
		effects_push(ledger->effects, &effect);
	effect_free(&effect);
	return r;
}

/* What the gateway is to hand over, and what stays of it: the fact with the digest of the terms, to
 * whom a grant has let something go, and by which rule it may be passed on. */
static int lend_release(struct ledger *ledger, const struct session *session,
			const struct delivery *delivery, const struct decision *decision)
{
	struct terms_source source = {
		.txn = ledger->txn,
		.consent = &ledger->consent,
		.registry = &ledger->registry,
		.policy = ledger->policy,
	};
	struct principal *sender;
	const struct terms *terms;
	int r = principal_get(ledger, delivery->sender, &sender);

	if (r == 0)
		r = terms_cache_get(&ledger->terms, &source, &sender->name, decision, &terms);
	if (r == 0)
		r = lend_effect(ledger, session, delivery, terms);
	if (r == 0)
		r = fact_release(ledger, delivery, decision, terms);
	if (r == 0)
		r = lend_note_use(ledger, delivery, decision);
	if (r == 0)
		r = cross_note(ledger, delivery, decision);
	return r < 0 ? r : origin_release(ledger, delivery);
}

static int lend_own(struct ledger *ledger, const struct session *session,
		    const struct delivery *delivery)
{
	int r = lend_effect(ledger, session, delivery, NULL);

	return r < 0 ? r : fact_release(ledger, delivery, NULL, NULL);
}

/* What it tells of its referral. */
static int lend_told(struct ledger *ledger, const struct delivery *delivery)
{
	struct referral_change change;
	struct principal *recipient;
	int r;

	if (tc_id_is_none(delivery->referral))
		return 0;
	r = principal_get(ledger, delivery->recipient, &recipient);
	if (r < 0)
		return r;
	r = referral_told(ledger->txn, &ledger->referral, delivery->referral, delivery->message,
			  delivery->parts_mask & 1, &recipient->name, &change);
	if (r == 0 && change.learned)
		r = case_told(ledger, delivery->referral, recipient);
	return r < 0 ? r : status_told(ledger, recipient, &change);
}

/* What the first hand-over to this recipient changes besides. */
static int lend_first(struct ledger *ledger, const struct delivery *delivery)
{
	int r = evidence_send(ledger, delivery,
			      THROUGHCARE__V1__EVIDENCE_KIND__EVIDENCE_KIND_DELIVERED, NULL);

	if (r < 0 || delivery->own)
		return r;
	r = lend_told(ledger, delivery);
	if (r == 0)
		r = appointments_told(ledger, delivery);
	if (r == 0)
		r = plans_told(ledger, delivery);
	if (r == 0)
		r = supervision_told(ledger, delivery);
	if (r == 0)
		r = alert_released(ledger, delivery);
	if (r == 0)
		r = officer_notice_released(ledger, delivery);
	if (r == 0)
		r = statement_released(ledger, delivery);
	if (r == 0)
		r = outcome_check_released(ledger, delivery);
	if (r == 0)
		r = feed_note(ledger, delivery);
	return r < 0 ? r : review_released(ledger, delivery);
}

int lend_delivery(struct ledger *ledger, struct session *session, struct delivery *delivery,
		  const struct decision *decision)
{
	struct principal *recipient = session->principal;
	int r;

	if (!delivery->own)
		dispatch_rely(delivery, decision);
	r = mailbox_unpark(ledger, delivery);
	if (r == 0)
		r = mailbox_enter(ledger, delivery, DELIVERY_IN_FLIGHT);
	if (r < 0)
		return r;
	delivery->attempt++;
	delivery->connection = session->connection;
	delivery->due_ms = ledger->now_ms + session->lease_ms;
	recipient->box.connection = session->connection;
	r = session_lend(session, delivery->id, delivery->subject, delivery->due_ms);
	if (r == 0)
		r = delivery_put(ledger, delivery);
	if (r == 0)
		r = delivery->own ? lend_own(ledger, session, delivery)
				  : lend_release(ledger, session, delivery, decision);
	if (r == 0 && delivery->attempt == 1)
		r = lend_first(ledger, delivery);
	return r;
}

int lend_withdraw(struct ledger *ledger, const struct session *session, uint64_t delivery)
{
	struct effect *effect = effect_new(EFFECT_WITHDRAW);

	if (effect == NULL)
		return TC_ENOMEM;
	effect->connection = session->connection;
	effect->gateway = (uint16_t)((session->connection >> 24) & 0xff);
	effect->delivery_id = delivery;
	effects_push(ledger->effects, &effect);
	return 0;
}
