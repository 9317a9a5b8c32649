/*
 * authority - whose word about a proceeding counts for a grant (42 CFR 2.35(c)).
 *
 * That an agency of that kind is believed is the policy's. For one grant these are: whom it
 * names as a party; whom it names as the imposing authority; and where it names no court of
 * the network, the court that has the proceeding: the first that spoke in it about the
 * person. See decisions/0012.
 *
 *   consent_courts   proceeding, subject -> the record by which it spoke last, agency
 *
 * Owner: the caller's transaction. Blocks: never.
 */
#ifndef CONSENT_AUTHORITY_H
#define CONSENT_AUTHORITY_H

#include "consent/consent_tables.h"
#include "consent/grant.h"
#include "throughcare/v1/consent.pb-c.h"

/* Who says something. */
struct authority {
	tc_agency agency;
	bool treats; /* of the class of treating providers, when it said so */
};

/* A court or board has spoken in the proceeding, about this person (none: about nobody in
 * particular). */
int authority_speak(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_slice proceeding, struct tc_id subject, const tc_agency *court,
		    uint64_t sequence) TC_MUST_CHECK;

/* The court that has it for one id has it for another of the same person, unless that has one. */
int authority_share(struct store_txn *txn, const struct consent_tables *tables,
		    struct tc_slice proceeding, struct tc_id from, struct tc_id to) TC_MUST_CHECK;

/* Whether a grant that arrives names a court of the network, as a party or by authority. */
bool authority_named(const Throughcare__V1__ConsentGrant__Grant *grant,
		     const struct consent_arrival *arrival);

/* A grant, as far as it says whom to believe. */
struct authority_grant {
	const Throughcare__V1__ConsentGrant__Grant *grant;
	struct tc_id subject;
	bool names_court;
};

int authority_believed(struct store_txn *txn, const struct consent_tables *tables,
		       const struct authority *authority, const struct authority_grant *grant,
		       bool *ret) TC_MUST_CHECK;

#endif
