/*
 * journal_refusal - what a full journal makes of a submission: a refusal that still fits.
 *
 * Inside broker/journal only.
 *
 * Owner: the journal thread. Blocks: never.
 */
#ifndef JOURNAL_JOURNAL_REFUSAL_H
#define JOURNAL_JOURNAL_REFUSAL_H

#include "journal/record.h"

/* Makes riders of all records of the batch, and of each submission a RefusalRecord "exchange_full"
 * with the same peer and reply routing, without parts. 0 or a fault. */
int journal_refusal_apply(struct record_batch *batch) TC_MUST_CHECK;

#endif
