/*
 * follow - what a message that goes to agencies does at the exchange besides: a table from its
 * type to those who take part. The lifecycle of its referral is not here, see referral.h.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_FOLLOW_H
#define LEDGER_FOLLOW_H

#include "base/err.h"
#include "ledger/submission.h"

struct ledger;

struct follow {
	const char *type;
	/* Either may be NULL. */
	int (*check)(struct ledger *ledger, struct submission *submission);
	int (*apply)(struct ledger *ledger, struct submission *submission);
};

/* Before the referral moves: may it do what it says? 0; SUBMISSION_REFUSED, with nothing changed;
 * or a fault. Whether the sender is a party to the referral is asked only afterwards, so nothing
 * may be refused here in words that a stranger could learn from. */
int follow_check(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* Of a message that was accepted, when it is on its way. 0 or a fault. */
int follow_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

#endif
