/*
 * logon - sessions begin and end: log-on, log-off, a restart of the exchange, a revoked
 * certificate, a suspended agency.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_LOGON_H
#define LEDGER_LOGON_H

#include "base/err.h"

struct ledger;

/* Each applies the record at hand of that kind. */
int logon_apply(struct ledger *ledger) TC_MUST_CHECK;
int logoff_apply(struct ledger *ledger) TC_MUST_CHECK;
int barrier_apply(struct ledger *ledger) TC_MUST_CHECK;
int certificate_revoked_apply(struct ledger *ledger) TC_MUST_CHECK;

/* Ends the sessions of whoever may not log on any more. */
int logon_check_again(struct ledger *ledger) TC_MUST_CHECK;

#endif
