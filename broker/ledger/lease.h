/*
 * lease - a place that is held for somebody, until when, and its fencing token.
 *
 *   lease         lease id                       -> row
 *   lease_holder  principal, lease id            -> nothing (holder and provider, while HELD)
 *   lease_taken   service, unit, population, at, which -> nothing (taken since as_of)
 *
 * One that is held is counted (capacity.h), so of two who ask for the last place one gets
 * it. It ends once: given back, taken for good, or by its time. The token is the position
 * in the log at which it was granted: whoever acts on an older one is told that it is over.
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never.
 */
#ifndef LEDGER_LEASE_H
#define LEDGER_LEASE_H

#include "ledger/capacity.h"

/* Longer than a weekend with a holiday; nobody blocks a bed for a month. */
#define LEASE_MS_MAX (7LL * 24 * 3600 * 1000)

enum lease_outcome {
	LEASE_UNKNOWN = 1, /* no such row; no further one */
};

/* Stored: never renumber. As throughcare.v1.LeaseState. */
enum lease_state {
	LEASE_HELD = 1,
	LEASE_RELEASED = 2,
	LEASE_EXPIRED = 3,
	LEASE_CONFIRMED = 4,
};

struct lease {
	struct tc_id id;
	struct capacity_place place;
	uint32_t holder, provider; /* principals; may be the same */
	uint64_t token;
	int64_t expires_ms;
	enum lease_state state;
	struct tc_id referral; /* that it is offered for; none: for no one in particular */
	int64_t confirmed_ms;
};

/* 0, LEASE_UNKNOWN or a fault. */
int lease_find(struct store_txn *txn, struct store_table table, struct tc_id id,
	       struct lease *ret) TC_MUST_CHECK;
/* Ids of those that are held by `principal`, or at a service of its; `after` none: the first.
 * `table` is LEASE_HOLDER. */
int lease_next(struct store_txn *txn, struct store_table table, uint32_t principal,
	       struct tc_id after, struct tc_id *ret) TC_MUST_CHECK;
const char *lease_state_name(enum lease_state state);

/* A new one; everything but `state` is filled in. */
int lease_hold(struct ledger *ledger, const struct lease *lease,
	       struct capacity *capacity) TC_MUST_CHECK;
/* Ends one that is held. `by`: who did that and is not told; 0: nobody. */
int lease_end(struct ledger *ledger, struct lease *lease, enum lease_state state,
	      uint32_t by) TC_MUST_CHECK;
/* It is offered for that referral from now on. */
int lease_offer(struct ledger *ledger, struct lease *lease, struct tc_id referral) TC_MUST_CHECK;
/* Its time has come. */
int lease_clock(struct ledger *ledger, struct tc_id id) TC_MUST_CHECK;
/* The service has counted anew, as of then: fills in how many were taken since. No walk. */
int lease_recount(struct ledger *ledger, struct capacity *capacity) TC_MUST_CHECK;

#endif
