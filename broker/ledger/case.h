/*
 * case - whose case a referral is at each of its two sides, in whose lists (case_list.h) it
 * therefore stands, and who had it before.
 *
 *   assignment  referral id, side, sequence -> officer, team, reason, by
 *   assigning   sequence                    -> a CaseAssignment that is being carried out
 *
 * A referral stands in the source's lists until its loop is closed, in the target's until
 * it has ended, and again while a dispute waits for the target. The latest assignment is
 * what it is listed by. Only a side's own people are ever shown to it.
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_CASE_H
#define LEDGER_CASE_H

#include "ledger/case_list.h"
#include "ledger/job.h"
#include "referral/referral.h"
#include "wire/limits.h"

struct principal;
struct submission;

enum case_outcome {
	CASE_NONE = 1, /* no further one */
};

/* Texts are borrowed; NULL: as it is, or nothing to say. */
struct case_holder {
	const char *officer;
	const char *team;
	const char *reason;
	const char *by; /* the human who decided it */
};

/* A referral has changed: lists it where it belongs now. */
int case_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;
/* The agency was handed more of it: as much stands in its lists now. */
int case_told(struct ledger *ledger, struct tc_id referral,
	      const struct principal *agency) TC_MUST_CHECK;
/* Likewise of the person, see supervision.h: that stands with each of its referrals. */
int case_person_told(struct ledger *ledger, struct tc_id subject,
		     const struct principal *agency) TC_MUST_CHECK;
/* Gives it to somebody else at that side. Unknown referrals are passed over. */
int case_assign(struct ledger *ledger, struct tc_id referral, enum referral_side_of side,
		const struct case_holder *holder) TC_MUST_CHECK;
/* Before another agency takes that side: out of the lists of this one, which alone may know who had
 * it here. */
int case_leave(struct ledger *ledger, struct tc_id referral,
	       enum referral_side_of side) TC_MUST_CHECK;
/* A CaseAssignment. 0, SUBMISSION_REFUSED (UNKNOWN_REFERRAL, FIELD_MISSING) or a fault. */
int case_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;
/* JOB_BRIEFS: all of a person. 0, JOB_MORE or a fault. */
int case_briefs_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;
/* JOB_ASSIGN: all that an officer has. 0, JOB_MORE or a fault. */
int case_job(struct ledger *ledger, struct job *job) TC_MUST_CHECK;

/* ---- reading ---- */

struct case_assignment {
	uint64_t sequence;
	int64_t at_ms;
	char officer[65];
	char team[64];
	char reason[65];
	char by[TC_ACTOR_BYTES_MAX + 1];
};

/* Who had it at that side, the latest first: before `before` (UINT64_MAX: the latest). 0, CASE_NONE
 * or a fault. */
int case_assignment_before(struct store_txn *txn, struct store_table assignment,
			   struct tc_id referral, enum referral_side_of side, uint64_t before,
			   struct case_assignment *ret) TC_MUST_CHECK;

#endif
