/*
 * reconsider - what waits is decided again when the consents of its subject have changed.
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

/* Everything of a subject that waits, in the order in which it came. A consent `ended`: what is no
 * longer permitted is recalled; otherwise it would be held. */
int reconsider_subject(struct ledger *ledger, struct tc_id subject, bool ended) TC_MUST_CHECK;
/* One delivery. */
int reconsider_delivery(struct ledger *ledger, struct delivery *delivery, bool ended) TC_MUST_CHECK;

/* After grants ended or are about to: timers, facts, recalls, and a notice to each agency that
 * something was released to under them; with `only`, to that agency alone. Recalls are done when
 * this returns, so whoever acknowledges the revocation afterwards speaks the truth (P3). */
int reconsider_grants(struct ledger *ledger, const struct grant_changes *changes,
		      const tc_agency *only) TC_MUST_CHECK;

#endif
