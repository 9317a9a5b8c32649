/*
 * forget_scan - which records of the log are about what is to be forgotten.
 *
 * Owner:  the main thread. Blocks: while the whole log is read, twice as a rule.
 */
#ifndef DAEMON_FORGET_SCAN_H
#define DAEMON_FORGET_SCAN_H

#include "daemon/stores.h"
#include "ledger/ledger_forget.h"
#include "throughcare/v1/record.pb-c.h"

/* ledger_forget_find, with the trail telling what is somebody else's. 0 or a fault. */
int forget_find(struct stores *stores, struct forget_what *what) TC_MUST_CHECK;
/* Adds to `what` every record that names one of its ids, and what belongs to these, until there is
 * nothing more. Records that are orders about the trail are noted as such. 0 or a fault. */
int forget_scan(struct stores *stores, struct forget_what *what) TC_MUST_CHECK;
/* Is the record an order about the trail, or its approval? Rows of such stay. */
bool forget_scan_is_order(struct tc_slice body);
/* The targets of a packed TrailOrder, as its row says them: the record may be gone, because it
 * named somebody who was forgotten meanwhile. 0 or a fault. */
int forget_scan_targets(struct stores *stores, struct tc_slice packed,
			struct forget_what *what) TC_MUST_CHECK;
/* As ranges for a ForgottenRecord; `numbers` are sorted, *ret is to be freed. */
int forget_scan_ranges(const struct sought_numbers *numbers, struct journal_range **ret,
		       size_t *ret_count) TC_MUST_CHECK;

#endif
