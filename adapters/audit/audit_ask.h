/*
 * audit_ask - asks the exchange for what proves, as messages and not as JSON.
 *
 * Owner:  the thread that owns the client.
 * Blocks: up to the timeout.
 */
#ifndef AUDIT_AUDIT_ASK_H
#define AUDIT_AUDIT_ASK_H

#include <stdint.h>

#include <throughcare/client.h>

#include "base/err.h"
#include "throughcare/v1/wire.pb-c.h"

#define TC_AUDIT_TIMEOUT_MS 30000

/* *ret is freed by throughcare__v1__query_reply__free_unpacked(ret, NULL). 0, TC_CLIENT_REFUSED
 * (tc_client_error says why) or a fault. */
int tc_audit_ask(struct tc_client *client, const Throughcare__V1__Query *query,
		 Throughcare__V1__QueryReply **ret) TC_MUST_CHECK;

/* The same for the questions whose answer is a TrailProof; without one: TC_EPROTO. */
int tc_audit_ask_proof(struct tc_client *client, const Throughcare__V1__Query *query,
		       Throughcare__V1__QueryReply **ret) TC_MUST_CHECK;
/* The newest checkpoint, or the newest of at most `size` (0: any) records. */
int tc_audit_ask_checkpoint(struct tc_client *client, uint64_t size,
			    Throughcare__V1__QueryReply **ret) TC_MUST_CHECK;
/* The record at this index, under the newest checkpoint. */
int tc_audit_ask_record(struct tc_client *client, uint64_t index,
			Throughcare__V1__QueryReply **ret) TC_MUST_CHECK;
/* `new_size` 0: the newest checkpoint's. */
int tc_audit_ask_consistency(struct tc_client *client, uint64_t old_size, uint64_t new_size,
			     Throughcare__V1__QueryReply **ret) TC_MUST_CHECK;

#endif
