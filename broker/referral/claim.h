/*
 * claim - the lifecycle facts that the ledger needs of a message, taken from its leading part.
 *
 * The ledger never opens parts; the gateway calls this on the validated part and puts
 * the claim into the record. Owner: the caller. Blocks: never.
 */
#ifndef REFERRAL_CLAIM_H
#define REFERRAL_CLAIM_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "throughcare/v1/record.pb-c.h"

/*
 * Fills *ret (initialised here) from `message`, the unpacked leading part of an envelope of `type`.
 * Texts are borrowed from `message`. False: the type makes no claim, leave it out of the record.
 */
bool claim_from_part(struct tc_slice type, const ProtobufCMessage *message,
		     Throughcare__V1__LifecycleClaim *ret);

#endif
