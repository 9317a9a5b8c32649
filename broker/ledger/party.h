/*
 * party - what the sender of a message is to the referral that it names.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_PARTY_H
#define LEDGER_PARTY_H

#include "ledger/submission.h"
#include "referral/referral.h"

struct ledger;

/* *ret_by: enum referral_actor bits; 0: the message names no referral that the sender is a party
 * to. What that means is for the lifecycle to say, in words that tell a stranger nothing; nobody
 * else refuses anything then. `ret` may be NULL. */
int party_find(struct ledger *ledger, const struct submission *submission, struct referral *ret,
	       unsigned *ret_by) TC_MUST_CHECK;

/* Its target, or a court, still writes to who was the source of the referral once: `address` is
 * the present source then, with none of the roles of the former one. What it may be told is decided
 * as for any recipient. *ret: it is so. */
int party_forward(struct ledger *ledger, const struct submission *submission,
		  struct registry_address *address, bool *ret) TC_MUST_CHECK;

#endif
