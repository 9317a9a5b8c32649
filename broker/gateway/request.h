/*
 * request - one frame from an agency, checked without state and made into records.
 *
 * Submit: the one signature is verified for all envelopes, each envelope is decoded
 * and becomes a SubmissionRecord, or a RefusalRecord with its code, under the same
 * request and in their order. Collect, Settle and Query become one record each. What
 * cannot be decoded as a whole becomes one RefusalRecord. Nothing is answered here:
 * every answer, also a refusal, comes back through journal and ledger.
 *
 * Owner: the gateway thread. Blocks: never.
 */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "gateway/scratch.h"
#include "journal/record.h"
#include "referral/claim.h"
#include "throughcare/v1/record.pb-c.h"
#include "tls/tls_peer.h"
#include "wire/certificate.h"
#include "wire/envelope.h"
#include "wire/merkle.h"
#include "wire/request.h"

/* Working memory, too large for a stack; one for each thread. */
struct request_room {
	struct tc_submit submit;
	struct tc_merkle_tree tree;
	struct tc_envelope envelope;
	struct claim_room claim;
};

struct request_context {
	const struct tc_peer *peer;
	struct tc_certificate *certificate;
	uint64_t connection;
	uint16_t gateway;
	int64_t now_ms; /* what times in messages are held against */
	struct request_room *room;
	struct scratch *scratch;
	struct record_batch batch; /* the records are appended here; the caller's also on a fault */
};

struct request_taken {
	uint64_t id;       /* the client's number; 0 when it could not be read */
	uint32_t receipts; /* that will come back; 0: one whole response */
	bool collect;      /* it was a Collect */
	bool malformed;    /* refused as a whole */
};

/* 0 or a fault (TC_ENOMEM, TC_ECRYPTO). */
int request_take(struct request_context *context, struct tc_slice frame,
		 struct request_taken *ret) TC_MUST_CHECK;
/* A packed Submit alone, as in a registry seed. */
int request_take_submit(struct request_context *context, uint64_t request_id, struct tc_slice body,
			struct request_taken *ret) TC_MUST_CHECK;

/* Records that no reply is owed for. Each 0 or TC_ENOMEM. `peer` and `address` may be NULL. */
int request_logon(const struct tc_peer *peer, struct tc_slice certificate_der, uint64_t connection,
		  const char *address, struct record **ret) TC_MUST_CHECK;
int request_logon_failed(const struct tc_peer *peer, const char *address, const char *code,
			 uint32_t count, struct record **ret) TC_MUST_CHECK;
int request_logoff(const struct tc_peer *peer, uint64_t connection, const char *code,
		   struct record **ret) TC_MUST_CHECK;
int request_revoked(const struct tc_peer *peer, struct record **ret) TC_MUST_CHECK;
int request_refusal(const struct tc_peer *peer, uint64_t connection,
		    const struct tc_refusal *refusal, struct record **ret) TC_MUST_CHECK;
int request_barrier(const Throughcare__V1__BarrierRecord *barrier,
		    struct record **ret) TC_MUST_CHECK;

#endif
