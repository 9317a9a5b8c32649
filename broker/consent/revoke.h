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
	int64_t now_ms;
};

/* 0 and what flips or waits; REVOKE_REFUSED with UNKNOWN_CONSENT (also for another subject's); or a
 * fault. Revoking again changes nothing and is done. */
int consent_revoke(struct store_txn *txn, const struct consent_tables *tables,
		   const struct revoke_arrival *arrival, struct grant_changes *ret,
		   struct tc_refusal *refusal) TC_MUST_CHECK;

/* Another consent takes this one's place: its grants end now. Appends those that were in force. */
int consent_supersede(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, int64_t now_ms,
		      struct grant_changes *ret) TC_MUST_CHECK;

/* The timer that grant_change.effective_ms asked for. Appends the grant to *ret when its pending
 * revocation is now in effect. */
int consent_revocation_due(struct store_txn *txn, const struct consent_tables *tables,
			   struct tc_id grant, int64_t now_ms,
			   struct grant_changes *ret) TC_MUST_CHECK;

/* A HearingResult with disposition_final, from a court or board (the caller checks): pending
 * revocations that waited for it take effect, grants that were to expire with it end. `subject`
 * none: of anybody. */
int consent_proceeding_final(struct store_txn *txn, const struct consent_tables *tables,
			     struct tc_slice proceeding, struct tc_id subject, int64_t now_ms,
			     struct grant_changes *ret) TC_MUST_CHECK;

#endif
