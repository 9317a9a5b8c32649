/*
 * mailbox - the durable queue of one agency.
 *
 * Holds every delivery the exchange has custody of and the recipient has not yet
 * acknowledged. A delivery leaves by acknowledgement, recall, expiry or as a dead
 * letter; never by itself. Those of one referral stand in a lane and are handed out
 * in order, one at a time; lanes are independent. What is held stands in no lane, but
 * beside its own, and so does what would overtake others that a job is about to release.
 *
 * READY has only what may be handed over at once: the first of each lane, and what is
 * in none. What waits also stands in WAITING under its subject, so that a change of
 * consent finds it, and has an expiry timer.
 *
 * Owner:  ledger thread; every call runs inside its transaction. Blocks: never.
 */
#ifndef LEDGER_MAILBOX_H
#define LEDGER_MAILBOX_H

#include <stdbool.h>

#include "ledger/delivery.h"
#include "ledger/principal.h"

enum mailbox_outcome {
	MAILBOX_EMPTY = 1, /* nothing is ready */
};

/* Would this many bytes more, in one message, be over the quota? `factor` times the quota. */
bool mailbox_full(const struct ledger *ledger, const struct principal *principal, uint64_t bytes,
		  unsigned factor);

/* The same of what the sender has waiting for consents, with so many more: whoever sends what
 * nobody consented to fills no mailbox but its own allowance. */
bool mailbox_holds_full(const struct ledger *ledger, const struct principal *sender,
			uint64_t messages, uint64_t bytes);

/* Leaves its state for another, and moves the counts of recipient and sender. */
int mailbox_enter(struct ledger *ledger, struct delivery *delivery,
		  enum delivery_state state) TC_MUST_CHECK;
/* It is one that goes along with another message from here on (attached.h), and its sender's counts
 * are without it. */
int mailbox_attach(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;

/* Waiting: rows in WAITING and TIMER. Doing it twice changes nothing. */
int mailbox_park(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
int mailbox_unpark(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;

/* Its row in READY. */
int mailbox_ready_add(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
int mailbox_ready_drop(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
/* Takes out the next in weighted order: urgent 8, normal 3, low 1 of 12 turns, and whoever is
 * there when a turn has nobody. 0, MAILBOX_EMPTY or a fault. */
int mailbox_pop(struct ledger *ledger, struct principal *principal,
		struct delivery *ret) TC_MUST_CHECK;

/* Its place in the lane of its referral, at the end. *ret_first: nobody is before it. Without a
 * referral there is no lane. */
int mailbox_lane_join(struct ledger *ledger, struct delivery *delivery,
		      bool *ret_first) TC_MUST_CHECK;
/* Beside its lane: its row in ASIDE. Doing it twice changes nothing. */
int mailbox_aside_add(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
int mailbox_aside_drop(struct ledger *ledger, struct delivery *delivery) TC_MUST_CHECK;
/* The first beside the lane of `delivery` with a number from `from` on; 0: none. */
int mailbox_aside_first(struct ledger *ledger, const struct delivery *delivery, uint64_t from,
			uint64_t *ret) TC_MUST_CHECK;
/* *ret_next: the delivery that is first now and was not before; 0: none. */
int mailbox_lane_leave(struct ledger *ledger, struct delivery *delivery,
		       uint64_t *ret_next) TC_MUST_CHECK;

#endif
