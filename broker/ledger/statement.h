/*
 * statement - the person's own word goes with what it is about, to whoever gets that.
 *
 * Whoever takes a Statement addresses it as any message. Beyond that it goes along (attached.h) to
 * everybody else who was or will be handed the message that it is about, or the Referral of the
 * referral.
 *
 *   statement   message or referral id, sequence -> sequence of the message it is about (0:
 *               any), row of a delivery without a recipient
 *
 * Owner:  ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_STATEMENT_H
#define LEDGER_STATEMENT_H

#include "base/err.h"
#include "ledger/delivery.h"

struct ledger;
struct submission;

#define STATEMENTS_MAX 32 /* about one thing; what is said beyond goes where it is addressed */

/* A Statement was accepted. */
int statement_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* A message was handed over to this recipient for the first time: what was said about it follows.
 */
int statement_released(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;

#endif
