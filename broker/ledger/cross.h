/*
 * cross - what was released about one network id under a grant about another, since a merge
 * had made them one person.
 *
 * When the merge is undone, a job tells each recipient which messages those are, and asks
 * for them to be destroyed (misdirected.h); each sender hears it of its own. Nothing that
 * is said names the other id.
 *
 *   cross   merge message, recipient, subject, delivery id -> message, sender, referral
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_CROSS_H
#define LEDGER_CROSS_H

#include "base/err.h"
#include "base/id.h"
#include "consent/decision.h"
#include "ledger/delivery.h"

struct job;
struct ledger;

/* It is handed over, as decided: notes each merge that this stands on. */
int cross_note(struct ledger *ledger, const struct delivery *delivery,
	       const struct decision *decision) TC_MUST_CHECK;

/* The merge is undone. */
int cross_undo(struct ledger *ledger, struct tc_id merge) TC_MUST_CHECK;
/* JOB_UNMERGE; job->about: the merge. 0, JOB_MORE or a fault. */
int cross_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

#endif
