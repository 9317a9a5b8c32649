/*
 * envelope - a header with its parts, decoded and checked.
 *
 * tc_envelope_decode checks everything that needs no state: fields, UTF-8, ids, names, the rule
 * of the envelope type, part types and categories, contents against their schema, salts, digests
 * against the manifest, times. What is left to the ledger: who the recipients are, consents,
 * referrals, whether the id was used before.
 *
 * Owner: the thread of the connection. Blocks: never. Slices borrow the packed envelope.
 */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/header.h"
#include "wire/limits.h"
#include "wire/part_types.h"
#include "wire/refusal.h"

enum tc_envelope_outcome {
	TC_ENVELOPE_REFUSED = 1, /* the refusal says why */
};

struct tc_envelope_part {
	const struct tc_part_type *type;
	Throughcare__V1__Category category;
	bool sealed;
	struct tc_slice salt;
	struct tc_slice content;
	struct tc_slice sealed_to; /* SHA-256 of certificates, one after another */
};

struct tc_envelope {
	struct tc_header header;
	struct tc_slice header_bytes; /* as signed */
	size_t part_count;
	struct tc_envelope_part parts[TC_PARTS_MAX];
	/* What makes it "the same message" (tc_header_content_hash). Sealing again gives other
	 * bytes, so of a sealed part the salt counts instead of the content: whoever seals makes it
	 * from what is sealed (draft.h). */
	uint8_t content_sha256[TC_DIGEST_BYTES];
};

/* 0, TC_ENVELOPE_REFUSED or a fault (TC_ECRYPTO, TC_ENOMEM). ret->header.message_id and .type hold
 * what could be read even when it is refused. `now_ms` is what times are held against. */
int tc_envelope_decode(struct tc_slice packed, int64_t now_ms, struct tc_envelope *ret,
		       struct tc_refusal *refusal) TC_MUST_CHECK;

/* Whether a peer of this kind and id may send it: 0 or TC_ENVELOPE_REFUSED (SENDER_MISMATCH,
 * TYPE_NOT_ALLOWED). Operators and auditors send under their certificate's id, too. */
int tc_envelope_check_sender(const struct tc_envelope *envelope, Throughcare__V1__PeerKind kind,
			     const char *id, struct tc_refusal *refusal) TC_MUST_CHECK;

/* PartLabel.trace: of the same part, sealed or not and whatever message it stands in, the same. */
int tc_part_trace(const uint8_t salt[TC_SALT_BYTES], struct tc_slice type,
		  Throughcare__V1__Category category, uint8_t ret[TC_TRACE_BYTES]) TC_MUST_CHECK;

/* SHA-256(salt || label || content), label = u8 length of type || type || u16be category || u8
 * sealed. `salt` is TC_SALT_BYTES long, `type` at most 64. */
int tc_part_digest(const uint8_t salt[TC_SALT_BYTES], struct tc_slice type,
		   Throughcare__V1__Category category, bool sealed, struct tc_slice content,
		   uint8_t ret[TC_DIGEST_BYTES]) TC_MUST_CHECK;

#endif
