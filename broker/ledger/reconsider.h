/*
 * reconsider - what waits is decided again when that on which its decision stood has
 * changed: consents, the policy, what an agency is.
 *
 * Each of these calls starts a job (job.h): small ones are done when it returns, others go
 * on by ticks, and hold the receipt back of the message to the exchange that caused them
 * where it speaks of their end: a revocation, an entry of the registry, a policy. They do
 * not hold back that of a consent that only permits more, nor of a message to agencies,
 * whose sender shall not learn from its time how much there was to recall.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_RECONSIDER_H
#define LEDGER_RECONSIDER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/id.h"
#include "consent/grant.h"
#include "ledger/delivery.h"

/* Everything of a subject that waits, and of the other ids of the same person (person.h); of each
 * in the order in which it came. A consent `ended`: what is no longer permitted is recalled;
 * otherwise it would be held. */
int reconsider_subject(struct ledger *ledger, struct tc_id subject, bool ended) TC_MUST_CHECK;
/* Everything that this agency has sent or is sent. */
int reconsider_agency(struct ledger *ledger, const tc_agency *agency) TC_MUST_CHECK;
/* All there is: the policy has changed. */
int reconsider_everything(struct ledger *ledger) TC_MUST_CHECK;
/* One delivery, now; one that is lent out is called back where it has not been read. */
int reconsider_delivery(struct ledger *ledger, struct delivery *delivery, bool ended) TC_MUST_CHECK;

/* After grants ended or are about to: timers, facts, recalls, and a notice to each agency that
 * something was released to under them; where only one recipient is concerned, to that one alone.
 */
int reconsider_grants(struct ledger *ledger, const struct grant_changes *changes) TC_MUST_CHECK;

#endif
