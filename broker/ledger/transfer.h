/*
 * transfer - the supervision of a person goes to another agency, and the referrals of the former
 * one with it: from then on the new agency is their source.
 *
 * What goes along is what is still somebody's work: every referral that is open, and those that
 * have ended and whose end nobody has acknowledged. One whose loop is closed stays with the agency
 * that closed it: it and the target see it as before, and the new agency does not, like any
 * stranger. The new one is told of the person's past what others choose to send it, under a basis
 * of its own; that somebody was once a provider's client is not part of a file that is handed on.
 *
 * The former agency keeps what the trail has of it and sees nothing new, also while what waited
 * for it goes on in slices. The new one is told how
 * the referral stands as far as it may know; what was said before stays where it is. What waits
 * for the former agency goes to the new one, decided anew, and before anything that is said later.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_TRANSFER_H
#define LEDGER_TRANSFER_H

#include "ledger/case.h"
#include "ledger/delivery.h"
#include "ledger/principal.h"

struct ledger;

enum transfer_outcome {
	TRANSFER_DENIED = 1, /* the new agency may not know that there is this referral */
};

struct transfer {
	const struct principal *from, *to;
	const struct delivery *event; /* of the message that tells it: basis and purpose */
	const struct case_holder *holder;
};

/* 0, TRANSFER_DENIED (nothing is changed) or a fault. */
int transfer_referral(struct ledger *ledger, const struct transfer *transfer,
		      const struct referral *referral) TC_MUST_CHECK;
/* JOB_FORWARD. 0, JOB_MORE or a fault. */
int transfer_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

#endif
