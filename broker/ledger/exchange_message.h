/*
 * exchange_message - messages whose recipient is the exchange itself: consents, the
 * registry, acknowledged policies. One table says which types it acts on; a type that
 * the schema sends to the exchange and that is not in the table is kept in the log, and
 * its receipt says RECORDED and not APPLIED: a receipt for something that nobody does
 * would be a lie.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_EXCHANGE_MESSAGE_H
#define LEDGER_EXCHANGE_MESSAGE_H

#include <stdbool.h>

#include "ledger/submission.h"

/* Does the schema send this type to the exchange? */
bool exchange_message_is(struct tc_slice type);
/* Does this version act on it? Else it is only recorded. */
bool exchange_message_supported(struct tc_slice type);

/* Of a supported type. 0, SUBMISSION_REFUSED (nothing was changed) or a fault. */
int exchange_message_apply(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

#endif
