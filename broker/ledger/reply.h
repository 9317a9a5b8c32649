/*
 * reply - the answers to what came over a connection. Only the living get any: a record
 * that is replayed has no route, and then these do nothing.
 *
 * Owner: ledger thread. Blocks: never.
 */
#ifndef LEDGER_REPLY_H
#define LEDGER_REPLY_H

#include "ledger/effects.h"
#include "ledger/idempotency.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/refusal.h"

/* Accepted. `repeated`: it is the first receipt of a message that came again. */
int reply_receipt(struct ledger *ledger, struct tc_id message, const struct receipt *receipt,
		  bool repeated) TC_MUST_CHECK;
/* `message_id` may be NULL. */
int reply_receipt_refused(struct ledger *ledger, const char *message_id,
			  const struct tc_refusal *refusal) TC_MUST_CHECK;
int reply_refusal(struct ledger *ledger, const struct tc_refusal *refusal) TC_MUST_CHECK;
/* Completes the response with the request's number. */
int reply_response(struct ledger *ledger, Throughcare__V1__Response *response) TC_MUST_CHECK;

/* An effect for a connection whose body is the packed refusal; NULL: no body. */
int reply_to_connection(struct ledger *ledger, enum effect_kind kind, uint64_t connection,
			const struct tc_refusal *refusal) TC_MUST_CHECK;
/* An effect on the record's own route. */
int reply_on_route(struct ledger *ledger, enum effect_kind kind,
		   const ProtobufCMessage *body) TC_MUST_CHECK;

#endif
