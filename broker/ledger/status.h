/*
 * status - what each agency may know of the changes of its referrals, in the order of the log.
 *
 * A change is told to a side in the moment in which it may know of it: its own step, the
 * exchange's and a court's at once, the other side's with the hand-over of the message that
 * made it; nothing to a target that was not shown the referral. Each is a row, from which a
 * watch goes on where it stopped, and for those who subscribed (StatusSubscription) one
 * ReferralStatusNotice.
 *
 * A source that takes the referral over with the supervision of the person has a row of that: how
 * it stands, as far as it may know.
 *
 *   status      agency, sequence, index -> referral, version, the version known before
 *   subscribed  agency -> nothing
 *
 * Owner:  writing: ledger thread, inside its transaction. Reading: any transaction.
 * Blocks: never.
 */
#ifndef LEDGER_STATUS_H
#define LEDGER_STATUS_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "referral/referral.h"
#include "store/store.h"

struct ledger;
struct principal;
struct submission;

enum status_outcome {
	STATUS_NONE = 1, /* no further one */
};

struct status {
	uint64_t sequence;
	uint32_t index; /* of several in one record */
	struct tc_id referral;
	uint64_t version;      /* its step: referral_step_find */
	uint64_t before;       /* the latest version that the agency knew until then; 0: none */
	int64_t taken_over_ms; /* it came to the agency by a transfer, then; 0: it did not */
};

/* A referral has changed: tells the sides that know it by now. */
int status_follow(struct ledger *ledger, const struct referral_change *change) TC_MUST_CHECK;
/* `to` was handed a message that told it change->version (0: nothing). */
int status_told(struct ledger *ledger, const struct principal *to,
		const struct referral_change *change) TC_MUST_CHECK;
/* `by` is its source from now on. */
int status_taken_over(struct ledger *ledger, uint32_t by, struct tc_id referral) TC_MUST_CHECK;
/* A StatusSubscription. 0, SUBMISSION_REFUSED (NOT_PERMITTED) or a fault. */
int status_submit(struct ledger *ledger, struct submission *submission) TC_MUST_CHECK;

/* The next one of an agency after this place (zeros: from the start). 0, STATUS_NONE or a fault. */
int status_next(struct store_txn *txn, struct store_table table, uint32_t agency,
		uint64_t after_sequence, uint32_t after_index, struct status *ret) TC_MUST_CHECK;

#endif
