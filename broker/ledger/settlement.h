/*
 * settlement - what recipients do: ask for deliveries, and say what became of them.
 *
 * Owner: ledger thread, inside its transaction. Blocks: never.
 */
#ifndef LEDGER_SETTLEMENT_H
#define LEDGER_SETTLEMENT_H

#include <stdint.h>

#include "base/err.h"

struct ledger;

/* Each applies the record at hand of that kind. */
int collect_apply(struct ledger *ledger) TC_MUST_CHECK;
int settlement_apply(struct ledger *ledger) TC_MUST_CHECK;

/* Leases that have ended at the record's time, at most `limit`; *ret_count were. */
int settlement_end_leases(struct ledger *ledger, uint32_t limit, uint32_t *ret_count) TC_MUST_CHECK;

#endif
