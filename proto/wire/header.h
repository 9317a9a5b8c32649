/*
 * header - the signed part of an envelope, as values.
 *
 * Slices borrow the packed header. Enumerations are those of envelope.proto; what is
 * absent is zero, none or an empty slice.
 *
 * Owner: whoever holds the packed bytes. Blocks: never.
 */
#ifndef WIRE_HEADER_H
#define WIRE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/id.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/limits.h"
#include "wire/refusal.h"

enum tc_header_outcome {
	TC_HEADER_REFUSED = 1, /* the refusal says why */
};

/* Exactly one of agency and service is there, or only a role. */
struct tc_recipient {
	struct tc_slice agency;
	struct tc_slice service;
	struct tc_slice role;
	struct tc_slice person; /* one user of the agency */
};

struct tc_header {
	struct tc_id message_id;
	struct tc_slice type;
	tc_agency sender;
	struct tc_slice actor_id;
	struct tc_slice actor_role;
	struct tc_slice on_behalf_of;
	size_t recipient_count;
	struct tc_recipient recipients[TC_RECIPIENTS_MAX];
	struct tc_id subject;
	struct tc_id referral_id;
	bool has_expected_version;
	uint64_t expected_version;
	Throughcare__V1__Purpose purpose;
	struct tc_id grant_id;
	Throughcare__V1__LegalBasis legal;
	struct tc_slice basis_reference;
	struct tc_slice proceeding_id;
	Throughcare__V1__Priority priority;
	Throughcare__V1__EvidenceLevel evidence;
	bool has_occurred_at;
	bool has_expires_at;
	int64_t created_ms;
	int64_t occurred_ms;
	int64_t expires_ms;
	struct tc_id causation_id;
	size_t manifest_count;
	struct tc_slice manifest[TC_PARTS_MAX]; /* 32 bytes each */
};

/* Bytes from a peer: checks everything that can be checked in a header alone (fields and their
 * rules, ids, names, numbers of recipients and digests). 0 or TC_HEADER_REFUSED; *ret holds what
 * could be read even then, so that a refusal can name the message. */
int tc_header_decode(struct tc_slice packed, struct tc_header *ret,
		     struct tc_refusal *refusal) TC_MUST_CHECK;

/* Bytes that were decoded before (from the journal). 0 or TC_ECORRUPT. */
int tc_header_read(struct tc_slice packed, struct tc_header *ret) TC_MUST_CHECK;

/* What "the same message" means: SHA-256 over the packed header without its created_at.
 * `stand_ins` may be NULL; else it has one slice for each entry of the manifest: one that is not
 * empty is hashed in the place of that entry. */
int tc_header_content_hash(struct tc_slice packed, const struct tc_slice *stand_ins,
			   uint8_t ret[TC_DIGEST_BYTES]) TC_MUST_CHECK;

#endif
