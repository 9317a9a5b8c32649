/*
 * outcome_check - does an outcome that was reported still hold?
 *
 * 30, 90 and 180 days after an OutcomeReport with a part about housing or employment the
 * exchange asks whoever reported it (OutcomeCheck), as a task. Source and target may each
 * say what they know (HousingVerification, EmploymentVerification), asked or not; a later
 * word of the same side supersedes the one before. When the two say different things and
 * each was handed the other's, it is for people to find out: a DiscrepancyNotice and a task
 * at both, until a word that supersedes one agrees with the other and was handed over, too.
 *
 *   outcome_check   check id -> row; the id is from SHA-256(referral || kind || days)
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_OUTCOME_CHECK_H
#define LEDGER_OUTCOME_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "store/store.h"

struct delivery;
struct ledger;
struct submission;
struct task;

#define OUTCOME_KINDS            2  /* throughcare.v1.OutcomeKind from 1 */
#define OUTCOME_TIMES            3  /* 30, 90 and 180 days */
#define OUTCOME_VERIFY_DAYS      10 /* working days to answer */
#define OUTCOME_DISCREPANCY_DAYS 5  /* working days to find out */

enum outcome_check_outcome {
	OUTCOME_CHECK_NONE = 1, /* no such row */
};

/* Stored: never renumber. */
enum outcome_check_state {
	OUTCOME_UNASKED = 1, /* nobody has asked (yet) */
	OUTCOME_ASKED = 2,
	OUTCOME_ANSWERED = 3,
	OUTCOME_UNANSWERED = 4, /* not in time; a late word is still taken */
	OUTCOME_DISCREPANT = 5,
	OUTCOME_SETTLED = 6, /* was discrepant */
};

/* What one side says. */
struct outcome_claim {
	uint8_t value; /* throughcare.v1.StillHolds; 0: nothing */
	bool told;     /* the other side was handed it */
	struct tc_id message;
};

struct outcome_check {
	struct tc_id id;
	struct tc_id referral;
	uint8_t kind;  /* throughcare.v1.OutcomeKind */
	uint16_t days; /* after the report */
	enum outcome_check_state state;
	int64_t ask_ms;                 /* 0: nobody is asked */
	uint64_t task;                  /* VERIFY, once it is asked */
	struct outcome_claim claims[2]; /* of source and target, as REFERRAL_SOURCE and _TARGET */
	uint64_t tasks[2];              /* DISCREPANCY */
};

/* The n-th check that a referral may have, n < OUTCOME_KINDS * OUTCOME_TIMES. 0, OUTCOME_CHECK_NONE
 * or a fault. */
int outcome_check_find(struct store_txn *txn, struct store_table table, struct tc_id referral,
		       unsigned n, struct outcome_check *ret) TC_MUST_CHECK;

/* An OutcomeReport was accepted: sets the times at which to ask. */
int outcome_check_reported(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* A verification. 0, SUBMISSION_REFUSED (FIELD_INVALID) or a fault. */
int outcome_check_verifies(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
int outcome_check_verified(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* Its first hand-over to this recipient. */
int outcome_check_released(struct ledger *ledger, const struct delivery *delivery) TC_MUST_CHECK;
/* TIMER_OUTCOME. */
int outcome_check_clock(struct ledger *ledger, struct tc_id check) TC_MUST_CHECK;
/* Nobody has answered its task in time. */
int outcome_check_lapsed(struct ledger *ledger, const struct task *task) TC_MUST_CHECK;

#endif
