/*
 * reply - what one connection is owed: a response to each of its requests.
 *
 * A request with k envelopes becomes k records and k receipts; they are joined here
 * into one SubmitReply, in the order of the envelopes. The sums bound how much of a
 * connection may be on its way through journal and ledger (back-pressure).
 *
 * Owner: the gateway thread. Blocks: never.
 */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "ledger/effects.h"

enum reply_outcome {
	REPLY_WAITING = 1, /* further receipts are to come */
	REPLY_UNKNOWN,     /* nothing like that is owed */
};

struct reply;

/* Empty is all zero. */
struct reply_queue {
	struct reply *first;
	struct reply *last;
	size_t records; /* unanswered */
	size_t bytes;   /* of the requests that they came in */
};

/* `count` receipts, or (0) one whole response. `bytes` is the size of the request. */
int reply_expect(struct reply_queue *queue, uint64_t request_id, uint32_t count,
		 size_t bytes) TC_MUST_CHECK;
/* Takes the receipt out of the effect. 0 when it was the last: the whole response, as a ZMTP
 * message, is appended to `out`. Else an outcome or TC_ENOMEM. */
int reply_receipt(struct reply_queue *queue, struct effect *effect,
		  struct tc_bytes *out) TC_MUST_CHECK;
/* A whole response (EFFECT_REPLY). 0, REPLY_UNKNOWN or TC_ENOMEM. */
int reply_whole(struct reply_queue *queue, const struct effect *effect,
		struct tc_bytes *out) TC_MUST_CHECK;
void reply_queue_done(struct reply_queue *queue);

#endif
