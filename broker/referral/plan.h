/*
 * plan - what the target proposes to do, and whether the source agrees.
 *
 *   plans  referral id, plan id -> state, version, sequences
 *
 * One plan of a referral is open at a time: the source decides on it, and one that it returned is
 * proposed again under the same id, as the next version.
 *
 * Owner:  ledger thread for writing, inside its transaction; any transaction reads.
 * Blocks: never.
 */
#ifndef REFERRAL_PLAN_H
#define REFERRAL_PLAN_H

#include "referral/referral.h"

#define PLAN_ID_BYTES_MAX 64
#define PLANS_MAX         64 /* of one referral */

/* Stored: never renumber. */
enum plan_state {
	PLAN_NONE = 0,
	PLAN_PROPOSED = 1,
	PLAN_APPROVED = 2,
	PLAN_RETURNED = 3,
	PLAN_STATE_COUNT,
};

enum plan_outcome {
	PLAN_REFUSED = 1, /* see *refusal; nothing was changed */
	PLAN_UNKNOWN,     /* no further one */
};

struct plan {
	char id[PLAN_ID_BYTES_MAX + 1];
	enum plan_state state;
	uint32_t version;     /* 1: first proposed */
	uint64_t sequence;    /* of the record that proposed this version */
	uint64_t decided;     /* of the record that decided on it; 0: none has */
	struct tc_id message; /* that proposed this version */
	bool told;            /* the source was handed that message: before, it knows of no plan */
};

struct plan_rule {
	uint32_t from; /* bits: 1 << enum plan_state */
	enum plan_state to;
	enum referral_actor by;
	const char *type;
	const char *status; /* NULL: whatever it says */
};

/* The whole table, and the names of the states. */
const struct plan_rule *plan_rules(size_t *ret_count);
const char *plan_state_name(enum plan_state state);

/* Of PlanProposed and PlanDecision, by a party to the referral. 0; PLAN_REFUSED with UNKNOWN_PLAN,
 * ILLEGAL_TRANSITION, LIMIT_REACHED or FIELD_TOO_LONG; or a fault. */
int plan_check(struct store_txn *txn, const struct referral_tables *tables,
	       const struct referral_event *event, enum referral_actor by,
	       struct tc_refusal *refusal) TC_MUST_CHECK;
/* The same, and does it; *ret: as it stands now (state NONE: it is none of this machine's). */
int plan_apply(struct store_txn *txn, const struct referral_tables *tables,
	       const struct referral_event *event, enum referral_actor by, struct plan *ret,
	       struct tc_refusal *refusal) TC_MUST_CHECK;

/* The message was handed over to the source. */
int plan_told(struct store_txn *txn, const struct referral_tables *tables, struct tc_id referral,
	      struct tc_id message) TC_MUST_CHECK;

/* Of a referral: the one after `after`, which NULL begins. 0, PLAN_UNKNOWN or a fault. */
int plan_next(struct store_txn *txn, const struct referral_tables *tables, struct tc_id referral,
	      const struct plan *after, struct plan *ret) TC_MUST_CHECK;

#endif
