/*
 * order_hold - what legal holds keep: from being expunged, and from the policy's retention.
 *
 * A hold reaches what it names. Of a person it reaches every id that is tied to the one it
 * names (person.h), for as long as they are tied, and the referrals of all of these. What says
 * that two ids were tied, or that it was undone, is kept by a hold of either.
 *
 * Owner:  whoever reads; any transaction. Blocks: never.
 */
#ifndef LEDGER_ORDER_HOLD_H
#define LEDGER_ORDER_HOLD_H

#include "ledger/order.h"
#include "ledger/sought.h"

/* Empty is all zero. Too large for a small stack. */
struct order_holds {
	struct sought of[ORDER_TARGET_MESSAGE + 1]; /* ids, by what they are of */
};

/* Of every hold in force. To be ended in any case. 0 or a fault. */
int order_holds_read(struct store_txn *txn, const struct order_tables *tables,
		     struct order_holds *ret) TC_MUST_CHECK;
void order_holds_done(struct order_holds *holds);
/* Does one stand against forgetting what is about any of these? Ids may be none. */
bool order_holds_has(const struct order_holds *holds, struct tc_id subject, struct tc_id referral,
		     struct tc_id message);
/* Do these bytes name anything that is held, or a message that is about it? 0 or a fault. */
int order_holds_in(struct store_txn *txn, const struct order_tables *tables,
		   const struct order_holds *holds, struct tc_slice bytes, bool *ret) TC_MUST_CHECK;

#endif
