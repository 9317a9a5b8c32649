/*
 * content - whether the fields of one part agree with each other, beyond what the schema says of
 * each: who attended has no reason for absence, a test that was refused has no results.
 *
 * What is clear is held against this by whoever reads an envelope, the exchange too. Of what is
 * sealed only its sender can tell, so the client library looks before it seals.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_CONTENT_H
#define WIRE_CONTENT_H

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/refusal.h"

enum tc_content_outcome {
	TC_CONTENT_REFUSED = 1, /* CONTENT_CONTRADICTS, FIELD_MISSING or FIELD_INVALID */
};

/* `part` has passed tc_message_scan. 0 or TC_CONTENT_REFUSED. */
int tc_content_check(const ProtobufCMessage *part, struct tc_refusal *refusal) TC_MUST_CHECK;
/* The same of a packed part; of types that nothing is known about, it is not even unpacked. Also
 * TC_ENOMEM. */
int tc_content_check_packed(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
			    struct tc_refusal *refusal) TC_MUST_CHECK;

#endif
