/*
 * validate - holds a packed protobuf message against its schema before it is unpacked.
 *
 * protobuf-c alone takes unknown enumeration numbers, bad UTF-8, NULs inside strings, repeated
 * singular fields and any number of entries. tc_message_scan walks the packed bytes along the
 * rule tables and refuses all of that, so that what is unpacked afterwards is what the sender
 * said, and small.
 *
 * Owner: any thread. Blocks: never; allocates nothing.
 */
#ifndef WIRE_VALIDATE_H
#define WIRE_VALIDATE_H

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/refusal.h"

enum tc_message_outcome {
	TC_MESSAGE_REFUSED = 1, /* the refusal says why; its detail is the field's path */
};

/*
 * `type` is any message of package throughcare.v1. Checks, to the ground: wire format, unknown
 * and repeated singular fields, members of one oneof, required fields, lengths, numbers of
 * entries, UTF-8, formats, enumeration numbers, ranges of numbers and times. Codes: MALFORMED,
 * FIELD_UNKNOWN, FIELD_MISSING, FIELD_INVALID, FIELD_TOO_LONG, UTF8_INVALID, TIME_ABSURD.
 * 0, TC_MESSAGE_REFUSED, or TC_EINVAL for a type of another package.
 */
int tc_message_scan(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
		    struct tc_refusal *refusal) TC_MUST_CHECK;

#endif
