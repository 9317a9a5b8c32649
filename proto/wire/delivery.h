/*
 * delivery - checks what an agency received: the recipient's half of envelope.h.
 *
 * Parts may be missing (they were not released); those that came must be in the
 * manifest, in order, and the header must be what the sender signed.
 *
 * Owner: one thread at a time. Blocks: never.
 */
#ifndef WIRE_DELIVERY_H
#define WIRE_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/certificate.h"
#include "wire/header.h"
#include "wire/limits.h"
#include "wire/merkle.h"
#include "wire/refusal.h"

enum tc_delivery_outcome {
	TC_DELIVERY_REFUSED = 1, /* the refusal says why */
};

/* Decodes the header and holds every part against its manifest; indexes[i] is the place of part i
 * in it (TC_PARTS_MAX entries). 0, TC_DELIVERY_REFUSED or a fault. */
int tc_delivery_check(const Throughcare__V1__Delivery *delivery, struct tc_header *ret_header,
		      uint8_t ret_indexes[TC_PARTS_MAX], struct tc_refusal *refusal) TC_MUST_CHECK;

/* The root that the sender signed, by climbing the delivery's path. 0, TC_DELIVERY_REFUSED
 * (SIGNATURE_INVALID: there is no signature, or the path is none) or a fault. */
int tc_delivery_root(const Throughcare__V1__Delivery *delivery, struct tc_merkle_hash *ret,
		     struct tc_refusal *refusal) TC_MUST_CHECK;

/* What a release was, as the log has it (see Delivery.terms in wire.proto): of the message at
 * `sequence`, with bit i of `parts` for each entry of its manifest that went, on the terms of this
 * digest. 0 or a fault. */
int tc_release_digest(uint64_t sequence, uint64_t parts,
		      const uint8_t terms_sha256[TC_DIGEST_BYTES],
		      uint8_t ret[TC_DIGEST_BYTES]) TC_MUST_CHECK;

#endif
