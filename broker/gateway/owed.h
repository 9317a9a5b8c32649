/*
 * owed - what one connection is owed: a response to each of its requests.
 *
 * A request with k envelopes becomes k records and k receipts; they are joined here
 * into one SubmitReply, in the order of the envelopes. The sums bound how much of a
 * connection may be on its way through journal and ledger (back-pressure).
 *
 * Owner: the gateway thread. Blocks: never.
 */
#ifndef GATEWAY_OWED_H
#define GATEWAY_OWED_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ledger/effects.h"

enum owed_outcome {
	OWED_WAITING = 1, /* further receipts are to come */
	OWED_UNKNOWN,     /* nothing like that is owed */
};

struct owed;

/* Empty is all zero. */
struct owed_queue {
	struct owed *first;
	struct owed *last;
	size_t records; /* unanswered */
	size_t bytes;   /* of the requests that they came in */
};

/* `count` receipts, or (0) one whole response. `bytes` is the size of the request. */
int owed_expect(struct owed_queue *queue, uint64_t request_id, uint32_t count,
		size_t bytes) TC_MUST_CHECK;
/* Takes the receipt out of the effect. 0 when it was the last: the whole response, as a ZMTP
 * message, is appended to `out`. Else an outcome or TC_ENOMEM. */
int owed_receipt(struct owed_queue *queue, struct effect *effect,
		 struct tc_bytes *out) TC_MUST_CHECK;
/* A whole response (EFFECT_REPLY). 0, OWED_UNKNOWN or TC_ENOMEM. */
int owed_whole(struct owed_queue *queue, const struct effect *effect,
	       struct tc_bytes *out) TC_MUST_CHECK;
void owed_queue_done(struct owed_queue *queue);

#endif
