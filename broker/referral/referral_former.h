/*
 * referral_former - a referral that another agency is the source of from now on, and who was it
 * before.
 *
 *   referral_former  referral id, agency -> nothing
 *
 * Nothing of the referral itself moves: no step is made, since the state that a step names may be
 * more than a side has been told. Who was its source once is no party to it any more.
 *
 * Owner: as referral.h. Blocks: never.
 */
#ifndef REFERRAL_REFERRAL_FORMER_H
#define REFERRAL_REFERRAL_FORMER_H

#include "referral/referral.h"

/* `knows`: the new source may know how it stands as far as the former one was told. The source's
 * officer and team are nobody then. *ret has its clock, by the calendar of the new one. */
int referral_transfer(struct store_txn *txn, const struct referral_tables *tables,
		      struct tc_id referral, const tc_agency *to, bool knows, int64_t now_ms,
		      struct referral_change *ret) TC_MUST_CHECK;

/* Whether the agency was its source once and is not now. */
int referral_former(struct store_txn *txn, const struct referral_tables *tables,
		    struct tc_id referral, const tc_agency *agency, bool *ret) TC_MUST_CHECK;

#endif
