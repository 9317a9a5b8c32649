/*
 * message - the inside of struct tc_message: a Header and its parts, as they are built.
 *
 * Owner: the caller who built it. Blocks: never.
 */
#ifndef CLIENT_MESSAGE_H
#define CLIENT_MESSAGE_H

#include <throughcare/message.h>

#include "base/err.h"
#include "base/id.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/draft.h"
#include "wire/signature.h"

struct tc_message {
	Throughcare__V1__Header *header; /* as protobuf-c's unpack makes it, without manifest */
	size_t part_count;
	struct tc_draft_part parts[TC_PARTS_MAX];
	struct tc_message_part {
		char type[65];
		uint8_t salt[TC_SALT_BYTES];
		bool marked; /* to be sealed */
		uint8_t meant_sha256[TC_DIGEST_BYTES];
		struct tc_bytes sealed_to;
		struct tc_bytes content;
	} * held[TC_PARTS_MAX]; /* what parts[] borrows */
};

/* Sets what is absent: message id, sender, created_at, and the referral id of a new referral (made
 * from the message id, so that the same message stays the same). */
int tc_message_complete(struct tc_message *message, const char *sender, int64_t now_ms,
			struct tc_signing_key *key) TC_MUST_CHECK;
/* Whether this part may be sealed: not yet, and not a leading part that the exchange reads. */
bool tc_message_part_sealable(const struct tc_message *message, size_t index);
/* Puts what was sealed in the place of the content, which is wiped. `sealed_to` is the SHA-256 of
 * each certificate, one after another. `sealed` is taken on 0. TC_ECRYPTO, TC_ENOMEM: unchanged. */
int tc_message_part_seal(struct tc_message *message, size_t index, struct tc_bytes *sealed,
			 struct tc_slice sealed_to) TC_MUST_CHECK;
/* Of its parts, as they are now. */
size_t tc_message_content_bytes(const struct tc_message *message);
/* Borrows the message. */
struct tc_draft tc_message_draft(const struct tc_message *message);

#endif
