/*
 * standing - who may act on a consent.
 *
 * A new version of it, or one that supersedes it, comes from whoever recorded it, from a
 * consent desk, or from a discloser that it names; a revocation, which only stops what
 * flows, also from a recipient that it names. That it was entered in error says only who
 * entered it. Nobody else learns that it exists.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef CONSENT_STANDING_H
#define CONSENT_STANDING_H

#include "consent/grant_walk.h"

struct standing {
	const tc_agency *agency;
	enum agency_kind kind;
	const struct policy *policy;
};

/* Whether it recorded the consent, that is, its first version. 0 or a fault. */
int standing_recorded(struct store_txn *txn, const struct consent_tables *tables,
		      struct tc_id consent, const tc_agency *agency, bool *ret) TC_MUST_CHECK;

/* May it take the consent's place? 0 or a fault. */
int standing_supersedes(struct store_txn *txn, const struct consent_tables *tables,
			const struct standing *standing, const struct walk_consent *consent,
			bool *ret) TC_MUST_CHECK;
/* May it revoke? */
int standing_revokes(struct store_txn *txn, const struct consent_tables *tables,
		     const struct standing *standing, const struct walk_consent *consent,
		     bool *ret) TC_MUST_CHECK;
/* Is the grant one that names it, on either side? */
bool standing_named(const struct standing *standing,
		    const Throughcare__V1__ConsentGrant__Grant *grant);

#endif
