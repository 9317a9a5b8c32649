/*
 * outcome_check_row - the row of a check, and the id under which it stands.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef LEDGER_OUTCOME_CHECK_ROW_H
#define LEDGER_OUTCOME_CHECK_ROW_H

#include "ledger/outcome_check.h"
#include "ledger/row.h"

extern const uint16_t outcome_days[OUTCOME_TIMES];

/* 0 or a fault. */
int outcome_check_id(struct tc_id referral, uint8_t kind, uint16_t days,
		     struct tc_id *ret) TC_MUST_CHECK;
void outcome_check_row_put(struct row_writer *row, const struct outcome_check *check);
/* By its id: 0, OUTCOME_CHECK_NONE or a fault. */
int outcome_check_row_find(struct store_txn *txn, struct store_table table, struct tc_id id,
			   struct outcome_check *ret) TC_MUST_CHECK;

#endif
