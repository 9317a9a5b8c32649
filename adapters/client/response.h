/*
 * response - turns what the exchange said into what the caller gets.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_RESPONSE_H
#define CLIENT_RESPONSE_H

#include "base/bytes.h"
#include "base/err.h"
#include "client/handle.h"

/* Field numbers of Response's body (wire.proto). */
enum tc_response_body {
	TC_BODY_SUBMIT = 2,
	TC_BODY_COLLECT = 3,
	TC_BODY_SETTLE = 4,
	TC_BODY_QUERY = 5,
	TC_BODY_REFUSAL = 6,
	TC_BODY_DELIVERY = 7,
};

enum tc_response_outcome {
	TC_RESPONSE_REFUSED = 1, /* the handle's error says why */
	TC_RESPONSE_REJECTED,    /* a delivery that is not what its sender signed: dealt with */
	TC_RESPONSE_LATER,       /* a delivery that waits for its sender's certificate */
};

/* Into the handle's arena; `frame` must stand as long. 0, an outcome, or a fault with its text. */
int tc_response_read(struct tc_client *client, struct tc_slice frame,
		     struct tc_response *ret) TC_MUST_CHECK;
/* The answer to a request of our own. */
int tc_response_absorb(struct tc_client *client, struct tc_slice frame,
		       uint64_t request_id) TC_MUST_CHECK;

#endif
