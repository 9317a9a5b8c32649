/*
 * fields - walks the fields of one packed protobuf message without unpacking it.
 *
 * For what is only passed on or looked into (requests, envelopes, headers): nothing is
 * allocated or copied, slices borrow the message. Groups are refused.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum tc_fields_outcome {
	TC_FIELDS_END = 1,   /* there is no further field */
	TC_FIELDS_MALFORMED, /* this is no protobuf message */
};

struct tc_field {
	uint32_t number;
	uint8_t wire_type;      /* 0 varint, 1 64 bit, 2 length-delimited, 5 32 bit */
	uint64_t value;         /* of all but length-delimited */
	struct tc_slice bytes;  /* of length-delimited */
	struct tc_slice record; /* the whole field with its tag */
};

/* Takes the next field off the front of `rest`. 0, TC_FIELDS_END or TC_FIELDS_MALFORMED. */
int tc_fields_next(struct tc_slice *rest, struct tc_field *ret) TC_MUST_CHECK;

/* A google.protobuf.Timestamp in Unix milliseconds, cut (never rounded). False when it is malformed
 * or outside the years 0001 to 9999. */
bool tc_fields_timestamp(struct tc_slice packed, int64_t *ret_ms);

#endif
