/*
 * claim - the lifecycle facts that the ledger needs of a message, taken from its leading part.
 *
 * The ledger never opens parts; the gateway calls this on the validated part and puts
 * the claim into the record: codes, ids and times, never a text that somebody wrote, since
 * the record outlives the parts. Owner: the caller. Blocks: never.
 */
#ifndef REFERRAL_CLAIM_H
#define REFERRAL_CLAIM_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "throughcare/v1/record.pb-c.h"

#define CLAIM_CODES_MAX 64 /* as many as any part may have of what is claimed */
/* A report may cite so many messages: each is looked up when it comes. */
#define CLAIM_CITES_MAX 64

/* What the lists of a claim lie in. */
struct claim_room {
	char *codes[CLAIM_CODES_MAX];
	char *cites[CLAIM_CITES_MAX + 1]; /* one more says that there are too many */
	uint32_t categories[CLAIM_CODES_MAX];
};

/*
 * Fills *ret (initialised here) from `message`, the unpacked leading part of an envelope of `type`.
 * Texts are borrowed from `message`, lists from `room`. False: the type makes no claim, leave it
 * out of the record.
 */
bool claim_from_part(struct tc_slice type, const ProtobufCMessage *message, struct claim_room *room,
		     Throughcare__V1__LifecycleClaim *ret);

#endif
