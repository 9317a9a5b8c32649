/*
 * handover - a delivery as it came, checked against what its sender signed.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_HANDOVER_H
#define CLIENT_HANDOVER_H

#include "base/bytes.h"
#include "base/err.h"
#include "client/handle.h"
#include "client/response.h"
#include "throughcare/v1/wire.pb-c.h"

/* 0 and *ret in the handle's arena; TC_RESPONSE_REJECTED (it is on its way to the dead letters);
 * TC_RESPONSE_LATER (its sender's certificate has been asked for); or a fault with its text. */
int tc_handover_read(struct tc_client *client, const Throughcare__V1__Delivery *delivery,
		     struct tc_slice packed, const struct tc_delivery **ret) TC_MUST_CHECK;

#endif
