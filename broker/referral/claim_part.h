/*
 * claim_part - the claims of single parts, for claim.c: inside of this folder.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef REFERRAL_CLAIM_PART_H
#define REFERRAL_CLAIM_PART_H

#include "referral/claim.h"
#include "throughcare/v1/types.pb-c.h"

typedef Throughcare__V1__LifecycleClaim lifecycle_claim;

struct claim_row {
	const ProtobufCMessageDescriptor *descriptor;
	void (*claim)(const ProtobufCMessage *message, struct claim_room *room,
		      lifecycle_claim *ret);
};

/* Each ends with a row without a descriptor. */
extern const struct claim_row claim_service_rows[];
extern const struct claim_row claim_supervision_rows[];

/* The name of an enum's value without what every value of it begins with: "ACCEPTED". */
char *claim_value(const ProtobufCEnumDescriptor *descriptor, int number, const char *prefix);
void claim_time(const Google__Protobuf__Timestamp *time, protobuf_c_boolean *has, int64_t *ret);
/* One more of the list; what has no room in it is left out. */
void claim_code(struct claim_room *room, lifecycle_claim *ret, char *code);
void claim_cite(struct claim_room *room, lifecycle_claim *ret, char **ids, size_t count);
void claim_categories(struct claim_room *room, lifecycle_claim *ret,
		      const Throughcare__V1__Category *numbers, size_t count);
void claim_conditions(struct claim_room *room, lifecycle_claim *ret,
		      Throughcare__V1__Condition *const *conditions, size_t count);

#endif
