/* What the exchange itself does to a referral: clocks, and the ends of deliveries. */
#include "referral/referral_move.h"
#include "referral/referral_row.h"

int referral_clock(struct store_txn *txn, const struct referral_tables *tables,
		   struct tc_id referral_id, uint64_t sequence, int64_t now_ms,
		   struct referral_change *ret)
{
	struct referral referral;
	struct moving moving;
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	referral_stands(&referral, ret);
	ret->rang = (enum lifecycle_clock)referral.clock;
	ret->late = referral.next_move;
	ret->ring = clock_ring(tables->book, &referral, now_ms);
	if (ret->ring == CLOCK_RINGS_NOT)
		return 0;
	if (ret->ring == CLOCK_MOVES) {
		moving = moving_own(&referral, LIFECYCLE_CLOCK, sequence, now_ms);
		return referral_move(txn, tables, &moving, moving_rule(&moving), ret);
	}
	ret->overdue = ret->ring == CLOCK_OVERDUE;
	ret->due_ms = referral.due_ms;
	ret->alarm_ms = referral.alarm_ms;
	ret->next_move = referral.next_move;
	return referral_put(txn, tables, &referral, false);
}

int referral_recount(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id referral_id, int64_t now_ms, struct referral_change *ret)
{
	struct referral referral;
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	referral_stands(&referral, ret);
	if (!clock_recount(tables->book, &referral, now_ms))
		return 0;
	ret->due_ms = referral.due_ms;
	ret->alarm_ms = referral.alarm_ms;
	return referral_put(txn, tables, &referral, false);
}

/* An event of the exchange, when the state has a rule for it that `referral` does not bar. */
static int referral_happens(struct store_txn *txn, const struct referral_tables *tables,
			    struct referral *referral, struct moving *moving,
			    struct referral_change *ret)
{
	const struct lifecycle_rule *rule = moving_rule(moving);

	if (rule && (!(rule->needs & NEED_CUSTODY) || referral->custody))
		return referral_move(txn, tables, moving, rule, ret);
	referral_stands(referral, ret);
	return 0;
}

int referral_undelivered(struct store_txn *txn, const struct referral_tables *tables,
			 struct tc_id referral_id, struct tc_id message, uint64_t sequence,
			 int64_t now_ms, struct referral_change *ret)
{
	struct referral referral;
	struct moving moving = moving_own(&referral, LIFECYCLE_UNDELIVERED, sequence, now_ms);
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	if (tc_id_equal(referral.message, message))
		return referral_happens(txn, tables, &referral, &moving, ret);
	referral_stands(&referral, ret);
	return 0;
}

int referral_taken(struct store_txn *txn, const struct referral_tables *tables,
		   struct tc_id referral_id, uint64_t sequence, int64_t now_ms,
		   struct referral_change *ret)
{
	static char taken[] = "offer_taken";
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	struct referral referral;
	struct moving moving = moving_own(&referral, LIFECYCLE_TAKEN, sequence, now_ms);
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	claim.reason_code = taken;
	moving.claim = &claim;
	return referral_happens(txn, tables, &referral, &moving, ret);
}

int referral_custody(struct store_txn *txn, const struct referral_tables *tables,
		     struct tc_id referral_id, bool in, uint64_t sequence, int64_t now_ms,
		     struct referral_change *ret)
{
	struct referral referral;
	struct moving moving = moving_own(
		&referral, in ? LIFECYCLE_CUSTODY_IN : LIFECYCLE_CUSTODY_OUT, sequence, now_ms);
	int r;

	*ret = (struct referral_change){.referral = referral_id};
	r = referral_find(txn, tables, referral_id, &referral);
	if (r != 0)
		return r == REFERRAL_UNKNOWN ? 0 : r;
	return referral_happens(txn, tables, &referral, &moving, ret);
}
