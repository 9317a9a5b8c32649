#include "gateway/connection.h"

#include "base/log.h"
#include "gateway/handover.h"
#include "query/query_request.h"
#include "throughcare/v1/wire.pb-c.h"

/* The refusal inside a packed Refusal; INTERNAL when it cannot be read. */
static struct tc_refusal refusal_of(struct gateway *gateway, const struct effect *effect)
{
	struct tc_refusal refusal = {.code = TC_REFUSAL_INTERNAL};
	Throughcare__V1__Refusal *message;

	scratch_reset(&gateway->scratch);
	message = throughcare__v1__refusal__unpack(&gateway->scratch.allocator, effect->body.len,
						   effect->body.data);
	if (!message || !message->code)
		return refusal;
	refusal.code = tc_refusal_find(tc_slice_text(message->code));
	if (refusal.code == TC_REFUSAL_NONE)
		refusal.code = TC_REFUSAL_INTERNAL;
	else if (message->detail)
		tc_refuse(&refusal, refusal.code, "%s", message->detail);
	return refusal;
}

/* `r` is what owed_receipt or owed_whole returned; the sums from before it. */
static void replied(struct connection *connection, int r, size_t records, size_t bytes)
{
	connection_settle_sums(connection, records - connection->replies.records,
			       bytes - connection->replies.bytes);
	if (r == 0)
		connection_touch(connection);
	else if (r < 0)
		connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
}

void effect_answer(struct connection *connection, struct effect *effect)
{
	size_t records = connection->replies.records;
	size_t bytes = connection->replies.bytes;
	int r;

	if (effect->kind == EFFECT_RECEIPT)
		r = owed_receipt(&connection->replies, effect, &connection->out);
	else
		r = owed_whole(&connection->replies, effect, &connection->out);
	replied(connection, r, records, bytes);
}

/* Turns the effect into the answer "busy". 0 or TC_ENOMEM. */
static int busy_write(struct effect *effect)
{
	Throughcare__V1__Response response = THROUGHCARE__V1__RESPONSE__INIT;
	Throughcare__V1__Refusal refusal = THROUGHCARE__V1__REFUSAL__INIT;
	int r;

	refusal.code = (char *)(uintptr_t)tc_refusal_name(TC_REFUSAL_BUSY);
	refusal.message = (char *)(uintptr_t)tc_refusal_message(TC_REFUSAL_BUSY);
	refusal.hint = (char *)(uintptr_t)tc_refusal_hint(TC_REFUSAL_BUSY);
	response.has_request_id = 1;
	response.request_id = effect->request_id;
	response.body_case = THROUGHCARE__V1__RESPONSE__BODY_REFUSAL;
	response.refusal = &refusal;
	tc_bytes_free(&effect->body);
	r = tc_bytes_reserve(&effect->body, throughcare__v1__response__get_packed_size(&response));
	if (r == 0)
		effect->body.len = throughcare__v1__response__pack(&response, effect->body.data);
	return r;
}

/* The question is in the log: now a query thread answers it, when one has room. */
static void question(struct connection *connection, struct effect *effect)
{
	struct gateway *gateway = connection->gateway;
	struct query_request *request = query_request_new(
		gateway->options.number, effect->connection, effect->request_id, effect->sequence);
	size_t next = gateway->next_query++ % gateway->options.query_count;
	int r = TC_ENOMEM;

	if (request)
		r = bus_send(gateway->options.query_out[next], BUS_QUERY, request, 0);
	if (r == 0)
		return;
	query_request_free(&request);
	if (r == TC_EBUS)
		gateway_fail(gateway, r);
	else if (busy_write(effect) != 0)
		connection_close(connection, tc_refusal_name(TC_REFUSAL_INTERNAL));
	else
		effect_answer(connection, effect);
}

/* A registry seed of ours has no connection; that it was refused must not stay unseen. */
static void unowned(struct gateway *gateway, const struct effect *effect)
{
	Throughcare__V1__Receipt *receipt;

	if (effect->kind != EFFECT_RECEIPT || effect->connection != 0)
		return;
	scratch_reset(&gateway->scratch);
	receipt = throughcare__v1__receipt__unpack(&gateway->scratch.allocator, effect->body.len,
						   effect->body.data);
	if (receipt && receipt->refusal && receipt->refusal->code)
		log_event(EV_SUBMISSION_REFUSED, NULL, NULL,
			  tc_refusal_find(tc_slice_text(receipt->refusal->code)));
}

static void route_one(struct gateway *gateway, struct effect **effect)
{
	struct connection *connection = connection_find(gateway, (*effect)->connection);
	struct tc_refusal refusal;

	if (!connection || (*effect)->connection == 0) {
		unowned(gateway, *effect);
		return;
	}
	switch ((*effect)->kind) {
	case EFFECT_REPLY:
		/* Behind what the ledger had handed over before: "nothing more is due" must not
		 * overtake what was due. */
		if (connection->waiting.first)
			handover_add(connection, effect);
		else
			effect_answer(connection, *effect);
		return;
	case EFFECT_RECEIPT:
		effect_answer(connection, *effect);
		return;
	case EFFECT_DELIVER:
	case EFFECT_DELIVER_OWN:
		handover_add(connection, effect);
		return;
	case EFFECT_WITHDRAW:
		handover_withdraw(connection, (*effect)->delivery_id);
		return;
	case EFFECT_LOGON_ACCEPTED:
		connection_opened(connection);
		return;
	case EFFECT_LOGON_REFUSED:
		atomic_fetch_add_explicit(&gateway->options.counters->logons_refused, 1,
					  memory_order_relaxed);
		/* fall through */
	case EFFECT_CLOSE:
		refusal = refusal_of(gateway, *effect);
		connection_refuse(connection, &refusal);
		return;
	case EFFECT_QUERY:
		question(connection, *effect);
		return;
	}
}

void effect_hold(struct gateway *gateway, struct effects *effects)
{
	effects->next = NULL;
	if (gateway->held)
		gateway->held_last->next = effects;
	else
		gateway->held = effects;
	gateway->held_last = effects;
}

/* The ledger sends in the order of the log, so the first waits for the least. */
void effect_release(struct gateway *gateway)
{
	while (gateway->held && gateway->held->durable_next <= gateway->durable_next) {
		struct effects *effects = gateway->held;

		gateway->held = effects->next;
		effect_route(gateway, effects);
		effects_free(&effects);
	}
}

void effect_route(struct gateway *gateway, struct effects *effects)
{
	struct effect *effect;

	while ((effect = effects_pop(effects)) != NULL) {
		route_one(gateway, &effect);
		effect_free(&effect);
	}
}
