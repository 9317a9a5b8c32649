/*
 * request - one frame from an agency, taken apart as far as its kind asks for.
 *
 * Slices borrow the frame: contents of up to 1 MiB are neither unpacked nor copied.
 *
 * Owner: the thread of the connection. Blocks: never.
 */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/certificate.h"
#include "wire/limits.h"
#include "wire/merkle.h"
#include "wire/refusal.h"

enum tc_request_outcome {
	TC_REQUEST_REFUSED = 1, /* as a whole; the refusal says why */
};

enum tc_request_kind {
	TC_REQUEST_SUBMIT = 1,
	TC_REQUEST_COLLECT,
	TC_REQUEST_SETTLE,
	TC_REQUEST_QUERY,
};

struct tc_request {
	uint64_t id; /* 0 when it could not be read */
	enum tc_request_kind kind;
	struct tc_slice body; /* packed Submit, Collect, Settle or Query */
};

/* A packed Submit, split. */
struct tc_submit {
	size_t count;
	struct tc_slice envelopes[TC_ENVELOPES_MAX]; /* packed Envelope, not looked into */
	struct tc_slice headers[TC_ENVELOPES_MAX]; /* its header bytes; empty when there are none */
	struct tc_slice signature;
};

/* Collect, Settle and Query are scanned to the ground, so that they may be unpacked; a Submit is
 * left to tc_submit_split. 0 or TC_REQUEST_REFUSED; ret->id is set where it could be read. */
int tc_request_decode(struct tc_slice frame, struct tc_request *ret,
		      struct tc_refusal *refusal) TC_MUST_CHECK;

int tc_submit_split(struct tc_slice body, struct tc_submit *ret,
		    struct tc_refusal *refusal) TC_MUST_CHECK;

/* Verifies the signature over all headers and leaves their tree in *ret, from which each header's
 * path is read. 0, TC_REQUEST_REFUSED (SIGNATURE_INVALID) or a fault. */
int tc_submit_verify(const struct tc_submit *submit, struct tc_certificate *certificate,
		     struct tc_merkle_tree *ret, struct tc_refusal *refusal) TC_MUST_CHECK;

#endif
