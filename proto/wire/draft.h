/*
 * draft - messages on their way to becoming a signed submission.
 *
 * The sender's half of envelope.h: makes absent salts (so that the same message twice is
 * the same message), digests, manifests, and one signature for all.
 *
 * Owner: one thread at a time (it signs with `key`). Blocks: never.
 */
#ifndef WIRE_DRAFT_H
#define WIRE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/limits.h"
#include "wire/signature.h"

struct tc_draft_part {
	const char *type;
	Throughcare__V1__Category category;
	bool sealed;
	struct tc_slice
		salt; /* 32 bytes, or empty: derived from the key, the message id and the index */
	struct tc_slice content;
	/* Of a sealed part: SHA-256 of what was sealed; empty: of `content`. A derived salt is made
	 * of it, too: it is what stays the same when the same content is sealed again. */
	struct tc_slice meant_sha256;
	struct tc_slice
		sealed_to; /* SHA-256 of each certificate, one after another; may be empty */
};

struct tc_draft {
	/* Complete but for the manifest; it is read and not changed. */
	const Throughcare__V1__Header *header;
	const struct tc_draft_part *parts;
	size_t part_count;
};

/* The header as it will be signed. Appends to `out`; salts[i] is what part i got. TC_EINVAL when
 * there are no parts, too many, a salt of a wrong length or no valid message id. */
int tc_draft_pack_header(const struct tc_draft *draft, struct tc_signing_key *key,
			 uint8_t salts[TC_PARTS_MAX][TC_SALT_BYTES],
			 struct tc_bytes *out) TC_MUST_CHECK;

/* Appends a packed throughcare.v1.Submit of 1..TC_ENVELOPES_MAX drafts to `out`. */
int tc_draft_pack_submit(const struct tc_draft *drafts, size_t count, struct tc_signing_key *key,
			 struct tc_bytes *out) TC_MUST_CHECK;

/* The same as a packed throughcare.v1.Request. */
int tc_draft_pack_request(uint64_t request_id, const struct tc_draft *drafts, size_t count,
			  struct tc_signing_key *key, struct tc_bytes *out) TC_MUST_CHECK;

#endif
