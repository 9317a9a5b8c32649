#include "ledger/settlement.h"

#include "ledger/delivery.h"
#include "ledger/dispatch.h"
#include "ledger/lend.h"
#include "ledger/reply.h"
#include "ledger/session.h"
#include "ledger/state.h"

#define RESULT(name) THROUGHCARE__V1__SETTLEMENT_RESULT__SETTLEMENT_RESULT_##name

static int settlement_no_session(struct ledger *ledger)
{
	struct tc_refusal refusal;

	tc_refuse(&refusal, TC_REFUSAL_NOT_PERMITTED, "this connection's session has ended");
	return reply_refusal(ledger, &refusal);
}

int collect_apply(struct ledger *ledger)
{
	const Throughcare__V1__CollectRecord *collect = ledger->record->collect;
	struct session *session = session_find(ledger, ledger->record->connection);
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__CollectReply body = THROUGHCARE__V1__COLLECT_REPLY__INIT;
	uint32_t credit;
	int r;

	if (session == NULL)
		return settlement_no_session(ledger);
	session->collect_request = ledger->route->request_id;
	session->dirty = true;
	if (collect->has_lease_ms && collect->lease_ms >= TC_LEASE_MS_MIN &&
	    collect->lease_ms <= TC_LEASE_MS_MAX)
		session->lease_ms = collect->lease_ms;
	session_add_credit(session, collect->credit);
	credit = session->credit;
	dispatch_want(ledger, session->principal);
	r = dispatch_run(ledger);
	if (r < 0)
		return r;
	body.has_delivered_now = body.has_credit_left = 1;
	body.delivered_now = credit - session->credit;
	body.credit_left = session->credit;
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_COLLECT;
	response.collect = &body;
	return reply_response(ledger, &response);
}

/* One that the session does not hold. */
static int settlement_elsewhere(struct ledger *ledger, const struct session *session,
				const Throughcare__V1__Settlement *settlement,
				Throughcare__V1__SettlementResult *ret)
{
	uint32_t number = session->principal->number;
	struct delivery_end end;
	struct delivery delivery;
	int r = delivery_end_find(ledger, settlement->delivery_id, &end);

	*ret = RESULT(UNKNOWN);
	if (r == 0) {
		bool delivered =
			end.state == DELIVERY_DELIVERED &&
			settlement->kind == THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK;
		bool dead =
			end.state == DELIVERY_DEAD &&
			settlement->kind == THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_TERM;

		if (end.recipient == number)
			*ret = delivered || dead ? RESULT(DONE) : RESULT(STALE);
		return 0;
	}
	if (r != DELIVERY_UNKNOWN)
		return r;
	r = delivery_find(ledger, settlement->delivery_id, &delivery);
	if (r == 0 && delivery.recipient == number && delivery.attempt > 0)
		*ret = RESULT(STALE);
	return r == DELIVERY_UNKNOWN ? 0 : r;
}

static int settlement_extend(struct ledger *ledger, struct session *session,
			     struct delivery *delivery)
{
	delivery->due_ms = ledger->now_ms + session->lease_ms;
	session_extend(session, session_flight(session, delivery->id), delivery->due_ms);
	return delivery_put(ledger, delivery);
}

static int settlement_one(struct ledger *ledger, struct session *session,
			  const Throughcare__V1__Settlement *settlement,
			  Throughcare__V1__SettlementResult *ret)
{
	const char *reason = settlement->reason_code;
	struct delivery delivery;
	uint32_t delay_ms;
	int r;

	if (session_flight(session, settlement->delivery_id) == NULL)
		return settlement_elsewhere(ledger, session, settlement, ret);
	r = delivery_find(ledger, settlement->delivery_id, &delivery);
	if (r != 0)
		return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
	*ret = RESULT(DONE);
	switch (settlement->kind) {
	case THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK:
		return dispatch_end(ledger, &delivery, DELIVERY_DELIVERED, NULL);
	case THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_NAK:
		delay_ms = settlement->delay_ms < TC_NAK_DELAY_MS_MAX ? settlement->delay_ms
								      : TC_NAK_DELAY_MS_MAX;
		return dispatch_retry(ledger, &delivery, delay_ms, "settlement", "nak");
	case THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_TERM:
		return dispatch_end(ledger, &delivery, DELIVERY_DEAD,
				    reason == NULL ? "term" : reason);
	case THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_IN_PROGRESS:
		return settlement_extend(ledger, session, &delivery);
	case THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_UNSPECIFIED:
	case _THROUGHCARE__V1__SETTLEMENT_KIND_IS_INT_SIZE:
		break;
	}
	*ret = RESULT(UNKNOWN);
	return 0;
}

int settlement_apply(struct ledger *ledger)
{
	const Throughcare__V1__SettlementRecord *record = ledger->record->settlement;
	struct session *session = session_find(ledger, ledger->record->connection);
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__SettleReply body = THROUGHCARE__V1__SETTLE_REPLY__INIT;

	if (session == NULL)
		return settlement_no_session(ledger);
	body.n_results = record->n_settlements;
	body.results =
		arena_take(&ledger->arena, (record->n_settlements + 1) * sizeof(*body.results));
	if (body.results == NULL)
		return TC_ENOMEM;
	if (record->has_credit && record->credit > 0) {
		session_add_credit(session, record->credit);
		dispatch_want(ledger, session->principal);
	}
	for (size_t i = 0; i < record->n_settlements; i++) {
		int r = settlement_one(ledger, session, record->settlements[i], &body.results[i]);

		if (r < 0)
			return r;
	}
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_SETTLE;
	response.settle = &body;
	return reply_response(ledger, &response);
}

/* Those of one session, in the order of their numbers; then the bound is exact again. */
static int settlement_end_lease(struct ledger *ledger, struct session *session, uint32_t limit,
				uint32_t *count)
{
	size_t at = 0;
	int64_t due_ms = INT64_MAX;

	while (at < session->flight_count) {
		struct flight flight = session->flights[at];
		struct delivery delivery;
		int r;

		if (flight.until_ms > ledger->now_ms || *count >= limit) {
			if (flight.until_ms < due_ms)
				due_ms = flight.until_ms;
			at++;
			continue;
		}
		r = delivery_find(ledger, flight.delivery, &delivery);
		if (r == 0)
			r = lend_withdraw(ledger, session, flight.delivery);
		if (r == 0)
			r = dispatch_retry(ledger, &delivery, 0, "retry", "lease");
		if (r != 0)
			return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
		(*count)++;
	}
	session->lease_due_ms = due_ms;
	return 0;
}

int settlement_end_leases(struct ledger *ledger, uint32_t limit, uint32_t *ret_count)
{
	*ret_count = 0;
	for (size_t i = 0; i < ledger->sessions.count; i++) {
		struct session *session = ledger->sessions.rows[i];
		int r;

		if (session->lease_due_ms > ledger->now_ms)
			continue;
		r = settlement_end_lease(ledger, session, limit, ret_count);
		if (r < 0)
			return r;
	}
	return 0;
}
