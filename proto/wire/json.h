/*
 * json - JSON to protobuf and back, by descriptor: the proto3 JSON mapping.
 *
 * Names are lowerCamelCase (the schema's own names are read, too); 64-bit integers are
 * strings (numbers are read, too); bytes are base64; times RFC 3339; enumerations their names
 * (short lower-case forms such as "sud_treatment" are read, too). null is absent. Unknown
 * names are refused.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/refusal.h"

#define TC_JSON_TEXT_BYTES_MAX (128 * 1024 * 1024) /* of one JSON text: 100,000 disclosures */
/* How to parse any JSON text that a person or a peer wrote. */
#define TC_JSON_DECODE_FLAGS (JSON_REJECT_DUPLICATES)

enum tc_json_outcome {
	TC_JSON_REFUSED = 1, /* the refusal says why; its detail is the path: "grants[0].expiry" */
};

/* Parses one JSON value: no duplicate names, no trailing text, at most TC_JSON_TEXT_BYTES_MAX.
 * The detail of the refusal is "line L, column C: ...". 0, TC_JSON_REFUSED or TC_ENOMEM. */
int tc_json_parse(struct tc_slice text, json_t **ret, struct tc_refusal *refusal) TC_MUST_CHECK;

/* `type` is any message of package throughcare.v1. *ret is freed by
 * protobuf_c_message_free_unpacked(message, NULL). Required fields may be absent and lengths are
 * not held against the rules: pack it and use tc_message_scan for that. 0, TC_JSON_REFUSED,
 * TC_ENOMEM, or TC_EINVAL for a type of another package. */
int tc_json_to_message(const json_t *json, const ProtobufCMessageDescriptor *type,
		       ProtobufCMessage **ret, struct tc_refusal *refusal) TC_MUST_CHECK;

/* The message must be valid (scanned before it was unpacked). 0, TC_ENOMEM or TC_EINVAL. */
int tc_json_from_message(const ProtobufCMessage *message, json_t **ret) TC_MUST_CHECK;

/* An example of the message out of the schema's examples; times are relative to `now_ms`. */
int tc_json_template(const ProtobufCMessageDescriptor *type, int64_t now_ms,
		     json_t **ret) TC_MUST_CHECK;

#endif
