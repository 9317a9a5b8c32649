/*
 * rendition - protobuf messages as the JSON that is printed.
 *
 * The proto3 JSON mapping (wire/json.h), but 64-bit numbers are numbers where a double
 * holds them, since log positions and counts are compared by scripts.
 *
 * Owner:  any thread.
 * Blocks: never.
 */
#ifndef CLI_RENDITION_H
#define CLI_RENDITION_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/err.h"
#include "throughcare/v1/wire.pb-c.h"

enum tc_rendition_outcome {
	TC_RENDITION_UNREADABLE = 1, /* these bytes are not such a message */
};

/* Any packed message of throughcare.v1. 0, TC_RENDITION_UNREADABLE or TC_ENOMEM. */
int tc_rendition_packed(struct tc_slice packed, const ProtobufCMessageDescriptor *type,
			json_t **ret) TC_MUST_CHECK;

/* Opens the content of the sealed part at this place. False: it cannot be opened. */
typedef bool (*tc_rendition_opener)(void *context, size_t place, struct tc_slice sealed,
				    struct tc_slice *ret);

/*
 * A packed Delivery: the header's fields and the delivery's own in one object, and "parts" with
 * type, category, salt and content each, decoded by their type (base64 of a type that this program
 * does not know). A sealed part says so, and whether it was "opened"; if not, its content is the
 * sealed bytes in base64. `opener` may be NULL. "partsSent" and "partsWithheld" say how many parts
 * there were and how many were not released. terms.h has what came along with them.
 */
int tc_rendition_delivery(struct tc_slice packed, tc_rendition_opener opener, void *context,
			  json_t **ret) TC_MUST_CHECK;

/* Standard base64 (RFC 4648). 0, TC_RENDITION_UNREADABLE or TC_ENOMEM. */
int tc_rendition_bytes(const char *base64, struct tc_bytes *ret) TC_MUST_CHECK;

#endif
