/*
 * revoke - taking consent back, at once or when the law lets it take effect.
 *
 * A revocation names a consent, one grant, or one recipient of either (SAMHSA: revoked
 * for one party, it stays for the rest). A grant under 42 CFR 2.35 that is not yet
 * revocable keeps permitting until its time or event; the revocation is recorded now
 * and takes effect by itself.
 *
 * Owner:  ledger thread, inside its write transaction. Blocks: never.
 */
#ifndef CONSENT_REVOKE_H
#define CONSENT_REVOKE_H

#include "consent/grant.h"

enum revoke_outcome {
	REVOKE_REFUSED = 1, /* see *refusal; nothing was changed */
};

struct revoke_arrival {
	struct tc_slice document; /* packed throughcare.v1.ConsentRevoke, as validated */
	struct tc_id subject;     /* of the header */
	const tc_agency *sender;
	enum agency_kind sender_kind;
	const struct policy *policy; /* in force now */
	int64_t now_ms;
};

/*
 * 0; or REVOKE_REFUSED with UNKNOWN_CONSENT (also for another subject's, and for a sender that
 * may not revoke it), UNKNOWN_RECIPIENT (to whom it may be told) or TIME_ABSURD; or a fault. *ret
 * gets what flips or waits from now on. *ret_pending gets every grant that it was about and that
 * the sender may know of whose revocation waits, also since an earlier one: revoking again changes
 * nothing, and is answered alike.
 */
int consent_revoke(struct store_txn *txn, const struct consent_tables *tables,
		   const struct revoke_arrival *arrival, struct grant_changes *ret,
		   struct grant_changes *ret_pending, struct tc_refusal *refusal) TC_MUST_CHECK;

/* Another document takes the place of this one: its grants end now, those that cannot be revoked
 * yet (42 CFR 2.35(c)) when they can. Appends those that were in force. */
int consent_supersede(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, int64_t now_ms,
		      struct grant_changes *ret) TC_MUST_CHECK;
/* It should never have been recorded: every grant of every version ends now. */
int consent_enter_in_error(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id consent, int64_t now_ms,
			   struct grant_changes *ret) TC_MUST_CHECK;

/* An order takes what the record said of a consent of the subject: every grant of that version ends
 * now. Nothing happens when it said nothing of any. */
int consent_expunge(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_id subject, uint64_t sequence, int64_t now_ms,
		    struct grant_changes *ret) TC_MUST_CHECK;

/* The timer that grant_change.effective_ms asked for. Appends the grant to *ret when a revocation
 * of it that waited is now in effect. */
int consent_revocation_due(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id grant, int64_t now_ms,
			   struct grant_changes *ret) TC_MUST_CHECK;

#endif
