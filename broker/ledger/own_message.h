/*
 * own_message - what the exchange itself says to an agency.
 *
 * An ordinary message without a signature: header, manifest and one part. Its id and salt
 * are SHA-256 of its place in the log, so that the same log makes the same messages (P10).
 * Who builds the content knows what it may tell; this only sends it.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_OWN_MESSAGE_H
#define LEDGER_OWN_MESSAGE_H

#include "ledger/delivery.h"
#include "throughcare/v1/exchange.pb-c.h"

/* What an own message is about. Each id may be none. */
struct own_subject {
	const char *type;
	struct tc_id subject;
	struct tc_id referral;
	struct tc_id causation;
};

/* Puts one into somebody's mailbox. *ret_delivery, which may be NULL, becomes its number; 0 when it
 * was dropped, since the mailbox is full, or when `to` has none. */
int own_message_send(struct ledger *ledger, uint32_t to, const struct own_subject *about,
		     const ProtobufCMessage *content, uint64_t *ret_delivery) TC_MUST_CHECK;

/* The packed Delivery for the hand-over of one. Owned. */
int own_message_delivery(struct ledger *ledger, const struct delivery *delivery, uint32_t lease_ms,
			 struct tc_bytes *ret) TC_MUST_CHECK;

/* For fields of its content. */
Google__Protobuf__Timestamp own_message_time(int64_t ms);

#endif
