/*
 * order_row - the rows of orders, and what an order is about.
 *
 * Owner:  as order.h; inside of this folder. Blocks: never.
 */
#ifndef LEDGER_ORDER_ROW_H
#define LEDGER_ORDER_ROW_H

#include "ledger/order.h"

struct arena;
struct delivery;

int order_put(struct ledger *ledger, const struct order *order) TC_MUST_CHECK;

struct order_named {
	enum order_target kind;
	struct tc_id id;
};

/* What an order is about. */
struct order_about {
	const Throughcare__V1__TrailOrder *said;
	struct order_named *ids;
	size_t named; /* by the order itself... */
	size_t count; /* ...and after these the referrals of its persons, as they are now, and of a
		       * hold the ids that they are tied to, with theirs */
};

/* Of a packed TrailOrder; lives as long as the arena. In a stored one an id may be none: it was
 * forgotten. 0, ORDER_NONE (an id is not one) or a fault. */
int order_about_read(struct arena *arena, struct store_txn *txn, const struct order_tables *tables,
		     struct tc_slice packed, struct order_about *ret) TC_MUST_CHECK;
bool order_about_has(const struct order_about *about, enum order_target kind, struct tc_id id);
/* Is it about any of these? Ids may be none. */
bool order_about_touches(const struct order_about *about, struct tc_id subject,
			 struct tc_id referral, struct tc_id message);
/* Does a hold stand against forgetting it: of any of it, or of anything that would go with it? */
int order_about_held(struct arena *arena, struct store_txn *txn, const struct order_tables *tables,
		     const struct order_about *about, bool *ret) TC_MUST_CHECK;

/* Its rows in ORDER_TARGET. */
int order_targets_put(struct ledger *ledger, const struct order *order,
		      const struct order_about *about) TC_MUST_CHECK;
int order_targets_drop(struct ledger *ledger, const struct order *order) TC_MUST_CHECK;

/* Ends tasks, reviews, places, clocks and consents about what is to be expunged. */
int order_end_kept(struct ledger *ledger, const struct order_about *about) TC_MUST_CHECK;
/* And all deliveries about it, whoever may see them. */
int order_end_deliveries(struct ledger *ledger, const struct order_about *about) TC_MUST_CHECK;

#endif
