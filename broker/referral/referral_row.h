/*
 * referral_row - the rows of the referral tables, and the lists that follow them.
 *
 * Owner: as referral.h. Blocks: never.
 */
#ifndef REFERRAL_REFERRAL_ROW_H
#define REFERRAL_REFERRAL_ROW_H

#include "referral/referral.h"
#include "store/store_row.h"

/* Writes the row and keeps the lists in step: `made` adds it to them. */
int referral_put(struct store_txn *txn, const struct referral_tables *tables,
		 const struct referral *referral, bool made) TC_MUST_CHECK;
int referral_step_put(struct store_txn *txn, const struct referral_tables *tables, struct tc_id id,
		      const struct referral_step *step) TC_MUST_CHECK;
/* The value of a step whose message is forgotten: that the referral went on stays, since each later
 * step counts from it. 0 or TC_ECORRUPT. */
int referral_step_forget(struct tc_slice value, struct store_row *ret) TC_MUST_CHECK;

/* A store outcome that nobody expects: a full map, or rows that contradict each other. */
int referral_fault(int r);

#endif
