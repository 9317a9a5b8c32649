/*
 * waiter - those who wait for the receipt of what a job (job.h) has not finished yet.
 *
 * Only the living wait: this is memory, and after a restart nobody asks. The message
 * sent again then waits, too, until its job is done.
 *
 * Owner:  ledger thread. Blocks: never.
 */
#ifndef LEDGER_WAITER_H
#define LEDGER_WAITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"

struct ledger;
struct waiter;

/* The route of the record at hand wants the receipt of `sequence`, once that is done. */
int waiter_add(struct ledger *ledger, uint64_t sequence, uint32_t sender, struct tc_id message,
	       bool repeated) TC_MUST_CHECK;
/* Every awaited job of `sequence` is done: sends the receipts. */
int waiters_answer(struct ledger *ledger, uint64_t sequence) TC_MUST_CHECK;
/* The connection is gone; 0: every one. */
void waiters_drop(struct ledger *ledger, uint64_t connection);

#endif
