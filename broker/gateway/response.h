/*
 * response - the outer fields of a packed throughcare.v1.Response, written by hand.
 *
 * Receipts and the exchange's own deliveries arrive packed; unpacking them to pack
 * them again inside a Response would double the work of every reply.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef GATEWAY_RESPONSE_H
#define GATEWAY_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

/* Field numbers of wire.proto. */
enum response_body {
	RESPONSE_SUBMIT = 2,
	RESPONSE_DELIVERY = 7,
};

/* Bytes of a length-delimited field with a number below 16. */
size_t response_field_bytes(size_t len);
/* Writes tag and length; returns where the content goes. */
uint8_t *response_field_write(uint8_t *to, unsigned number, size_t len);

/* Of everything before a body of `body_len` bytes. */
size_t response_head_bytes(uint64_t request_id, size_t body_len);
uint8_t *response_head_write(uint8_t *to, uint64_t request_id, enum response_body body,
			     size_t body_len);

#endif
