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

#endif
