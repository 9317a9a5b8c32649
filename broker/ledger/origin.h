/*
 * origin - who first sent a part, and by what rule it came to whoever sends it on.
 *
 * A part is known again by its trace (PartLabel), which its salt and label make, whatever
 * message it stands in and whether it is sealed there or not. Who sends on what another
 * agency disclosed to it is bound by the redisclosure rule that came with it (42 CFR 2.33,
 * 2.35(d)); the rule goes on with the part. Only parts of categories that the policy calls
 * restricted are followed. A part that was made anew, with another salt, cannot be known
 * again: the terms that came with it still bind.
 *
 *   ORIGIN    trace               -> sequence, index, sender, rules that it came with
 *             trace, sequence     -> the same, of each later sending
 *   RELEASED  sequence, recipient -> parts, rules, purpose, proceeding
 *
 * The rows stay for as long as the log: a part may come back at any time.
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_ORIGIN_H
#define LEDGER_ORIGIN_H

#include <stdbool.h>

#include "base/err.h"
#include "ledger/delivery.h"
#include "ledger/submission.h"

struct ledger;

/* Sets delivery.forbidden for every recipient of a submission. */
int origin_forbid(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* Whether any part of it was sent before, by whomever. */
bool origin_passed_on(const struct submission *submission);
/* Keeps where the parts of a submission that is accepted came from. */
int origin_keep(struct ledger *ledger, const struct submission *submission) TC_MUST_CHECK;
/* Keeps the rules under which a delivery is handed over. */
int origin_release(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

#endif
